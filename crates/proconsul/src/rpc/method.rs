//! A method by its name.
use anyhow::{Result, bail};
use proconsul_methods::AnyMethod;
use proconsul_server::Server;
use proconsul_structs::{METHODS, methods};
use proconsul_types::{GrpcRow, MethodRow, Options, nearest::nearest};

/// A method with what it is for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub(super) row: &'static MethodRow,
    pub(super) meaning: &'static str,
    /// What only gRPC has, for a method of gRPC.
    pub(super) grpc: Option<&'static GrpcRow>,
}

/// Every method: those of net/rpc by name, then those of gRPC.
pub(super) fn all() -> impl Iterator<Item = Found> {
    let netrpc =
        METHODS.iter().zip(0..).map(|(row, index)| Found { row, meaning: methods::meaning(index), grpc: None });
    let grpc = proconsul_methods::all().filter_map(AnyMethod::grpc);
    netrpc.chain(grpc.map(|grpc| Found { row: &grpc.row, meaning: grpc.meaning, grpc: Some(grpc) }))
}

/// The method with this name; of gRPC by its path, too.
///
/// # Errors
/// Consul has no such method; the nearest is named, if one is near enough to be meant.
pub(super) fn find(name: &str) -> Result<Found> {
    let is_path = |path: &str| path == name || path.strip_prefix('/') == Some(name);
    if let Some(found) = all().find(|found| found.row.name == name || found.grpc.is_some_and(|grpc| is_path(grpc.path)))
    {
        return Ok(found);
    }
    let near = nearest(name, all().map(|found| found.row.name));
    let near = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
    let is_grpc = name.contains('/') || name.matches('.').count() > 1;
    let reflect = if is_grpc { "; --reflect asks the server for what is not Consul's" } else { "" };
    bail!("there is no method {name}{near} (`proconsul rpc list` shows all{reflect})")
}

/// The names of the methods that a server of this version answers.
pub(super) fn served() -> Vec<&'static str> {
    Server::served_methods().iter().map(|row| row.name).collect()
}

/// What a method of gRPC takes and answers any number of.
pub(super) fn streams(row: &GrpcRow) -> Option<&'static str> {
    match (row.client_streaming, row.server_streaming) {
        (false, false) => None,
        (true, false) => Some("requests"),
        (false, true) => Some("replies"),
        (true, true) => Some("requests and replies"),
    }
}

/// The common options of a read that a method honours.
pub(super) fn honoured(row: &MethodRow) -> Vec<&'static str> {
    if row.options != Options::Query {
        return Vec::new();
    }
    let honoured = [(row.blocking, "blocking"), (row.stale, "stale"), (row.consistent, "consistent")];
    honoured.into_iter().filter_map(|(yes, word)| yes.then_some(word)).collect()
}
