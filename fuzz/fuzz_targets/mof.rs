//! MOF text.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cmlint_fuzz::reader(b"instance of SMS_SCI_Reserved\n{\n", data));
