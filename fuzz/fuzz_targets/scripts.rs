//! See `thalweg_fuzzing::scripts`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| thalweg_fuzzing::scripts(data));
