//! `proconsul rpc call` of a gRPC method: messages are built from JSON by their descriptors, ours or the server's.
mod codec; // messages that are known by their descriptors only
mod reflect; // descriptors that the server has
mod requests; // the messages to send

use std::time::Duration;

use anyhow::{Context, Result, bail};
use hyper::{
    HeaderMap,
    header::{HeaderName, HeaderValue},
};
use proconsul_client::{
    Transport,
    grpc::{GrpcChannel, GrpcOptions, GrpcPort, TOKEN_KEY, is_answer},
};
use proconsul_mux::{Route, driver::dial::Via};
use prost_reflect::MethodDescriptor;
use tokio::signal::unix::{SignalKind, signal};
use tonic::{Extensions, Request, Status, Streaming, client::Grpc, metadata::MetadataMap};

use self::codec::Dynamic;
use super::{
    arguments::CallArguments,
    exchange::{NoAnswer, connect_limit},
    options::TOKEN_VARIABLE,
};
use crate::{
    decode::protobuf::{self, pool},
    print,
};

/// How large a reply may be: what Consul lets its gRPC ports send.
const REPLY_BYTES_MAX: usize = 50 * 1024 * 1024;

/// The names of status codes, by number, as Go's library writes them.
const CODES: [&str; 17] = [
    "OK",
    "Canceled",
    "Unknown",
    "InvalidArgument",
    "DeadlineExceeded",
    "NotFound",
    "AlreadyExists",
    "PermissionDenied",
    "ResourceExhausted",
    "FailedPrecondition",
    "Aborted",
    "OutOfRange",
    "Unimplemented",
    "Internal",
    "Unavailable",
    "DataLoss",
    "Unauthenticated",
];

/// The server answered with a status that is an error.
#[derive(Debug, thiserror::Error)]
#[error("{code}: {message}")]
pub(crate) struct Refused {
    code: &'static str,
    message: String,
}

/// Calls, and prints what comes, until the answer ends, or SIGINT or SIGTERM comes.
///
/// # Errors
/// As `rpc call --help` says.
pub(super) async fn run(arguments: &CallArguments, json: bool) -> Result<()> {
    only_netrpc(arguments)?;
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::select! {
        ended = call(arguments, json) => ended,
        _ = interrupt.recv() => Ok(()),
        _ = terminate.recv() => Ok(()),
    }
}

/// Flags of net/rpc are of no use for gRPC.
fn only_netrpc(arguments: &CallArguments) -> Result<()> {
    let given = [
        (arguments.stale, "--stale"),
        (arguments.consistent, "--consistent"),
        (arguments.index.is_some(), "--index"),
        (arguments.wait.is_some(), "--wait"),
        (arguments.watch, "--watch"),
        (arguments.raw, "--raw"),
        (arguments.wire_json, "--wire-json"),
        (arguments.tls.route() == Route::RpcInsecure, "--insecure-rpc"),
        (arguments.tls.dc().is_some() && arguments.tls.is_plain(), "--dc"),
    ];
    match given.iter().find(|(given, _)| *given) {
        Some((_, flag)) => bail!("{flag} is for methods of net/rpc, and {} is one of gRPC", arguments.method),
        None => Ok(()),
    }
}

async fn call(arguments: &CallArguments, json: bool) -> Result<()> {
    let channel = channel(arguments)?;
    let headers = headers(arguments)?;
    let request = |limit: Duration| {
        let mut request = Request::from_parts(MetadataMap::from_headers(headers.clone()), Extensions::default(), ());
        if !limit.is_zero() {
            request.set_timeout(limit);
        }
        request
    };
    let (service, name) = parts(&arguments.method)?;
    let reflected = match arguments.reflect {
        true => Some(
            reflect::pool(&channel, request(arguments.timeout()), service)
                .await
                .map_err(|status| failed(arguments, &status))?,
        ),
        false => None,
    };
    let method = method(reflected.as_ref().unwrap_or(pool()), service, name)?;
    let limit = match arguments.timeout {
        None if method.is_server_streaming() => Duration::ZERO,
        _ => arguments.timeout(),
    };
    let (messages, unreadable) = requests::of(arguments, &method)?;
    let path = format!("/{service}/{name}").parse().context("the method has no path")?;
    let request = request(limit).map(|()| messages);
    let mut client = Grpc::new(channel).max_decoding_message_size(REPLY_BYTES_MAX);
    let replies = client.streaming(request, path, Dynamic::new(method.output())).await;
    let ended = match replies {
        Ok(replies) => show(replies.into_inner(), &method, arguments, json).await,
        Err(status) => Err(failed(arguments, &status)),
    };
    // What could not be sent is the reason of whatever came of it.
    match unreadable.try_recv() {
        Ok(error) => Err(error),
        Err(_) => ended,
    }
}

