//! Every structure against recorded encodings: byte for byte both ways, from maps and from lists.

mod not_yet; // recorded types that have no structure here so far
mod positional; // a recorded map as the list that Go would also accept
mod readers; // what a peer may send that we never would

use std::{collections::BTreeSet, fs, path::PathBuf};

use proconsul_msgpack::{GoStr, Value};
use serde::{Serialize, de::DeserializeOwned};

use crate::*;

/// One recorded encoding.
struct Recorded {
    /// Consul's name of the type.
    name: String,
    /// `zero`, `minimal` or `full`.
    case: String,
    /// Its bytes.
    bytes: Vec<u8>,
}

/// Reads a type's bytes and writes them again.
type Recode = fn(&[u8]) -> Result<Vec<u8>, String>;

fn recode<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let value: T = proconsul_msgpack::from_slice(bytes).map_err(|error| error.to_string())?;
    proconsul_msgpack::to_vec(&value).map_err(|error| error.to_string())
}

macro_rules! structures {
    ($($name:literal: $type:ty,)*) => {
        /// Every recorded type that this crate has a structure for.
        const STRUCTURES: &[(&str, Recode)] = &[$(($name, recode::<$type>),)*];
    };
}

structures! {
    "[]string": Vec<GoStr>,
    "[]structs.DatacenterMap": List<coordinate::DatacenterMap>,
    "bool": bool,
    "consul.EmptyReadRequest": status::EmptyReadRequest,
    "fsm.SnapshotHeader": raft::SnapshotHeader,
    "interface {}": Value,
    "state.IndexEntry": raft::IndexEntry,
    "string": GoStr,
    "struct {}": status::Empty,
    "structs.CASignRequest": connect_ca::CaSignRequest,
    "structs.ChecksInStateRequest": health::ChecksInStateRequest,
    "structs.CoordinateUpdateRequest": coordinate::CoordinateUpdateRequest,
    "structs.Coordinates": List<coordinate::Coordinate>,
    "structs.DCSpecificRequest": query::DcSpecificRequest,
    "structs.DatacentersRequest": catalog::DatacentersRequest,
    "structs.DeregisterRequest": catalog::DeregisterRequest,
    "structs.DirEntry": kvs::DirEntry,
    "structs.IndexedCheckServiceNodes": health::IndexedCheckServiceNodes,
    "structs.IndexedCoordinates": coordinate::IndexedCoordinates,
    "structs.IndexedDirEntries": kvs::IndexedDirEntries,
    "structs.IndexedHealthChecks": health::IndexedHealthChecks,
    "structs.IndexedIntentionMatches": intention::IndexedIntentionMatches,
    "structs.IndexedIntentions": intention::IndexedIntentions,
    "structs.IndexedKeyList": kvs::IndexedKeyList,
    "structs.IndexedNodeServiceList": catalog::IndexedNodeServiceList,
    "structs.IndexedNodeServices": catalog::IndexedNodeServices,
    "structs.IndexedNodes": catalog::IndexedNodes,
    "structs.IndexedServiceList": catalog::IndexedServiceList,
    "structs.IndexedServiceNodes": catalog::IndexedServiceNodes,
    "structs.IndexedServices": catalog::IndexedServices,
    "structs.IndexedSessions": session::IndexedSessions,
    "structs.Intention": intention::Intention,
    "structs.IntentionListRequest": intention::IntentionListRequest,
    "structs.IntentionRequest": intention::IntentionRequest,
    "structs.KVSRequest": kvs::KvsRequest,
    "structs.KeyListRequest": kvs::KeyListRequest,
    "structs.KeyRequest": kvs::KeyRequest,
    "structs.NodeSpecificRequest": catalog::NodeSpecificRequest,
    "structs.QueryMeta": query::QueryMeta,
    "structs.QueryOptions": query::QueryOptions,
    "structs.RaftIndex": raft::RaftIndex,
    "structs.RaftStats": status::RaftStats,
    "structs.RegisterRequest": catalog::RegisterRequest,
    "structs.ServiceSpecificRequest": catalog::ServiceSpecificRequest,
    "structs.Session": session::Session,
    "structs.SessionRequest": session::SessionRequest,
    "structs.SessionSpecificRequest": session::SessionSpecificRequest,
    "structs.TombstoneRequest": raft::TombstoneRequest,
    "structs.TxnReadRequest": txn::TxnReadRequest,
    "structs.TxnReadResponse": txn::TxnReadResponse,
    "structs.TxnRequest": txn::TxnRequest,
    "structs.TxnResponse": txn::TxnResponse,
    "structs.WriteRequest": query::WriteRequest,
}

fn golden(file: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/wire").join(file);
    fs::read_to_string(path).expect("the golden file is part of the repository")
}

fn hex(text: &str) -> Vec<u8> {
    let digits = |at| u8::from_str_radix(&text[at..at + 2], 16).expect("recorded hex is hex");
    (0..text.len()).step_by(2).map(digits).collect()
}

fn recorded() -> Vec<Recorded> {
    let of = |line: &str| -> Option<Recorded> {
        let line: serde_json::Value = serde_json::from_str(line).expect("recorded lines are JSON");
        let text = |key: &str| line[key].as_str().map(str::to_owned);
        Some(Recorded { name: text("type")?, case: text("case")?, bytes: hex(&text("msgpack_hex")?) })
    };
    golden("encodings.jsonl").lines().filter_map(of).collect()
}

/// How many recorded lines the structures above stand for. It only grows.
const LINES_CHECKED: usize = 147;

#[test]
fn every_structure_reads_and_writes_what_was_recorded() {
    let recorded = recorded();
    let mut checked = 0;
    for (name, recode) in STRUCTURES {
        let lines: Vec<_> = recorded.iter().filter(|line| line.name == *name).collect();
        assert!(!lines.is_empty(), "nothing was recorded for {name}");
        for Recorded { case, bytes, .. } in lines {
            let again = recode(bytes).unwrap_or_else(|error| panic!("{name} {case}: {error}"));
            assert!(again == *bytes, "{name} {case}\n  ours {}\n  Go's {}", shown(&again), shown(bytes));
            checked += 1;
        }
    }
    assert_eq!(checked, LINES_CHECKED);
}

#[test]
fn every_structure_reads_the_same_from_a_list_in_order_of_declaration() {
    let shapes = positional::Shapes::read();
    for line in recorded() {
        let Some((name, recode)) = STRUCTURES.iter().find(|(name, _)| *name == line.name) else { continue };
        let list = shapes.positional(name, &line.bytes);
        let again = recode(&list).unwrap_or_else(|error| panic!("{name} {}: {error}", line.case));
        assert!(again == line.bytes, "{name} {}\n  ours {}\n  Go's {}", line.case, shown(&again), shown(&line.bytes));
    }
}

#[test]
fn recorded_types_without_a_structure_are_listed() {
    let ours: BTreeSet<_> = STRUCTURES.iter().map(|(name, _)| (*name).to_owned()).collect();
    let all: BTreeSet<_> = recorded().into_iter().map(|line| line.name).collect();
    let missing: Vec<_> = all.difference(&ours).map(String::as_str).collect();
    assert_eq!(missing, not_yet::NOT_YET);
    assert_eq!(missing.len(), not_yet::NOT_YET_COUNT, "this number may only shrink");
}

/// Bytes for people: text as it is, the rest in hex.
fn shown(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|byte| std::ascii::escape_default(*byte)).map(char::from).collect()
}
