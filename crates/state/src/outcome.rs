//! What became of an entry.

use crate::watch::Changes;
use proconsul_types::WireText;

/// What an apply answers to whoever proposed the entry. All servers get the same from the same log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done, and there is nothing to tell.
    Nothing,
    /// Whether a conditional change took place.
    Bool(bool),
    /// Refused: nothing changed. The text is Consul's own, without the words that an endpoint puts in front.
    Error(WireText),
}

/// Everything that one apply yields beside the new tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The answer to whoever proposed the entry.
    pub outcome: Outcome,
    /// What changed, for those who wait. Empty when nothing did.
    pub changes: Changes,
}
