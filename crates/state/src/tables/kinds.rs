//! Which names services of each kind have. Only local ones are told apart: what is imported has no such table in Consul.
//!
//! A name is listed under a kind while some instance has both, and under [`ServiceKind::ConnectEnabled`] while the mesh
//! can reach it, and under [`ServiceKind::Destination`] while its settings say that it is one. (Consul strikes a name off when its last instance of any kind is removed, and forgets to when the
//! instance takes another name.) Source: `catalog.go`.

use super::Tables;
use super::keys::compose;
use super::transaction::{Transaction, folded};
use crate::radix::Radix;
use crate::watch::{Change, Watch, WatchSet};
use proconsul_msgpack::GoStr;
use proconsul_structs::raft::RaftIndex;
use proconsul_structs::service::ServiceKind;
use std::sync::Arc;

/// One name of a kind.
#[derive(Clone, Debug, PartialEq)]
pub struct KindName {
    /// The kind.
    pub kind: ServiceKind,
    /// The name, as the first of its instances spelled it.
    pub name: GoStr,
    /// When it came to be listed.
    pub raft_index: RaftIndex,
}

/// Names by kind and folded name.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct KindNames(Radix<Arc<KindName>>);

impl KindNames {
    /// Every name of every kind.
    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<KindName>> {
        self.0.values()
    }
}

impl Tables {
    /// The names of one kind, in order of folded names. Watches them. The index is the kind's; zero if it never had one.
    pub fn names_of_kind(&self, kind: &ServiceKind, watches: &mut WatchSet) -> (u64, Vec<Arc<KindName>>) {
        let word = GoStr::from(kind);
        watches.add(|| Watch::kind_names(&word));
        let names = self.kind_names.0.values_below(&compose(&[&word])).cloned().collect();
        (self.indexes.kind_names(&index_word(kind)), names)
    }

    /// How a name of a kind is spelled, if the kind has it.
    pub(super) fn spelled(&self, kind: &ServiceKind, name: &[u8]) -> Option<GoStr> {
        self.kind_names.0.get(&compose(&[&GoStr::from(kind), name])).map(|row| row.name.clone())
    }
}

#[cfg(test)]
impl Tables {
    /// The same, as if names had always been there.
    pub(crate) fn without_kind_indexes(&self) -> Tables {
        let mut tables = self.clone();
        let mut names = KindNames::default();
        for name in self.kind_names.all() {
            let always = KindName { raft_index: RaftIndex::default(), ..KindName::clone(name) };
            names.0.insert(&compose(&[&GoStr::from(&name.kind), &name.name]), Arc::new(always));
        }
        *tables.kind_names = names;
        tables
    }
}

impl Transaction<'_> {
    /// A name of a kind has an instance.
    pub(super) fn add_kind_name(&mut self, kind: &ServiceKind, name: &GoStr) {
        let key = compose(&[&GoStr::from(kind), name]);
        if self.tables.kind_names.0.contains(&key) {
            return;
        }
        let raft_index = RaftIndex { create_index: self.index, modify_index: self.index };
        let row = KindName { kind: kind.clone(), name: name.clone(), raft_index };
        self.tables.kind_names.0.insert(&key, Arc::new(row));
        self.touch_kind_names(kind);
    }

    /// The last instance of a name of a kind is gone.
    pub(super) fn remove_kind_name(&mut self, kind: &ServiceKind, name: &GoStr) {
        if self.tables.kind_names.0.remove(&compose(&[&GoStr::from(kind), name])).is_some() {
            self.touch_kind_names(kind);
        }
    }

    fn touch_kind_names(&mut self, kind: &ServiceKind) {
        self.tables.indexes.touch_kind_names(&index_word(kind), self.index);
        self.changes.note(Change::KindNames(folded(&GoStr::from(kind))));
    }
}

/// A kind's word in the names of indexes, where a typical service has one too.
pub(super) fn index_word(kind: &ServiceKind) -> GoStr {
    match kind {
        ServiceKind::Typical => GoStr::from_static("typical"),
        other => GoStr::from(other),
    }
}
