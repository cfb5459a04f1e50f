//! See `thalweg_fuzzing::adapters`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| thalweg_fuzzing::adapters(data));
