#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| proconsul_testkit::fuzzing::snapshot_archive(data));
