//! Sessions: claims on keys that end with the health of their holder.

use super::transaction::Transaction;
use crate::Outcome;
use proconsul_structs::session::SessionRequest;
use proconsul_types::WireText;

impl Transaction<'_> {
    pub(super) fn apply_session(&mut self, _: &SessionRequest) -> Result<Outcome, WireText> {
        Err(WireText::other("sessions are not built"))
    }
}
