//! Cross-crate tests: recorded behaviour replayed, peers written in Go, the whole binary.
