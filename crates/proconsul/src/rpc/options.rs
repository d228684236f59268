//! Flags that fill what requests have in common: each is one field of the request.
use std::env;

use anyhow::{Context, Result, bail};
use proconsul_structs::Token;
use proconsul_types::MethodRow;
use serde_json::{Map, Value};

use super::{arguments::CallArguments, body::fields, method::honoured};

/// Where a token may be if it is not among the flags, as for Consul's own commands.
pub(super) const TOKEN_VARIABLE: &str = "CONSUL_HTTP_TOKEN";

/// A flag and the field of requests that it fills.
pub(super) struct Filling {
    /// The flag.
    pub(super) flag: &'static str,
    /// The field's key.
    pub(super) field: &'static str,
    /// Which of the options of a method it is about; empty for those that are about every method with such a field.
    option: &'static str,
}

const DC: Filling = Filling { flag: "--dc", field: "Datacenter", option: "" };
const TOKEN: Filling = Filling { flag: "--token", field: "Token", option: "" };
const STALE: Filling = Filling { flag: "--stale", field: "AllowStale", option: "stale" };
const CONSISTENT: Filling = Filling { flag: "--consistent", field: "RequireConsistent", option: "consistent" };
const INDEX: Filling = Filling { flag: "--index", field: "MinQueryIndex", option: "blocking" };
const WAIT: Filling = Filling { flag: "--wait", field: "MaxQueryTime", option: "blocking" };

/// Flags that fill a field, in the order in which people look for them.
pub(super) const FILLINGS: [Filling; 6] = [DC, TOKEN, STALE, CONSISTENT, INDEX, WAIT];

impl Filling {
    /// Whether a method's request has the field, and the method honours it.
    pub(super) fn is_for(&self, row: &MethodRow) -> bool {
        fields(row.arg).is_some_and(|fields| fields.get(self.field).is_some())
            && (self.option.is_empty() || honoured(row).contains(&self.option))
    }
}

/// Fills in what the flags say; what the request has there already is replaced.
///
/// # Errors
/// A flag for a field that the request does not have, or that the method does not honour; it names the flags that the method
/// has.
pub(super) fn fill(request: &mut Value, row: &MethodRow, arguments: &CallArguments) -> Result<()> {
    let Some(request) = request.as_object_mut() else {
        bail!("the request of {} is an object: {{…}} (`proconsul rpc describe {0}`)", row.name);
    };
    let mut set =
        |filling: Filling, value: Option<Value>| value.map_or(Ok(()), |value| set(request, row, &filling, value));
    // In TLS, the name of the datacenter has a use of its own.
    let dc = arguments.tls.dc().filter(|_| arguments.tls.is_plain() || DC.is_for(row));
    set(DC, dc.map(Value::from))?;
    set(TOKEN, arguments.token.as_ref().map(revealed).transpose()?)?;
    set(STALE, arguments.stale.then_some(Value::Bool(true)))?;
    set(CONSISTENT, arguments.consistent.then_some(Value::Bool(true)))?;
    set(INDEX, arguments.index.map(Value::from))?;
    let wait = arguments.wait.map(|wait| i64::try_from(wait.as_nanos()).context("--wait is too long")).transpose()?;
    set(WAIT, wait.map(Value::from))?;
    if arguments.watch && !INDEX.is_for(row) {
        bail!("{} never waits for news, so there is nothing to --watch; {}", row.name, has(row));
    }
    if arguments.wait.is_some() && !arguments.watch && waits_after(request) == 0 {
        bail!("--wait is how long to wait for news after an index: give --index, or --watch");
    }
    from_environment(request, row)
}

/// The index after which a request waits for news; zero if it does not wait.
pub(super) fn waits_after(request: &Map<String, Value>) -> u64 {
    request.get("MinQueryIndex").and_then(Value::as_u64).unwrap_or(0)
}

fn set(request: &mut Map<String, Value>, row: &MethodRow, filling: &Filling, value: Value) -> Result<()> {
    if !filling.is_for(row) {
        let why = match fields(row.arg).is_some_and(|fields| fields.get(filling.field).is_some()) {
            true => "does not honour it".to_owned(),
            false => format!("has no {}", filling.field),
        };
        bail!("{} is of no use for {}, which {why}; {}", filling.flag, row.name, has(row));
    }
    request.insert(filling.field.to_owned(), value);
    Ok(())
}

/// The flags that a method has.
fn has(row: &MethodRow) -> String {
    let flags: Vec<&str> = FILLINGS.iter().filter(|filling| filling.is_for(row)).map(|filling| filling.flag).collect();
    if flags.is_empty() { "it has no such option".to_owned() } else { format!("it has {}", flags.join(", ")) }
}

/// The token of the environment, if the request has room for one and has none.
fn from_environment(request: &mut Map<String, Value>, row: &MethodRow) -> Result<()> {
    let given = request.get(TOKEN.field).is_some_and(|token| token.as_str() != Some(""));
    let Some(secret) = env::var_os(TOKEN_VARIABLE).filter(|secret| !secret.is_empty()) else { return Ok(()) };
    if given || !TOKEN.is_for(row) {
        return Ok(());
    }
    let secret = secret.into_string().ok().with_context(|| format!("{TOKEN_VARIABLE} is not UTF-8"))?;
    request.insert(TOKEN.field.to_owned(), Value::String(secret));
    Ok(())
}

fn revealed(token: &Token) -> Result<Value> {
    Ok(Value::from(token.reveal().to_str().context("--token is not UTF-8")?))
}
