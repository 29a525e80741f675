//! Zip archives, and archives in them.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cmlint_fuzz::zip(data));
