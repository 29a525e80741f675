//! A resultant set of policy.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cmlint_fuzz::reader(
    br#"<?xml version="1.0"?><Rsop xmlns="http://www.microsoft.com/GroupPolicy/Rsop">"#,
    data
));
