//! What the tables answer, held against recorded behaviour and against a plain model.

mod catalog;
mod coordinates;
mod gateways;
mod histories;
mod kv;
mod model;
mod records;
mod resources;
mod sessions;
mod txn;

use super::*;
use crate::{Applied, Peer, Watch, WatchSet};
use proconsul_msgpack::GoStr;
use proconsul_structs::GoDuration;
use proconsul_structs::catalog::{DeregisterRequest, RegisterRequest};
use proconsul_structs::check::HealthCheck;
use proconsul_structs::kvs::{DirEntry, KvOp, KvsRequest};
use proconsul_structs::raft::RaftIndex;
use proconsul_structs::service::NodeService;
use proconsul_structs::session::{Session, SessionBehavior, SessionOp, SessionRequest};
use std::time::Duration;

/// Tables with the index of their last entry, as a log of one would make them.
#[derive(Clone, Default)]
struct World {
    index: u64,
    tables: Tables,
}

impl World {
    fn apply(&mut self, entry: &Entry) -> Applied {
        self.index += 1;
        let (tables, applied) = self.tables.apply(self.index, entry);
        self.tables = tables;
        applied
    }

    fn outcome(&mut self, entry: &Entry) -> Outcome {
        self.apply(entry).outcome
    }

    /// Applies an entry that must succeed, and returns its index.
    fn done(&mut self, entry: &Entry) -> u64 {
        let outcome = self.outcome(entry);
        assert!(!matches!(outcome, Outcome::Error(_)), "{entry:?} was refused: {outcome:?}");
        self.index
    }

    fn refused(&mut self, entry: &Entry) -> String {
        let before = self.tables.clone();
        let applied = self.apply(entry);
        assert!(applied.changes.is_empty() && self.tables == before, "a refused entry changed something");
        match applied.outcome {
            Outcome::Error(text) => text.to_string(),
            other => panic!("{entry:?} was not refused: {other:?}"),
        }
    }
}

fn text(text: &str) -> GoStr {
    GoStr::from(text)
}

fn kvs(op: KvOp, dir_ent: DirEntry) -> Entry {
    Entry::Kvs(Box::new(KvsRequest { op, dir_ent, ..KvsRequest::default() }))
}

fn entry(key: &str, value: &'static str) -> DirEntry {
    DirEntry { key: text(key), value: Some(value.into()), ..DirEntry::default() }
}

fn set(key: &str, value: &'static str) -> Entry {
    kvs(KvOp::Set, entry(key, value))
}

fn delete(key: &str) -> Entry {
    kvs(KvOp::Delete, entry(key, ""))
}

fn delete_tree(prefix: &str) -> Entry {
    kvs(KvOp::DeleteTree, entry(prefix, ""))
}

/// The entry with the modify index that a conditional change compares.
fn at(index: u64, entry: DirEntry) -> DirEntry {
    DirEntry { raft_index: RaftIndex { modify_index: index, ..RaftIndex::default() }, ..entry }
}

/// The entry in the name of a session.
fn held(session: &str, entry: DirEntry) -> DirEntry {
    DirEntry { session: text(session), ..entry }
}

fn session(id: &str, node: &str) -> Session {
    Session { id: text(id), node: text(node), ..Session::default() }
}

fn create(session: Session) -> Entry {
    Entry::Session(Box::new(SessionRequest { op: SessionOp::Create, session, ..SessionRequest::default() }))
}

fn destroy(id: &str) -> Entry {
    Entry::Session(Box::new(SessionRequest {
        op: SessionOp::Destroy,
        session: session(id, ""),
        ..SessionRequest::default()
    }))
}

fn node(name: &str) -> RegisterRequest {
    RegisterRequest { node: text(name), address: text("10.1.2.3"), ..RegisterRequest::default() }
}

fn service(name: &str) -> NodeService {
    NodeService { id: text(name), service: text(name), ..NodeService::default() }
}

fn with_service(node: RegisterRequest, service: NodeService) -> RegisterRequest {
    RegisterRequest { service: Some(service), ..node }
}

fn with_check(node: RegisterRequest, id: &str, service_id: &str, status: &str) -> RegisterRequest {
    let check = HealthCheck {
        node: node.node.clone(),
        check_id: text(id),
        service_id: text(service_id),
        status: text(status),
        ..HealthCheck::default()
    };
    RegisterRequest { check: Some(check), ..node }
}

fn register(request: RegisterRequest) -> Entry {
    Entry::Register(Box::new(request))
}

fn deregister(node: &str, service_id: &str, check_id: &str) -> Entry {
    Entry::Deregister(Box::new(DeregisterRequest {
        node: text(node),
        service_id: text(service_id),
        check_id: text(check_id),
        ..DeregisterRequest::default()
    }))
}
