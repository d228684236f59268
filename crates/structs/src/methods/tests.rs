use std::{
    collections::{HashMap, HashSet},
    fs,
    path::Path,
};

use proconsul_types::{AnsweredBy, Listener, MethodRow, Operation, Options};
use serde_json::Value;

use super::*;
use crate::registry;

fn recorded() -> Vec<Value> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/wire/netrpc.json");
    let text = fs::read_to_string(file).expect("the golden file is part of the repository");
    let all: Value = serde_json::from_str(&text).expect("the golden file is JSON");
    all["methods"].as_array().expect("it lists methods").clone()
}

fn strings(value: &Value) -> Vec<&str> {
    value.as_array().map(|list| list.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
}

fn answered_by(forward: &Value) -> AnsweredBy {
    match strings(forward).first() {
        None => AnsweredBy::AnyServer,
        Some(&"ForwardRPC") => AnsweredBy::Leader,
        Some(&"forwardDC") => AnsweredBy::Datacenter,
        Some(&"keyringRPCs") => AnsweredBy::Everyone,
        Some(other) => panic!("unknown way to forward: {other}"),
    }
}

fn compare(row: &MethodRow, fact: &Value) {
    let name = row.name;
    assert_eq!(fact["name"], name);
    assert_eq!(fact["arg"], row.arg, "{name}");
    assert_eq!(fact["reply"], row.reply, "{name}");
    assert_eq!(fact["rate"]["type"], row.operation.as_str(), "{name}");
    assert_eq!(fact["rate"]["category"], row.category.as_str(), "{name}");
    assert_eq!(fact["rate"]["mapped"], row.rate_mapped, "{name}");
    let options = match row.options {
        Options::Query => "query",
        Options::Write => "write",
        Options::None => "none",
    };
    assert_eq!(fact["options"], options, "{name}");
    let honours = |what: &str| fact["query"][what].as_bool().unwrap_or(false);
    assert_eq!(
        (row.blocking, row.stale, row.consistent),
        (honours("blocking"), honours("stale"), honours("consistent")),
        "{name}"
    );
    assert_eq!(answered_by(&fact["forward"]), row.answered_by, "{name}");
    let forwarded_as = fact["rpcinfo"]["is_read"].as_bool().map(|read| match read {
        true => Operation::Read,
        false => Operation::Write,
    });
    assert_eq!(forwarded_as, row.forwarded_as, "{name}");
    assert_eq!(fact["rpcinfo"]["carries_token"].as_bool().unwrap_or(false), row.carries_token, "{name}");
    assert_eq!(strings(&fact["acl"]), row.acl, "{name}");
    assert_eq!(strings(&fact["raft"]), row.raft, "{name}");
    assert_eq!(fact["reply_has_query_meta"], row.reply_has_query_meta, "{name}");
    let listener = match row.listener {
        Listener::Rpc => "rpc",
        Listener::Insecure => "insecure",
        Listener::Grpc => panic!("{name} is a net/rpc method"),
    };
    assert_eq!(fact["listener"], listener, "{name}");
}

#[test]
fn every_row_says_what_was_recorded() {
    let facts = recorded();
    assert_eq!(facts.len(), METHOD_COUNT);
    for (row, fact) in METHODS.iter().zip(&facts) {
        compare(row, fact);
    }
}

#[test]
fn every_method_is_found_by_its_name_and_nothing_else_is() {
    for (index, row) in METHODS.iter().enumerate() {
        assert_eq!(find(row.name).map(usize::from), Some(index));
        assert_eq!(format!("{}.{}", row.service(), row.method()), row.name);
        assert!(has_service(row.service()));
    }
    for name in ["", ".", "KVS", "KVS.", "KVS.get", "KVS.Get ", "Status.Nope"] {
        assert_eq!(find(name), None, "{name}");
    }
    assert!(!has_service("Nope"));
}

#[test]
fn names_are_sorted_and_unique() {
    let names: HashSet<_> = METHODS.iter().map(|row| row.name).collect();
    assert_eq!(names.len(), METHOD_COUNT);
    assert!(METHODS.is_sorted_by_key(|row| row.name));
}

#[test]
fn a_marker_stands_for_the_row_of_its_name() {
    assert_eq!(kvs::Get::ROW.name, "KVS.Get");
    assert_eq!(status::RaftStats::ROW.name, "Status.RaftStats");
    assert_eq!(catalog::ListDatacenters::ROW.name, "Catalog.ListDatacenters");
    assert_eq!(METHODS[usize::from(kvs::Apply::INDEX)].name, "KVS.Apply");
}

#[test]
fn what_a_method_is_for_is_the_first_line_of_its_marker() {
    assert_eq!(meaning(status::Ping::INDEX), "Answers at once; proves that the server lives.");
    assert_eq!(meaning(kvs::Get::INDEX), "Reads one key.");
    assert_eq!(meaning(METHOD_COUNT as u16), "");
}

/// A shape's name, one that tells apart what rows name. Nil and empty lists are the same here: replies are never nil.
fn named(shape: Shape) -> String {
    match shape {
        Shape::Struct(of) => of().name.to_owned(),
        Shape::Optional(of) => named(of()),
        Shape::List(of) => format!("[]{}", named(of())),
        Shape::Nested(of) => format!("nested {}", named(of())),
        Shape::Sequence(layout, of) => format!("{layout:?} {}", of().name),
        Shape::Proto(name) => name.to_owned(),
        scalar => format!("{scalar:?}"),
    }
}

#[test]
fn every_row_has_a_marker_with_the_types_that_it_names() {
    let by_index: HashMap<_, _> = markers().map(|marker| (usize::from(marker.index), marker)).collect();
    assert_eq!(markers().count(), METHOD_COUNT, "each method has one marker");
    for (index, row) in METHODS.iter().enumerate() {
        let marker = by_index.get(&index).unwrap_or_else(|| panic!("{} has no marker", row.name));
        for (ours, name) in [(marker.request, row.arg), (marker.reply, row.reply)] {
            let theirs = registry::find(name).unwrap_or_else(|| panic!("{name} is not in the registry"));
            assert_eq!(named(ours()), named((theirs.shape)()), "{} {name}", row.name);
        }
        assert!(marker.meaning.ends_with('.') && marker.meaning.len() < 120, "{}: {}", row.name, marker.meaning);
    }
}
