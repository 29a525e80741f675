//! YAML, with the places of keys and values.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cmlint_fuzz::yaml(data));
