//! See `thalweg_fuzzing::names`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| thalweg_fuzzing::names(data));
