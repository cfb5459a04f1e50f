//! See `thalweg_fuzzing::artifacts`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| thalweg_fuzzing::artifacts(data));
