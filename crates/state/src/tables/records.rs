//! What is stored as it comes.

use super::transaction::Transaction;
use crate::{Entry, Outcome};
use proconsul_types::WireText;

impl Transaction<'_> {
    pub(super) fn apply_record(&mut self, _: &Entry) -> Result<Outcome, WireText> {
        Err(WireText::other("records are not built"))
    }
}
