#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| proconsul_testkit::fuzzing::dns_query(data));
