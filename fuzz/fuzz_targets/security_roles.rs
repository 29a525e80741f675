//! `Export-CMSecurityRole`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cmlint_fuzz::reader(b"<SMS_Roles>", data));
