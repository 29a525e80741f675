//! `cmlint check` as a whole: no secret in any format.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cmlint_fuzz::check(data));
