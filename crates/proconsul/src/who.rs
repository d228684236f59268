//! `proconsul conns`, `streams`, `slow` and `top`: who is on the port, asked of a server's admin listener.
mod at; // which listener
mod human; // numbers for people
mod lists; // conns, streams, slow
mod top; // the view that refreshes

use std::{future::Future, time::Duration};

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use proconsul_admin::{
    Token,
    client::ClientError,
    view::{ConnView, SlowView, StreamView},
};
use serde_json::json;
use tokio::runtime;

use self::{
    at::At,
    lists::{Peer, conn_cells, slow_cells, stream_cells},
};
use crate::print;

/// What `proconsul conns` takes.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = false)]
pub(crate) struct ConnsArguments {
    #[command(subcommand)]
    command: Option<ConnsCommand>,
    #[command(flatten)]
    at: At,
    /// Only those on this route, by the names of `proconsul routes`; `detecting`: those whose route is not known yet.
    #[arg(long, value_name = "ROUTE")]
    route: Option<String>,
    /// Only those of this IP address, of this IP:PORT, or with this in a name of their certificate.
    #[arg(long, value_name = "PEER")]
    peer: Option<Peer>,
}

#[derive(Debug, Subcommand)]
enum ConnsCommand {
    /// End a connection.
    Kill(KillArguments),
}

/// What `proconsul conns kill` takes.
#[derive(Debug, Args)]
struct KillArguments {
    /// The connection's number, as `proconsul conns` shows it.
    id: u64,
    /// What the server printed when it started; not needed over its unix socket. Default: PROCONSUL_ADMIN_TOKEN.
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,
}

/// What `proconsul streams` and `proconsul slow` take.
#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    #[command(flatten)]
    at: At,
    /// Only those of this IP address or IP:PORT.
    #[arg(long, value_name = "PEER")]
    peer: Option<Peer>,
    /// Only those whose method contains this, whatever its case.
    #[arg(long, value_name = "METHOD")]
    method: Option<String>,
}

/// What `proconsul top` takes.
#[derive(Debug, Args)]
pub(crate) struct TopArguments {
    #[command(flatten)]
    at: At,
    /// How often it is refreshed.
    #[arg(long, value_name = "DURATION", default_value = "1s", value_parser = crate::config::parse_duration)]
    interval: Duration,
    /// End after so many; without a terminal the default is one, with --json it is no end.
    #[arg(long, value_name = "N")]
    count: Option<u64>,
    /// What the server printed when it started, to end connections; not needed over its unix socket. Default:
    /// PROCONSUL_ADMIN_TOKEN.
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,
}

pub(crate) fn conns(arguments: &ConnsArguments, json: bool) -> Result<()> {
    if let Some(ConnsCommand::Kill(kill)) = &arguments.command {
        return end(&arguments.at, kill, json);
    }
    let mut conns: Vec<ConnView> = get(&arguments.at, "/v1/conns")?;
    conns.retain(|conn| {
        arguments.route.as_ref().is_none_or(|route| conn.route.eq_ignore_ascii_case(route))
            && arguments.peer.as_ref().is_none_or(|peer| peer.is(&conn.peer, &conn.certificate_names))
    });
    list(json, &conns, lists::CONN_HEADER, conn_cells)
}

pub(crate) fn streams(arguments: &ListArguments, json: bool) -> Result<()> {
    let mut streams: Vec<StreamView> = get(&arguments.at, "/v1/streams")?;
    streams.retain(|stream| arguments.wants(&stream.peer, stream.method.as_deref().unwrap_or_default()));
    list(json, &streams, lists::STREAM_HEADER, stream_cells)
}

pub(crate) fn slow(arguments: &ListArguments, json: bool) -> Result<()> {
    let mut calls: Vec<SlowView> = get(&arguments.at, "/v1/slow")?;
    calls.retain(|call| arguments.wants(&call.peer, &call.method));
    list(json, &calls, lists::SLOW_HEADER, slow_cells)
}

pub(crate) fn top(arguments: &TopArguments, json: bool) -> Result<()> {
    let client = arguments.at.client()?;
    let watch = top::Watch {
        interval: arguments.interval.max(top::INTERVAL_MIN),
        count: arguments.count,
        token: token(arguments.token.as_deref()),
    };
    run(async {
        if json {
            top::json_lines(&client, &watch).await
        } else if top::is_terminal() {
            top::full_screen(&client, &watch).await
        } else {
            top::text(&client, &watch).await
        }
    })
}

impl ListArguments {
    fn wants(&self, peer: &str, method: &str) -> bool {
        self.peer.as_ref().is_none_or(|wanted| wanted.is(peer, &[]))
            && self.method.as_ref().is_none_or(|part| method.to_lowercase().contains(&part.to_lowercase()))
    }
}

fn end(at: &At, kill: &KillArguments, json: bool) -> Result<()> {
    let client = at.client()?;
    let token = token(kill.token.as_deref());
    let killed = run(async { client.kill(kill.id, token.as_ref()).await.map_err(explain) })?;
    if !killed {
        bail!("there is no connection {} (`proconsul conns` lists them)", kill.id);
    }
    if json {
        print::value(&json!({"killed": kill.id}), true);
    } else {
        print::line(&format!("ended connection {}", kill.id));
    }
    Ok(())
}

/// The secret that changes take over TCP: as given, or of the environment.
fn token(given: Option<&str>) -> Option<Token> {
    let told = given.map(str::to_owned).or_else(|| std::env::var("PROCONSUL_ADMIN_TOKEN").ok());
    told.filter(|told| !told.trim().is_empty()).map(|told| Token::told(&told))
}

fn get<T: serde::de::DeserializeOwned>(at: &At, path: &str) -> Result<T> {
    let client = at.client()?;
    run(async { client.get(path).await.map_err(explain) })
}

fn run<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    runtime::Builder::new_current_thread().enable_all().build().context("failed to start the runtime")?.block_on(work)
}

/// A question was not answered, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[error("{error}{}", hint(error))]
pub(crate) struct Unanswered {
    error: ClientError,
}

impl Unanswered {
    /// Whether there was an answer, which was no.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self.error, ClientError::Refused { .. })
    }
}

fn explain(error: ClientError) -> anyhow::Error {
    Unanswered { error }.into()
}

fn hint(error: &ClientError) -> &'static str {
    match error {
        ClientError::Connect { .. } => {
            "; is the server running, and is this its admin listener? It says where that is when it starts: name it with \
             --admin or PROCONSUL_ADMIN"
        }
        ClientError::Refused { status: 401 | 403, .. } => {
            "; give the token with --token or PROCONSUL_ADMIN_TOKEN, or use the server's unix socket, which takes none"
        }
        _ => "",
    }
}

fn list<T: serde::Serialize>(
    json: bool,
    views: &[T],
    header: &[&str],
    cells: impl Fn(&T) -> Vec<String>,
) -> Result<()> {
    if json {
        print::value(&serde_json::to_value(views)?, true);
    } else {
        print::table(header, views.iter().map(cells));
    }
    Ok(())
}