/// Prints each message of the answer.
async fn show(
    mut replies: Streaming<prost_reflect::DynamicMessage>,
    method: &MethodDescriptor,
    arguments: &CallArguments,
    json: bool,
) -> Result<()> {
    let one_line = json || method.is_server_streaming();
    let mut shown = 0;
    while arguments.count.is_none_or(|count| shown < count) {
        let Some(reply) = replies.message().await.map_err(|status| failed(arguments, &status))? else {
            if shown == 0 && !method.is_server_streaming() {
                bail!("{} ended its answer without a message", server(arguments));
            }
            return Ok(());
        };
        shown += 1;
        let value = protobuf::json(&reply).context("the answer cannot be shown as JSON")?;
        if !print::is_read(&print::json(&value, one_line)) {
            return Ok(());
        }
        if !method.is_server_streaming() {
            // Its status is still to come.
            replies.message().await.map_err(|status| failed(arguments, &status))?;
            return Ok(());
        }
    }
    Ok(())
}

/// The service and the method in a name.
fn parts(name: &str) -> Result<(&str, &str)> {
    let parts = match name.strip_prefix('/') {
        Some(path) => path.rsplit_once('/'),
        None => name.rsplit_once('/').or_else(|| name.rsplit_once('.')),
    };
    parts.with_context(|| format!("{name} is no method of gRPC: package.Service.Method, or package.Service/Method"))
}

fn method(pool: &prost_reflect::DescriptorPool, service: &str, name: &str) -> Result<MethodDescriptor> {
    let service = pool.get_service_by_name(service).with_context(|| format!("there is no service {service}"))?;
    let found = service.methods().find(|method| method.name() == name);
    found.with_context(|| {
        let names: Vec<String> = service.methods().map(|method| method.name().to_owned()).collect();
        format!("{} has no method {name}; it has {}", service.full_name(), names.join(", "))
    })
}

/// The address that is called.
fn server(arguments: &CallArguments) -> &str {
    arguments.grpc.as_ref().unwrap_or(&arguments.server)
}

fn channel(arguments: &CallArguments) -> Result<GrpcChannel> {
    let options = GrpcOptions { dial_timeout: connect_limit(arguments), retries: false, ..GrpcOptions::default() };
    let via = arguments.tls.via_to(Route::InternalGrpc)?;
    let server = server(arguments);
    Ok(match (arguments.grpc.is_some(), via) {
        (false, via) => GrpcChannel::new(server, Transport::Via(via), options),
        (true, Via::Plain) => GrpcChannel::new(server, GrpcPort::Plain, options),
        (true, Via::TypeByte(dial) | Via::Native(dial)) => GrpcChannel::new(server, GrpcPort::tls(dial), options),
    })
}

/// The metadata that the flags say, and the token.
fn headers(arguments: &CallArguments) -> Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    for given in &arguments.metadata {
        let (name, value) = given.split_once('=').context("--metadata is NAME=VALUE")?;
        let name: HeaderName =
            name.trim().to_lowercase().parse().with_context(|| format!("--metadata: no name: {name}"))?;
        let value = HeaderValue::from_str(value).with_context(|| format!("--metadata: no value for {name}"))?;
        headers.append(name, value);
    }
    let token = match &arguments.token {
        Some(token) => Some(token.reveal().as_bytes().to_vec()),
        None => std::env::var_os(TOKEN_VARIABLE).map(|secret| secret.into_encoded_bytes()),
    };
    if let Some(token) =
        token.filter(|token| !token.is_empty() && (arguments.token.is_some() || !headers.contains_key(TOKEN_KEY)))
    {
        let mut value = HeaderValue::from_bytes(&token).context("the token cannot be sent in metadata")?;
        value.set_sensitive(true);
        headers.insert(TOKEN_KEY, value);
    }
    Ok(headers)
}

/// What a call ended with, as an error that has its exit code.
fn failed(arguments: &CallArguments, status: &Status) -> anyhow::Error {
    let code = usize::try_from(i32::from(status.code())).ok().and_then(|code| CODES.get(code)).unwrap_or(&"Unknown");
    if is_answer(status) {
        return Refused { code, message: status.message().to_owned() }.into();
    }
    let hint = match (arguments.grpc.is_some(), arguments.tls.is_plain()) {
        (true, true) => "is it a gRPC port (--grpc)? if it takes TLS, say --tls",
        (false, true) => "is it a server port (--server)? if it takes TLS only, say --tls; `proconsul doctor` shows",
        (_, false) => "`proconsul doctor` shows what it takes, and with which certificates",
    };
    let why = format!("{code}: {}", status.message());
    NoAnswer { server: server(arguments).to_owned(), method: arguments.method.clone(), why, hint }.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_is_named_by_its_path_or_by_dots() {
        for name in ["/grpc.health.v1.Health/Check", "grpc.health.v1.Health/Check", "grpc.health.v1.Health.Check"] {
            assert_eq!(parts(name).ok(), Some(("grpc.health.v1.Health", "Check")), "{name}");
        }
        assert!(parts("Check").is_err());
    }
}
