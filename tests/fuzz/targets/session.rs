//! libFuzzer's entry to the target of this name.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rvoip_fuzz::session(bytes));
