#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| conv_fuzz::webhook(data));
