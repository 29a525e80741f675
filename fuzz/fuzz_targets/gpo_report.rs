//! A Group Policy report.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cmlint_fuzz::reader(
    br#"<?xml version="1.0"?><GPO xmlns="http://www.microsoft.com/GroupPolicy/Settings">"#,
    data
));
