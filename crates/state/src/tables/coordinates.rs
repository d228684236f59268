//! Where nodes are in the network.

use super::transaction::Transaction;
use crate::Outcome;
use proconsul_structs::coordinate::Coordinate;
use proconsul_types::WireText;

impl Transaction<'_> {
    pub(super) fn move_nodes(&mut self, _: &[Coordinate]) -> Result<Outcome, WireText> {
        Err(WireText::other("coordinates are not built"))
    }
}
