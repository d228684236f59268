//! `proconsul rpc call`.
use std::{fmt::Write, fs, io::Read, time::Duration};

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use proconsul_types::MethodRow;
use serde_json::Value;
use tokio::time::timeout;

use super::{
    arguments::CallArguments,
    body::{self, Form},
    exchange::Session,
    method::{Found, find},
    options, watch,
};
use crate::{config::parse_duration, print};

/// What a server may add to a query's wait: one part in sixteen; and the way there and back.
const ON_TOP_OF_A_WAIT: Duration = Duration::from_secs(45);

/// How long a server lets a query wait that does not say.
const DEFAULT_WAIT: Duration = Duration::from_secs(300);

/// A call to be made, perhaps again and again.
pub(super) struct Call<'a> {
    pub(super) arguments: &'a CallArguments,
    pub(super) row: &'static MethodRow,
    /// Its request, checked by being encoded once.
    pub(super) request: Value,
    form: Form,
    json: bool,
}

pub(super) async fn run(arguments: &CallArguments, json: bool) -> Result<()> {
    let found = match arguments.reflect {
        // The server may have methods that nobody here has heard of.
        true => None,
        false => Some(find(&arguments.method)?),
    };
    let Some(Found { row, grpc: None, .. }) = found else {
        return super::grpc::run(arguments, json).await;
    };
    only_grpc(arguments)?;
    let form = body::form(arguments.wire_json);
    let mut request: Value = serde_json::from_str(&data(&arguments.data)?).context("the request is not JSON")?;
    options::fill(&mut request, row, arguments)?;
    let call = Call { arguments, row, request, form, json };
    if arguments.watch {
        return watch::run(call).await;
    }
    let encoded = call.encoded()?;
    let asked = async { Session::open(arguments).await?.call(&encoded).await };
    let reply = call.in_time(call.waits_after(), asked).await?;
    call.print(&reply)?;
    Ok(())
}

impl Call<'_> {
    /// The request as it goes on the wire.
    pub(super) fn encoded(&self) -> Result<Vec<u8>> {
        body::encode(self.row.arg, &self.request, self.form)
            .with_context(|| format!("the request is not one of {} (`proconsul rpc describe {0}`)", self.row.name))
    }

    /// The index after which it waits for news; zero if it does not wait.
    pub(super) fn waits_after(&self) -> u64 {
        self.request.as_object().map_or(0, options::waits_after)
    }

    /// What is done, unless it takes longer than the flags allow a call that waits for news after this index.
    pub(super) async fn in_time<T>(&self, index: u64, what: impl Future<Output = Result<T>>) -> Result<T> {
        let CallArguments { server, method, .. } = self.arguments;
        let limit = self.arguments.timeout();
        if limit.is_zero() {
            return what.await;
        }
        let limit = limit + if index == 0 { Duration::ZERO } else { self.wait()? + ON_TOP_OF_A_WAIT };
        timeout(limit, what)
            .await
            .with_context(|| format!("{server} did not answer {method} within {limit:?} (--timeout)"))?
    }

    /// How long a query waits for news at most.
    fn wait(&self) -> Result<Duration> {
        Ok(match self.request.get("MaxQueryTime") {
            Some(Value::String(text)) => parse_duration(text).context("MaxQueryTime")?,
            Some(Value::Number(nanos)) if nanos.as_i64() != Some(0) => {
                Duration::from_nanos(nanos.as_u64().context("MaxQueryTime is negative")?)
            }
            _ => DEFAULT_WAIT,
        })
    }

    /// A reply as JSON.
    fn decoded(&self, reply: &Bytes) -> Result<Value> {
        body::decode(self.row.reply, reply, self.form).with_context(|| {
            format!("what {} answered cannot be read (--raw prints it as it came)", self.arguments.server)
        })
    }

    /// Prints a reply as the flags say. False if nobody reads it.
    pub(super) fn print(&self, reply: &Bytes) -> Result<bool> {
        let text = if self.arguments.raw { hex(reply) } else { print::json(&self.decoded(reply)?, self.json) };
        Ok(print::is_read(&text))
    }
}

/// Flags of gRPC are of no use for net/rpc.
fn only_grpc(arguments: &CallArguments) -> Result<()> {
    let given = [
        (arguments.grpc.is_some(), "--grpc"),
        (!arguments.metadata.is_empty(), "--metadata"),
        (arguments.count.is_some(), "--count"),
    ];
    match given.iter().find(|(given, _)| *given) {
        Some((_, flag)) => bail!("{flag} is for methods of gRPC, and {} is one of net/rpc", arguments.method),
        None => Ok(()),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _never_fails = write!(text, "{byte:02x}");
        text
    })
}

/// The request as it was given: here, in a file, or on standard input.
pub(super) fn data(argument: &str) -> Result<String> {
    if argument == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("failed to read the standard input")?;
        return Ok(text);
    }
    match argument.strip_prefix('@') {
        Some(file) => fs::read_to_string(file).with_context(|| format!("failed to read {file}")),
        None => Ok(argument.to_owned()),
    }
}
