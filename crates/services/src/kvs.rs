//! KVS: keys and values.
use std::{collections::HashSet, marker::PhantomData, sync::Arc};

use proconsul_msgpack::GoStr;
use proconsul_netrpc::{Fault, Registry};
use proconsul_state::{Entry, Outcome, WatchSet};
use proconsul_structs::{
    Method,
    kvs::{DirEntry, IndexedDirEntries, IndexedKeyList, KeyListRequest, KeyRequest, KvOp, KvsRequest},
    methods::kvs::{Apply, Get, List, ListKeys},
    query::QueryMeta,
};
use proconsul_types::{WireText, metric};

use crate::{
    Access, Caller, Context, Rights, View,
    blocking::{Found, Query, query},
    echo::repeating,
    timed::Timed,
    write::{Refused, Write},
};

pub(crate) fn register(registry: &mut Registry, context: &Arc<Context>) {
    registry.insert(Get::INDEX, query(context, GetKey));
    registry.insert(List::INDEX, query(context, ListEntries));
    registry.insert(ListKeys::INDEX, query(context, ListNames));
    registry.insert(
        Apply::INDEX,
        Timed::new(
            &metric::KVS_APPLY,
            Write {
                context: Arc::clone(context),
                prepare: prepare_apply,
                finish: finish_apply,
                method: PhantomData::<fn(Apply)>,
            },
        ),
    );
}

/// Checks what is checked before the log: the log itself refuses the rest, in words of its own.
fn prepare_apply(caller: Caller<'_>, request: KvsRequest) -> Result<Entry, Refused<bool>> {
    if vet(caller, &request.op, &request.dir_ent.key).map_err(Err)? {
        Ok(Entry::Kvs(Box::new(request)))
    } else {
        Err(Ok(false))
    }
}

/// Whether something may be done to a key, as a request of its own or as a step of a transaction: false if the key cannot be
/// locked yet. That is asked here and not in the log, which has no time: only the leader's own counts.
///
/// # Errors
/// No key, no such verb, or no right. What only reads is filtered in what it gives.
pub(crate) fn vet(Caller { context, rights }: Caller<'_>, verb: &KvOp, key: &GoStr) -> Result<bool, Fault> {
    if key.is_empty() && *verb != KvOp::DeleteTree {
        return Err(WireText::MUST_PROVIDE_KEY.into());
    }
    match verb {
        KvOp::DeleteTree => rights.demand(Access::KeyWritePrefix(key)),
        KvOp::Get | KvOp::GetTree | KvOp::GetOrEmpty => Ok(()),
        KvOp::CheckSession | KvOp::CheckIndex => rights.demand(Access::KeyRead(key)),
        KvOp::CheckNotExists | KvOp::Unlock | KvOp::Lock | KvOp::Cas | KvOp::DeleteCas | KvOp::Delete | KvOp::Set => {
            rights.demand(Access::KeyWrite(key))
        }
        KvOp::Unknown(verb) => Err(repeating(&WireText::unknown_kv_operation(&verb.to_str_lossy()), verb)),
    }?;
    let is_delayed = *verb == KvOp::Lock && context.session_clock.is_delayed(key);
    if is_delayed {
        tracing::debug!("a key is not locked, since its last holder's lock delay is not over");
    }
    Ok(!is_delayed)
}

/// A change that was conditional tells whether it took place; any other answers false.
fn finish_apply(outcome: Outcome) -> Result<bool, Fault> {
    match outcome {
        Outcome::Bool(changed) => Ok(changed),
        Outcome::Error(cause) => Err(WireText::raft_apply_failed(&cause).into()),
        _ => Ok(false),
    }
}

struct GetKey;

impl Query for GetKey {
    type Method = Get;

    fn evaluate(
        &self,
        View { at, rights, .. }: View<'_>,
        request: &KeyRequest,
        watches: &mut WatchSet,
    ) -> Result<Found<IndexedDirEntries>, Fault> {
        let read = at.kv_get(&request.key, watches).map_err(WireText::from)?;
        rights.demand(Access::KeyRead(&request.key))?;
        let reply = IndexedDirEntries {
            entries: read.entry.map(|entry| vec![DirEntry::clone(entry)]),
            query_meta: meta(read.index()),
        };
        Ok(Found { something: read.entry.is_some(), also: None, reply })
    }
}

struct ListEntries;

impl Query for ListEntries {
    type Method = List;

    fn evaluate(
        &self,
        View { at, rights, .. }: View<'_>,
        request: &KeyRequest,
        watches: &mut WatchSet,
    ) -> Result<Found<IndexedDirEntries>, Fault> {
        let (index, mut entries) = at.kv_list(&request.key, watches);
        let filtered = readable(rights, &mut entries);
        let entries: Vec<DirEntry> = entries.iter().map(|entry| DirEntry::clone(entry)).collect();
        let query_meta = QueryMeta { results_filtered_by_acls: filtered, ..meta(index) };
        let reply = IndexedDirEntries { entries: some(entries), query_meta };
        Ok(Found { something: true, also: None, reply })
    }
}

struct ListNames;

impl Query for ListNames {
    type Method = ListKeys;

    fn evaluate(
        &self,
        View { at, rights, .. }: View<'_>,
        request: &KeyListRequest,
        watches: &mut WatchSet,
    ) -> Result<Found<IndexedKeyList>, Fault> {
        let (index, mut entries) = at.kv_list(&request.prefix, watches);
        let filtered = readable(rights, &mut entries);
        let (prefix, separator) = (request.prefix.as_bytes().len(), request.separator.as_bytes());
        let mut seen = HashSet::new();
        let names = entries.iter().filter_map(|entry| match cut(&entry.key, prefix, separator) {
            None => Some(entry.key.clone()),
            Some(name) => seen.insert(name.clone()).then_some(name),
        });
        let query_meta = QueryMeta { results_filtered_by_acls: filtered, ..meta(index) };
        let reply = IndexedKeyList { keys: some(names.collect()), query_meta };
        Ok(Found { something: true, also: None, reply })
    }
}

/// Leaves the entries that the caller may read. True if there were others.
fn readable(rights: &Rights, entries: &mut Vec<Arc<DirEntry>>) -> bool {
    rights.filter(entries, |rights, entry| rights.allows(Access::KeyRead(&entry.key)))
}

/// The name up to and with the first separator behind the prefix; `None` where there is none, or no separator is given.
fn cut(key: &GoStr, prefix: usize, separator: &[u8]) -> Option<GoStr> {
    let rest = key.as_bytes().get(prefix..).filter(|_| !separator.is_empty())?;
    let at = rest.windows(separator.len()).position(|window| window == separator)?;
    Some(GoStr::from(&key.as_bytes()[..prefix + at + separator.len()]))
}

/// A list as Go would answer it: nil when there is nothing in it.
fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}

fn meta(index: u64) -> QueryMeta {
    QueryMeta { index, ..QueryMeta::default() }
}
