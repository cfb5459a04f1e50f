//! See `thalweg_fuzzing::load`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| thalweg_fuzzing::load(data));
