//! See `thalweg_fuzzing::wasi`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| thalweg_fuzzing::wasi(data));
