//! Steps on keys.

use super::{Failure, Results};
use crate::Outcome;
use crate::tables::Tables;
use crate::tables::transaction::Transaction;
use crate::watch::WatchSet;
use proconsul_msgpack::GoStr;
use proconsul_structs::kvs::{DirEntry, KvOp, KvsRequest};
use proconsul_structs::txn::TxnResult;
use proconsul_types::{GoQuoted, WireText};

impl Transaction<'_> {
    pub(super) fn key_step(&mut self, verb: &KvOp, entry: &DirEntry, results: &mut Results) -> Result<(), Failure> {
        match verb {
            KvOp::Set | KvOp::Cas | KvOp::Lock | KvOp::Unlock => {
                self.write(verb, entry)?;
                match self.tables.entry(&entry.key)? {
                    Some(stored) => results.push(shown(without_value(&stored))),
                    None => Ok(()),
                }
            }
            KvOp::Delete | KvOp::DeleteCas | KvOp::DeleteTree => self.write(verb, entry),
            reading => self.tables.read_key(reading, entry, results),
        }
    }

    /// Changes keys as a request of its own would; a condition that is not met is an error here.
    fn write(&mut self, verb: &KvOp, entry: &DirEntry) -> Result<(), Failure> {
        let request = KvsRequest { op: verb.clone(), dir_ent: entry.clone(), ..KvsRequest::default() };
        match self.apply_kvs(&request)? {
            Outcome::Bool(false) => Err(unmet(verb, &entry.key).into()),
            _ => Ok(()),
        }
    }
}

impl Tables {
    fn entry(&self, key: &GoStr) -> Result<Option<DirEntry>, WireText> {
        let read = self.kv_get(key, &mut WatchSet::off())?;
        Ok(read.entry.map(|entry| DirEntry::clone(entry)))
    }

    fn read_key(&self, verb: &KvOp, wanted: &DirEntry, results: &mut Results) -> Result<(), Failure> {
        let shown_key = wanted.key.to_str_lossy();
        let key = GoQuoted(&shown_key);
        if *verb == KvOp::GetTree {
            return self.kv_below(&wanted.key).try_for_each(|entry| results.push(shown(DirEntry::clone(entry))));
        }
        match (verb, self.entry(&wanted.key)?) {
            (KvOp::Get | KvOp::GetOrEmpty, Some(entry)) => results.push(shown(entry)),
            (KvOp::Get, None) => Err(WireText::txn_key_missing(key).into()),
            (KvOp::GetOrEmpty, None) => results.push(shown(without_value(wanted))),
            (KvOp::CheckSession, None) => Err(WireText::txn_no_key_to_check("session", key).into()),
            (KvOp::CheckSession, Some(entry)) if entry.session != wanted.session => {
                let (held, asked) = (entry.session.to_str_lossy(), wanted.session.to_str_lossy());
                Err(WireText::txn_other_session(key, GoQuoted(&held), GoQuoted(&asked)).into())
            }
            (KvOp::CheckIndex, None) => Err(WireText::txn_no_key_to_check("index", key).into()),
            (KvOp::CheckIndex, Some(entry)) if entry.raft_index.modify_index != wanted.raft_index.modify_index => {
                let (held, asked) = (entry.raft_index.modify_index, wanted.raft_index.modify_index);
                Err(WireText::txn_other_index(key, held, asked).into())
            }
            (KvOp::CheckSession | KvOp::CheckIndex, Some(entry)) => results.push(shown(without_value(&entry))),
            (KvOp::CheckNotExists, Some(_)) => Err(WireText::txn_key_exists(key).into()),
            (KvOp::CheckNotExists, None) => Ok(()),
            (unknown, _) => Err(WireText::txn_unknown_verb("KV", GoQuoted(&unknown.to_string())).into()),
        }
    }
}

/// Why a write that depends on something did not take place.
fn unmet(verb: &KvOp, key: &GoStr) -> WireText {
    let key = key.to_str_lossy();
    let key = GoQuoted(&key);
    match verb {
        KvOp::Lock => WireText::txn_lock_held(key),
        KvOp::Unlock => WireText::txn_lock_not_held(key),
        KvOp::DeleteCas => WireText::txn_stale_key("delete", key),
        _ => WireText::txn_stale_key("set", key),
    }
}

fn without_value(entry: &DirEntry) -> DirEntry {
    DirEntry { value: None, ..entry.clone() }
}

fn shown(entry: DirEntry) -> TxnResult {
    TxnResult { kv: Some(entry), ..TxnResult::default() }
}
