//! How the autopilot works. Source: `autopilot.go`.

use proconsul_structs::operator::{AutopilotConfig, AutopilotSetConfigRequest};
use proconsul_types::WireText;

use super::refused;
use crate::Outcome;
use crate::tables::transaction::Transaction;

impl Transaction<'_> {
    pub(super) fn apply_autopilot(&mut self, request: &AutopilotSetConfigRequest) -> Result<Outcome, WireText> {
        let held = self.stored::<AutopilotConfig>(&[]).ok().flatten().map(|held| held.raft_index.modify_index);
        if request.cas && held != Some(request.config.raft_index.modify_index) {
            return Ok(Outcome::Bool(false));
        }
        self.store_record(request.config.clone()).map_err(|cause| refused(cause.to_string()))?;
        Ok(if request.cas { Outcome::Bool(true) } else { Outcome::Nothing })
    }
}
