//! Several steps that take place together or not at all.

use super::transaction::Transaction;
use crate::Outcome;
use proconsul_structs::txn::TxnRequest;
use proconsul_types::WireText;

impl Transaction<'_> {
    pub(super) fn apply_txn(&mut self, _: &TxnRequest) -> Result<Outcome, WireText> {
        Err(WireText::other("transactions are not built"))
    }
}
