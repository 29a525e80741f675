//! A client policy.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cmlint_fuzz::reader(
    br#"<?xml version="1.0"?><Policy PolicyID="{1}">"#,
    data
));
