//! `proconsul rpc list`.
use proconsul_mux::LAST_TYPE_BYTE;
use proconsul_server::Server;
use proconsul_types::{GrpcRow, MethodRow};
use serde_json::json;

use super::{
    arguments::ListArguments,
    method::{Found, all, honoured, served, streams},
};
use crate::print;

pub(super) fn run(arguments: &ListArguments, json: bool) {
    let pattern = arguments.pattern.as_deref().unwrap_or_default().to_lowercase();
    let served = served();
    let found: Vec<Found> = all()
        .filter(|found| found.row.name.to_lowercase().contains(&pattern))
        .filter(|found| !arguments.served || served.contains(&found.row.name))
        .collect();
    if json {
        let methods = found.iter().map(|found| found.row.name.to_owned());
        // Programs that ask what is served are told of routes, too: what answers there is not only methods.
        let routes = served_routes().filter(|route| arguments.served && route.contains(&pattern));
        print::value(&json!(methods.chain(routes).collect::<Vec<_>>()), true);
        return;
    }
    let row = |Found { row, meaning, grpc }: &Found| {
        let here = if served.contains(&row.name) { "yes" } else { "-" };
        let does = row.operation.as_str().to_owned();
        vec![row.name.to_owned(), does, options(row, *grpc), here.to_owned(), (*meaning).to_owned()]
    };
    print::table(&["METHOD", "DOES", "OPTIONS", "SERVED HERE", "WHAT IT IS FOR"], found.iter().map(row));
}

/// What a method honours; of gRPC, where it is offered and what it streams.
fn options(row: &'static MethodRow, grpc: Option<&GrpcRow>) -> String {
    let Some(grpc) = grpc else { return honoured(row).join(" ") };
    let places = grpc.listeners.iter().map(|listener| listener.as_str());
    let words = places.chain(streams(grpc).map(|_| "stream"));
    words.collect::<Vec<_>>().join(" ")
}

/// The type bytes behind which a server of ours has somebody who answers, as `route:4`.
fn served_routes() -> impl Iterator<Item = String> {
    let bytes = Server::served_routes().filter_map(|row| row.byte).filter(|byte| *byte <= LAST_TYPE_BYTE);
    bytes.map(|byte| format!("route:{byte}"))
}
