//! Rows of `ConvertTo-Json`, AdminService, SharpHound.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cmlint_fuzz::reader(b"[", data));
