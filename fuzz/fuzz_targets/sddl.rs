//! Security descriptors and access lists in text.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cmlint_fuzz::sddl(data));
