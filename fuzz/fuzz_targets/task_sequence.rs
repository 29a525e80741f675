//! A task sequence.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cmlint_fuzz::reader(br#"<sequence version="3.10">"#, data));
