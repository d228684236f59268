//! `service-splitter`: which share of a service's requests goes where.

use proconsul_msgpack::{GoStr, Rest, Wire};

use super::ConfigEntryKind;
use crate::{List, Map, raft::RaftIndex};

/// `service-splitter`: which share of a service's HTTP requests goes where, under the service's name.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct ServiceSplitter {
    /// `service-splitter`.
    pub kind: ConfigEntryKind,
    /// The service.
    pub name: GoStr,
    /// The shares. Their weights add up to 100.
    pub splits: List<ServiceSplit>,
    /// Metadata.
    pub meta: Map<GoStr>,
    /// A digest of its content, which the server makes. Zero: none made yet.
    pub hash: u64,
    /// When it was created and last changed.
    #[wire(embed)]
    pub raft_index: RaftIndex,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// One share, and where it goes.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct ServiceSplit {
    /// The share in percent, in steps of 0.01.
    pub weight: f32,
    /// The service. Empty: the splitter's own.
    pub service: GoStr,
    /// A subset of it. Empty: its default one.
    pub service_subset: GoStr,
    /// Its namespace. Empty here always.
    pub namespace: GoStr,
    /// Its partition. Empty here always.
    pub partition: GoStr,
    /// Changes to the request's header.
    pub request_headers: Option<HttpHeaderModifiers>,
    /// Changes to the answer's header.
    pub response_headers: Option<HttpHeaderModifiers>,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// Changes to the header of an HTTP request or answer.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpHeaderModifiers {
    /// Fields to add, beside any of the same name.
    pub add: Map<GoStr>,
    /// Fields to put in place of any of the same name.
    pub set: Map<GoStr>,
    /// Names of fields to take out.
    pub remove: List<GoStr>,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}
