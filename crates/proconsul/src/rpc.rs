//! `proconsul rpc`: a server's methods by name.
mod via; // how the server is dialled

use std::{fs, io::Read, time::Duration};

use anyhow::{Context, Result, bail};
use proconsul_msgpack::Value as Wire;
use proconsul_mux::{
    LAST_TYPE_BYTE, Route,
    driver::dial::{Dialled, dial},
};
use proconsul_netrpc::client::{CallError, Client};
use proconsul_server::Server;
use proconsul_structs::METHODS;
use proconsul_types::{MethodRow, Options};
use proconsul_yamux::{Config, Connection, Side};
use serde_json::{Value, json};
use tokio::{runtime, time::timeout};

pub(crate) use via::TlsArguments;

use crate::{
    cli::{CallArguments, ListArguments, RpcCommand},
    config::distance,
    json, print,
};

/// What a server may add to a query's wait: one part in sixteen; and the way there and back.
const ON_TOP_OF_A_WAIT: Duration = Duration::from_secs(45);

/// How long a connection may take where a call may take for ever.
const CONNECT_MAX: Duration = Duration::from_secs(60);

/// How long the end of a connection is waited for whose stream has ended.
const CONNECTION_END_MAX: Duration = Duration::from_secs(1);

pub(crate) fn run(command: RpcCommand, json: bool) -> Result<()> {
    match command {
        RpcCommand::List(arguments) => list(&arguments, json),
        RpcCommand::Call(arguments) => {
            let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
            let reply = runtime.block_on(call(&arguments))?;
            print::value(&reply, json);
            Ok(())
        }
    }
}

fn list(arguments: &ListArguments, json: bool) -> Result<()> {
    let pattern = arguments.pattern.as_deref().unwrap_or_default().to_lowercase();
    let served: Vec<&str> = Server::served_methods().iter().map(|row| row.name).collect();
    let rows: Vec<&MethodRow> = METHODS
        .iter()
        .filter(|row| row.name.to_lowercase().contains(&pattern))
        .filter(|row| !arguments.served || served.contains(&row.name))
        .collect();
    if json {
        let methods = rows.iter().map(|row| row.name.to_owned());
        // Programs that ask what is served are told of routes, too: what answers there is not only methods.
        let routes = served_routes().filter(|route| arguments.served && route.contains(&pattern));
        print::value(&json!(methods.chain(routes).collect::<Vec<_>>()), true);
        return Ok(());
    }
    let row = |row: &&MethodRow| {
        let here = if served.contains(&row.name) { "yes" } else { "-" };
        vec![row.name.to_owned(), row.operation.as_str().to_owned(), options(row), here.to_owned()]
    };
    print::table(&["METHOD", "DOES", "OPTIONS", "SERVED HERE"], rows.iter().map(row));
    Ok(())
}

/// The type bytes behind which a server of ours has somebody who answers, as `route:4`.
fn served_routes() -> impl Iterator<Item = String> {
    let bytes = Server::served_routes().filter_map(|row| row.byte).filter(|byte| *byte <= LAST_TYPE_BYTE);
    bytes.map(|byte| format!("route:{byte}"))
}

/// The common options that a method honours.
fn options(row: &MethodRow) -> String {
    if row.options != Options::Query {
        return String::new();
    }
    let honoured = [(row.blocking, "blocking"), (row.stale, "stale"), (row.consistent, "consistent")];
    let words: Vec<&str> = honoured.into_iter().filter_map(|(yes, word)| yes.then_some(word)).collect();
    words.join(" ")
}

async fn call(arguments: &CallArguments) -> Result<Value> {
    let method = arguments.method.as_str();
    if !METHODS.iter().any(|row| row.name == method) {
        let near = METHODS.iter().map(|row| row.name).min_by_key(|name| distance(method, name));
        let near = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
        bail!("there is no method {method}{near} (`proconsul rpc list` shows all)");
    }
    let request: Value = serde_json::from_str(&data(&arguments.data)?).context("the request is not JSON")?;
    let body = proconsul_msgpack::to_vec(&json::to_wire(&request)?)?;
    // A query that waits is given its wait, or the longest that a server grants.
    let waits = request.get("MinQueryIndex").and_then(Value::as_u64).unwrap_or(0) > 0;
    let wait = match request.get("MaxQueryTime") {
        _ if !waits => Duration::ZERO,
        Some(asked) => json::duration_of(asked)? + ON_TOP_OF_A_WAIT,
        None => Duration::from_secs(300) + ON_TOP_OF_A_WAIT,
    };
    let talk = exchange(arguments, &body);
    let reply = if arguments.timeout.is_zero() {
        talk.await?
    } else {
        let limit = arguments.timeout + wait;
        timeout(limit, talk)
            .await
            .with_context(|| format!("{} did not answer {method} within {limit:?} (--timeout)", arguments.server))??
    };
    Ok(json::from_wire(&reply))
}

