//! A security template.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cmlint_fuzz::reader(
    b"[Unicode]\r\nUnicode=yes\r\n[Privilege Rights]\r\n",
    data
));
