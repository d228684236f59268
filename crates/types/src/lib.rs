//! Ids, the vocabulary of a call, the error texts that Consul peers match on, and the table of metrics.
//!
//! Every other crate speaks in these words, so this one knows nothing but the standard library. Start at [`MethodRow`] (what
//! there is to know about a method), [`CallInfo`] (what there is to know about one call of it) and [`WireText`] (every error
//! text that is protocol); [`metric`] is the table of metrics. Not here: the table of methods itself and the structures they carry, which are in
//! `proconsul-structs`.
mod advice; // what a caller may do about an error
mod call; // one call: which method, whose, since when, until when
mod const_text; // text that is compared while compiling
mod grpc_method; // one row of the method table for gRPC
mod ids; // names and numbers that must not be mixed up
mod method; // one row of the method table, and the closed sets in it
pub mod metric; // the table of metrics
pub mod nearest; // what a misspelt name was meant to be
mod outcome; // the end of a call, for those who watch it
mod rejected; // why a layer said no
mod secret; // what must never be printed
mod wire_text; // the table of error texts that are protocol

pub use advice::Advice;
pub use call::{Call, CallInfo};
pub use const_text::same_text;
pub use grpc_method::{GrpcDuty, GrpcFacts, GrpcListener, GrpcMethod, GrpcRow};
pub use ids::{Datacenter, NodeName, RequestSeq};
pub use method::{AnsweredBy, Category, Listener, MethodRow, Operation, Options};
pub use outcome::Outcome;
pub use rejected::Rejected;
pub use secret::Secret;
pub use wire_text::{GoQuoted, GoQuotedChar, Phrase, WIRE_TEXTS, WireText};
