//! See `thalweg_model::check`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| thalweg_model::check(data));
