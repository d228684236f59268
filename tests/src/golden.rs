//! Replays recorded cases against a server and says where it answered otherwise.
//!
//! The recordings and the rules for replaying them are in `tests/golden/README.md`; this is their second reading, kept free of
//! the project's own protocol crates so that it can disagree with them. Start at [`Suite`]: it runs cases on a [`Target`]. One
//! case is run by [`run::Runner`] (what happened), made comparable by [`normalise`] (which numbers and ids do not matter), and
//! judged by [`compare`]. What a case asks of a server is worked out by [`needs`], before anything is dialled.
pub mod call; // one net/rpc call: its bytes, its answer, its outcome
pub mod case; // what a line of a recording says
pub mod compare; // where two outcomes differ
pub mod grpc; // a gRPC client that sends and shows bytes
pub mod link; // a connection read with deadlines
pub mod lists; // WAITING.json and DEVIATIONS.md
pub mod narrow; // quiet, pick, shape, sort
pub mod needs; // what a case asks of a server, and of this runner
pub mod normalise; // indexes, ids, times, addresses to placeholders
pub mod proto; // protobuf without a schema
mod read; // the reading steps
pub mod run; // the steps of one case
pub mod server; // our binary, started for a variant
pub mod session; // a small yamux client
pub mod suite; // many cases on one server, with a report
pub mod target; // where a server listens and what its names are
pub mod tls; // a connection over TLS, and what it dies of in Go's words
pub mod value; // JSON to and from the old MessagePack dialect
pub mod yamux; // frames as the recordings write them

pub use {
    case::{Case, Port},
    suite::{Report, Suite, Verdict},
    target::Target,
};
