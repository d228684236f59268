//! One function per fuzz target: any bytes in, a panic if something that always holds does not.
//!
//! `fuzz/fuzz_targets` hands them to libFuzzer; `tests/corpus.rs` hands them the corpora in `fuzz/corpus`, and those corpora
//! cut and bent, on every toolchain.
mod bexpr; // filter expressions
mod certificate; // certificates of peers and files
mod decode; // recordings of conversations
mod detection; // the first bytes of a connection
mod dns; // questions, and the answers to them
mod messages; // every protobuf message by its name
mod msgpack; // values and requests
mod netrpc; // headers, and requests in pieces
mod pieces; // where bytes are cut
mod snapshot; // snapshot files, and the states in them
mod structures; // every structure by its name
mod yamux; // a session's input

pub use bexpr::bexpr;
pub use certificate::certificate;
pub use decode::{conversation, recording};
pub use detection::detection;
pub use dns::dns_query;
pub use messages::messages;
pub use msgpack::{msgpack_request, msgpack_value};
pub use netrpc::netrpc_header;
pub use snapshot::{snapshot_archive, snapshot_state};
pub use structures::{structure, structures};
pub use yamux::yamux;

/// A fuzz target: its name, which is that of its folder in `fuzz/corpus`, and its body.
pub type Target = (&'static str, fn(&[u8]));

/// Every fuzz target.
pub const TARGETS: &[Target] = &[
    ("detection", detection),
    ("yamux", yamux),
    ("msgpack_value", msgpack_value),
    ("msgpack_request", msgpack_request),
    ("netrpc_header", netrpc_header),
    ("bexpr", bexpr),
    ("structures", structures),
    ("messages", messages),
    ("certificate", certificate),
    ("recording", recording),
    ("conversation", conversation),
    ("snapshot_state", snapshot_state),
    ("snapshot_archive", snapshot_archive),
    ("dns_query", dns_query),
];
