//! Cross-crate tests: recorded behaviour replayed, peers written in Go, the whole binary.
//!
//! Nothing here is a product: what is below serves the tests in `tests/tests` and the runner `golden` (in `src/bin`).
pub mod golden; // recorded cases replayed against any server, ours or Consul
