//! Recorded types that have no structure here so far.
//!
//! `rpc.Request` and `rpc.Response` are the framing of net/rpc and belong to that crate.

/// Their names, sorted.
pub(super) const NOT_YET: &[&str] = &[
    "rpc.Request",
    "rpc.Response",
];
