#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cmflow_tests::fuzzing::parser(bytes));
