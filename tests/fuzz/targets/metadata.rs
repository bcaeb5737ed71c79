#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| (ottla_tests::fuzz::target("metadata").run)(bytes));
