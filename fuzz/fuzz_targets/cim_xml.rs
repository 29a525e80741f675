//! CIM-XML instances.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cmlint_fuzz::reader(
    br#"<INSTANCE CLASSNAME="SMS_SCI_Reserved">"#,
    data
));
