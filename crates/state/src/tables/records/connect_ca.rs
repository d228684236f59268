//! The mesh's authority: what is trusted, how it is configured, what its providers keep. Source: `connect_ca.go`.

use std::collections::BTreeMap;
use std::sync::Arc;

use proconsul_structs::connect_ca::{
    CaConfiguration, CaConsulProviderState, CaLeafOp, CaLeafRequest, CaOp, CaRequest, CaRoot,
};
use proconsul_structs::raft::RaftIndex;
use proconsul_types::WireText;

use super::{CA_LEAF_INDEX, CA_SERIAL_INDEX, Record, refused};
use crate::Outcome;
use crate::radix::Radix;
use crate::tables::transaction::Transaction;
use crate::watch::{Change, RecordTable};

const ROOTS: &str = "connect-ca-roots";
const BUILTIN: &str = "connect-ca-builtin";

impl Transaction<'_> {
    pub(super) fn apply_connect_ca(&mut self, request: &CaRequest) -> Result<Outcome, WireText> {
        let config = || request.config.as_ref().ok_or_else(|| refused("missing CA configuration"));
        let state = || request.provider_state.as_ref().ok_or_else(|| refused("missing CA provider state"));
        match &request.op {
            CaOp::SetConfig => match config()? {
                config if config.raft_index.modify_index != 0 => self.check_and_set_ca_config(config),
                config => self.set_ca_config(config).map(|()| Outcome::Nothing),
            },
            CaOp::SetRoots => self.set_ca_roots(request).map(Outcome::Bool),
            CaOp::SetProviderState => {
                let text = |cause| refused(format!("failed updating built-in CA state: {cause}"));
                self.store_record(state()?.clone()).map_err(text)?;
                Ok(Outcome::Bool(true))
            }
            CaOp::DeleteProviderState => {
                if let Ok(key) = CaConsulProviderState::key_of(&[&state()?.id]) {
                    self.remove_record::<CaConsulProviderState>(key);
                }
                Ok(Outcome::Bool(true))
            }
            CaOp::SetRootsAndConfig => {
                let config = config()?;
                if !self.set_ca_roots(request)? {
                    return Ok(Outcome::Bool(false));
                }
                self.check_and_set_ca_config(config)
            }
            CaOp::IncrementProviderSerialNumber => Ok(Outcome::Number(self.next_serial())),
            other => Err(refused(format!("Invalid CA operation '{other}'"))),
        }
    }

    pub(super) fn apply_ca_leaf(&mut self, request: &CaLeafRequest) -> Result<Outcome, WireText> {
        if request.op != CaLeafOp::IncrementIndex {
            return Err(refused(format!("Invalid CA operation '{}'", request.op)));
        }
        self.tables.indexes.raise(CA_LEAF_INDEX, self.index);
        Ok(Outcome::Number(self.index))
    }

    fn check_and_set_ca_config(&mut self, config: &CaConfiguration) -> Result<Outcome, WireText> {
        let held = self.stored::<CaConfiguration>(&[]).ok().flatten().map_or(0, |held| held.raft_index.modify_index);
        if held != config.raft_index.modify_index {
            return Err(refused("ModifyIndex did not match existing"));
        }
        self.set_ca_config(config).map(|()| Outcome::Bool(true))
    }

    fn set_ca_config(&mut self, config: &CaConfiguration) -> Result<(), WireText> {
        let mut config = config.clone();
        if let Ok(Some(held)) = self.stored::<CaConfiguration>(&[])
            && config.cluster_id.is_empty()
        {
            config.cluster_id = held.cluster_id.clone();
        }
        self.store_record(config).map_err(|cause| refused(format!("failed updating CA config: {cause}")))
    }

    /// Replaces all roots, if their index is still the one given.
    fn set_ca_roots(&mut self, request: &CaRequest) -> Result<bool, WireText> {
        let roots = || request.roots.iter().flatten();
        if roots().filter(|root| root.active).count() != 1 {
            return Err(refused("there must be exactly one active CA"));
        }
        if self.tables.indexes.named(ROOTS) != request.index {
            // Consul says here that it has stored them, though it has not.
            return Ok(true);
        }
        let mut next = Radix::new();
        for root in roots() {
            let key = root.key().map_err(|_| refused("Missing CA Root ID"))?;
            let old = self.tables.records.ca_roots.get(&key);
            let create_index = old.map_or(self.index, |old| old.raft_index.create_index);
            let raft_index = RaftIndex { create_index, modify_index: self.index };
            next.insert(&key, Arc::new(CaRoot { raft_index, ..(**root).clone() }));
        }
        let old = std::mem::replace(&mut self.tables.records.ca_roots, next.clone());
        let ids: BTreeMap<_, ()> = old.values().chain(next.values()).map(|root| (root.id.clone(), ())).collect();
        for id in ids.into_keys() {
            self.changes.note(Change::Record(RecordTable::CaRoots, id));
        }
        self.tables.indexes.raise(ROOTS, self.index);
        Ok(true)
    }

    /// The serial number of the next certificate.
    fn next_serial(&mut self) -> u64 {
        let last = match self.tables.indexes.named(CA_SERIAL_INDEX) {
            0 => self.tables.indexes.named(BUILTIN),
            last => last,
        };
        let next = last.saturating_add(1);
        self.tables.indexes.set(CA_SERIAL_INDEX.as_bytes(), next);
        next
    }
}
