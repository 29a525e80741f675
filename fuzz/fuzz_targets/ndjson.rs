//! One JSON object a line.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cmlint_fuzz::reader(b"{\"__CLASS\":\"SMS_Admin\"}\n{", data));
