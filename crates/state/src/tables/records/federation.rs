//! How datacenters reach each other. Source: `federation_state.go`.

use proconsul_structs::federation::{FederationState, FederationStateOp, FederationStateRequest};
use proconsul_types::WireText;

use super::{Record, refused};
use crate::Outcome;
use crate::tables::transaction::Transaction;

impl Transaction<'_> {
    pub(super) fn apply_federation_state(&mut self, request: &FederationStateRequest) -> Result<Outcome, WireText> {
        let Some(state) = &request.state else { return Err(refused("missing federation state")) };
        match &request.op {
            FederationStateOp::Upsert => {
                let mut state = (**state).clone();
                if state.datacenter.is_empty() {
                    return Err(refused("missing datacenter on federation state"));
                }
                if state.primary_modify_index == 0 {
                    state.primary_modify_index = self.index;
                }
                self.store_record(state).map_err(|cause| refused(cause.to_string()))?;
                Ok(Outcome::Bool(true))
            }
            FederationStateOp::Delete => {
                if let Ok(key) = FederationState::key_of(&[&state.datacenter]) {
                    self.remove_record::<FederationState>(key);
                }
                Ok(Outcome::Nothing)
            }
            other => Err(refused(format!("invalid federation state operation type: {other}"))),
        }
    }
}
