//! `Export-Clixml`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cmlint_fuzz::reader(
    br#"<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">"#,
    data
));
