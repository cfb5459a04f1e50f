//! See `thalweg_fuzzing::strings`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| thalweg_fuzzing::strings(data));