/// Calls a method on a connection that is made for it.
async fn exchange(arguments: &CallArguments, body: &[u8]) -> Result<Wire> {
    let CallArguments { server, method, tls, .. } = arguments;
    let via = tls.via()?;
    // The call's own time is in force around all of it.
    let limit = if arguments.timeout.is_zero() { CONNECT_MAX } else { arguments.timeout };
    let connection =
        dial(server, tls.route(), &via, limit).await.with_context(|| format!("cannot call {server} (--server)"))?;
    let reply = ask(connection, tls.route(), method, body).await.map_err(|error| match error {
        Failed::Call(error @ CallError::Answered(_)) => anyhow::Error::new(error),
        Failed::Call(error) => no_answer(arguments, &error.to_string()).into(),
        Failed::Connection(why) => no_answer(arguments, &why).into(),
    })?;
    Ok(proconsul_msgpack::from_slice(&reply)?)
}

/// No answer came.
#[derive(Debug, thiserror::Error)]
#[error("{server} gave no answer to {method}: {why} ({hint})")]
pub(crate) struct NoAnswer {
    server: String,
    method: String,
    why: String,
    hint: &'static str,
}

fn no_answer(arguments: &CallArguments, why: &str) -> NoAnswer {
    let hint = match (arguments.tls.is_plain(), arguments.tls.shows_a_certificate()) {
        (true, _) => "is it a server port (--server)? if it takes TLS only, say --tls; `proconsul doctor` shows",
        // It finds out after our side of the handshake is done, and not every server's alert arrives before it closes.
        (_, false) => {
            "if it demands a certificate, give --client-cert and --client-key; `proconsul doctor` shows what it takes"
        }
        (_, true) => "`proconsul doctor` shows what it takes, and with which certificates",
    };
    NoAnswer { server: arguments.server.clone(), method: arguments.method.clone(), why: why.to_owned(), hint }
}

/// Why there is no reply.
enum Failed {
    Call(CallError),
    /// The connection below failed: it knows more than the call.
    Connection(String),
}

impl From<CallError> for Failed {
    fn from(error: CallError) -> Self {
        Self::Call(error)
    }
}

/// Calls on one stream: the whole connection, or the first of many.
async fn ask(connection: Dialled, route: Route, method: &str, body: &[u8]) -> Result<Vec<u8>, Failed> {
    if route == Route::RpcInsecure {
        return Ok(Client::new(connection).call_raw(method, body, None).await?.to_vec());
    }
    let (control, _incoming, driver) = Connection::new(connection, Side::Client, Config::default());
    let driver = tokio::spawn(driver);
    let called = async {
        let stream = control.open().await.map_err(std::io::Error::other).map_err(CallError::from)?;
        Client::new(stream).call_raw(method, body, None).await
    };
    match called.await {
        Ok(reply) => Ok(reply.to_vec()),
        Err(error @ CallError::Answered(_)) => Err(error.into()),
        // Only the connection knows of an alert of TLS, or that it was reset. It ends, as the stream has.
        Err(error) => match timeout(CONNECTION_END_MAX, driver).await {
            Ok(Ok(Err(below))) => Err(Failed::Connection(format!("{:#}", anyhow::Error::new(below)))),
            Ok(Ok(Ok(()))) => Err(Failed::Connection("it closed the connection".to_owned())),
            _ => Err(error.into()),
        },
    }
}

/// The request as it was given: here, in a file, or on standard input.
fn data(argument: &str) -> Result<String> {
    if argument == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text)?;
        return Ok(text);
    }
    match argument.strip_prefix('@') {
        Some(file) => fs::read_to_string(file).with_context(|| format!("failed to read {file}")),
        None => Ok(argument.to_owned()),
    }
}
