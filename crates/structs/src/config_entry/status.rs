//! What has become of an entry that refers to others: kept by the servers, for people to read.

use proconsul_msgpack::{GoStr, Rest, Time, Wire};

use super::ConfigEntryKind;
use crate::{List, text_set::text_set};

/// What has become of a gateway or route. Servers write it; what a client puts there does not count.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct Status {
    /// What holds of it, and what does not.
    pub conditions: List<Condition>,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

text_set! {
    /// Whether a condition holds.
    pub enum ConditionStatus {
        /// It does.
        True = "True",
        /// It does not.
        False = "False",
        /// Nobody knows yet.
        Undetermined = "Unknown",
    }
}

/// Something that may hold of a gateway or route, or of one thing it refers to.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct Condition {
    /// What: `Accepted`, `Conflicted`, `ResolvedRefs` of a gateway; `Accepted`, `Bound` of a route.
    #[wire("Type")]
    pub condition: GoStr,
    /// Whether it holds.
    pub status: ConditionStatus,
    /// Why, as a word for programs: `InvalidCertificates`.
    pub reason: GoStr,
    /// Why, for people.
    pub message: GoStr,
    /// What it is about. Nil: the entry itself.
    pub resource: Option<ResourceReference>,
    /// Since when.
    pub last_transition_time: Option<Time>,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// Another entry, or a part of one.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceReference {
    /// Kind of the entry.
    pub kind: ConfigEntryKind,
    /// Its name.
    pub name: GoStr,
    /// Part of it: of a gateway, the listener. Empty: all of it.
    pub section_name: GoStr,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}
