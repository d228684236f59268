//! `proconsul rpc describe`.
mod message; // fields of protobuf messages
mod node; // what a type looks like, as a tree
mod plain; // documentation of Rust, for readers of JSON
mod render; // the tree as text

use anyhow::{Context, Result, bail};
use proconsul_msgpack::Shape;
use proconsul_types::{AnsweredBy, Listener, MethodRow};
use serde_json::{Value, json};

use self::node::{Arms, Node, Types};
use super::{
    arguments::DescribeArguments,
    body,
    method::{Found, find, honoured, served, streams},
    options::FILLINGS,
};
use crate::{config::distance, print};

pub(super) fn run(arguments: &DescribeArguments, json: bool) -> Result<()> {
    let found = find(&arguments.method)?;
    let row = found.row;
    let kind = arguments.kind.as_deref();
    if arguments.example {
        is_a_kind(kind, &found, &[row.arg])?;
        print::value(&body::example(shape(&found, row.arg)?, body::form(arguments.wire_json), kind), json);
        return Ok(());
    }
    is_a_kind(kind, &found, &[row.arg, row.reply])?;
    let mut types = Types::new(match kind {
        Some(kind) => Arms::One(kind),
        None if json => Arms::All,
        None => Arms::None,
    });
    let request = types.root(shape(&found, row.arg)?);
    let reply = types.root(shape(&found, row.reply)?);
    if json {
        print::value(&for_programs(&found, &request, &reply), true);
        return Ok(());
    }
    for_people(&found, &request, &reply);
    if kind.is_none() && !kinds(&found, &[row.arg, row.reply])?.is_empty() {
        print::line("\nThe fields of each kind: --kind WORD.");
    }
    Ok(())
}

/// What a request or reply of a method looks like.
fn shape(found: &Found, name: &'static str) -> Result<Shape> {
    match found.grpc {
        Some(_) => Ok(Shape::Proto(name)),
        None => body::shape(name).with_context(|| found.row.name),
    }
}

/// The words that stand for structures in these types of a method.
fn kinds(found: &Found, types: &[&'static str]) -> Result<Vec<&'static str>> {
    let mut words = Vec::new();
    for name in types {
        body::kinds(shape(found, name)?, &mut words);
    }
    Ok(words)
}

/// Whether there is such a kind.
///
/// # Errors
/// There is not; the nearest is named.
fn is_a_kind(kind: Option<&str>, found: &Found, types: &[&'static str]) -> Result<()> {
    let Some(kind) = kind else { return Ok(()) };
    let row = found.row;
    let known = kinds(found, types)?;
    if known.contains(&kind) {
        return Ok(());
    }
    match known.iter().min_by_key(|known| distance(kind, known)) {
        Some(near) => bail!("there is no kind {kind}; did you mean {near}? (`proconsul rpc describe {}`)", row.name),
        None => bail!("{} has nothing that comes in kinds (--kind)", row.name),
    }
}

fn for_people(found: &Found, request: &Node, reply: &Node) {
    let Found { row, meaning, .. } = found;
    print::line(&format!("{}: {meaning}\n", row.name));
    let facts = facts(found).into_iter().map(|(what, value)| vec![format!("  {what}"), value]);
    print::line(&render::aligned(facts));
    print::line(&format!("\nRequest: {}. What is left out has the value shown.", request.kind));
    print::line(&render::tree(request, true));
    print::line(&format!("\nReply: {}.", reply.kind));
    print::line(&render::tree(reply, false));
}

/// What there is to say about a method besides its types.
fn facts(found: &Found) -> Vec<(&'static str, String)> {
    let row = found.row;
    let mut facts = vec![("does", row.operation.as_str().to_owned())];
    let options = honoured(row);
    if !options.is_empty() {
        facts.push(("honours", options.join(", ")));
    }
    let flags: Vec<&str> = FILLINGS.iter().filter(|filling| filling.is_for(row)).map(|filling| filling.flag).collect();
    if !flags.is_empty() {
        facts.push(("flags of call", flags.join(" ")));
    }
    facts.push(("answered by", answered_by(row).to_owned()));
    if !row.acl.is_empty() {
        facts.push(("checks", row.acl.join(", ")));
    }
    if let Some(grpc) = found.grpc {
        let places: Vec<&str> = grpc.listeners.iter().map(|listener| listener.as_str()).collect();
        facts.push(("path", grpc.path.to_owned()));
        facts.push(("offered", format!("in gRPC: {}", places.join(", "))));
        facts.extend(streams(grpc).map(|what| ("streams", what.to_owned())));
    }
    if row.listener == Listener::Insecure {
        facts.push(("offered", "to callers without a certificate only (call --insecure-rpc)".to_owned()));
    }
    let here = if served().contains(&row.name) { "served" } else { "not served" };
    facts.push(("this program", here.to_owned()));
    facts
}

fn answered_by(row: &MethodRow) -> &'static str {
    match row.answered_by {
        AnsweredBy::AnyServer => "the server that is asked",
        AnsweredBy::Datacenter => "any server of the datacenter",
        AnsweredBy::Leader if row.stale => "the leader of the datacenter; any server there if it may be stale",
        AnsweredBy::Leader => "the leader of the datacenter",
        AnsweredBy::Everyone => "servers of every datacenter",
    }
}

fn for_programs(found: &Found, request: &Node, reply: &Node) -> Value {
    let Found { row, meaning, .. } = found;
    json!({
        "method": row.name,
        "meaning": meaning,
        "does": row.operation.as_str(),
        "honours": honoured(row),
        "answered_by": answered_by(row),
        "checks": row.acl,
        "listener": match row.listener {
            Listener::Insecure => "insecure",
            Listener::Grpc => "grpc",
            _ => "rpc",
        },
        "served": served().contains(&row.name),
        "request": {"type": row.arg, "is": request.to_json()},
        "reply": {"type": row.reply, "is": reply.to_json()},
    })
}
