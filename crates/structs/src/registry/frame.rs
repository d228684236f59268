//! What stands before requests and replies. `proconsul-netrpc` reads and writes these; here they have a name and a shape.

use proconsul_msgpack::{GoStr, Wire};

use super::{TypeRow, row};

/// What stands before a request.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
struct Request {
    /// The method: `KVS.Get`.
    service_method: GoStr,
    /// Chosen by the client, repeated in the answer.
    seq: u64,
}

/// What stands before a reply.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
struct Response {
    /// The method that was called, repeated.
    service_method: GoStr,
    /// The request's number, repeated.
    seq: u64,
    /// Empty: what follows is the reply. Otherwise what went wrong; an empty map follows.
    error: GoStr,
}

/// Sorted by name.
pub(super) const TYPES: &[TypeRow] = &[row::<Request>("rpc.Request"), row::<Response>("rpc.Response")];
