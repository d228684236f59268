//! What servers remember of themselves. Source: `system_metadata.go`.

use proconsul_structs::system_metadata::{SystemMetadataEntry, SystemMetadataOp, SystemMetadataRequest};
use proconsul_types::WireText;

use super::{Record, refused};
use crate::Outcome;
use crate::tables::transaction::Transaction;

impl Transaction<'_> {
    pub(super) fn apply_system_metadata(&mut self, request: &SystemMetadataRequest) -> Result<Outcome, WireText> {
        let Some(entry) = &request.entry else { return Err(refused("missing system metadata")) };
        match &request.op {
            SystemMetadataOp::Upsert => {
                if entry.key.is_empty() {
                    return Err(refused("missing key on system metadata"));
                }
                self.store_record(entry.clone()).map_err(|cause| refused(cause.to_string()))?;
                Ok(Outcome::Bool(true))
            }
            SystemMetadataOp::Delete => {
                if let Ok(key) = SystemMetadataEntry::key_of(&[&entry.key]) {
                    self.remove_record::<SystemMetadataEntry>(key);
                }
                Ok(Outcome::Nothing)
            }
            other => Err(refused(format!("invalid system metadata operation type: {other}"))),
        }
    }
}
