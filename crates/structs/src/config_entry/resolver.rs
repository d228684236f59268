//! `service-resolver`: which instances a service's name stands for.

use proconsul_msgpack::{GoStr, Rest, Wire};

use super::{ConfigEntryKind, LoadBalancer};
use crate::{GoDuration, List, Map, raft::RaftIndex, text_set::text_set};

/// `service-resolver`: which instances a service's name stands for, under that name.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct ServiceResolver {
    /// `service-resolver`.
    pub kind: ConfigEntryKind,
    /// The service.
    pub name: GoStr,
    /// The subset that is meant where none is named. Empty: all instances.
    pub default_subset: GoStr,
    /// Parts of its instances, by name. Names are labels of host names.
    pub subsets: Map<ServiceResolverSubset>,
    /// What it stands for instead. Excludes everything below but metadata.
    pub redirect: Option<ServiceResolverRedirect>,
    /// Where to go when no instance is healthy, by subset; `*` is for all others.
    pub failover: Map<ServiceResolverFailover>,
    /// Whether near instances go first. Only where the edition has it.
    pub prioritize_by_locality: Option<PrioritizeByLocality>,
    /// How long making a connection may take. Zero: 5 s.
    pub connect_timeout: GoDuration,
    /// How long a request may take. Zero: 15 s.
    pub request_timeout: GoDuration,
    /// How callers choose among the instances.
    pub load_balancer: Option<LoadBalancer>,
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

/// A part of a service's instances.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceResolverSubset {
    /// Filter expression that instances must match. Empty: all do.
    pub filter: GoStr,
    /// Leave out instances with a check that warns, too.
    pub only_passing: bool,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// What a service's name stands for instead. Something of it is set.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceResolverRedirect {
    /// The service. Empty: the same.
    pub service: GoStr,
    /// A subset of it. Empty: its default one.
    pub service_subset: GoStr,
    /// Its namespace. Empty here always.
    pub namespace: GoStr,
    /// Its partition. Empty here always.
    pub partition: GoStr,
    /// Its datacenter. Empty: the same.
    pub datacenter: GoStr,
    /// Its peered cluster. Empty: our own.
    pub peer: GoStr,
    /// Its group of clusters, asked in turn. Only where the edition has it.
    pub sameness_group: GoStr,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// Where to go when no instance is healthy.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct ServiceResolverFailover {
    /// The service. Empty: the same.
    pub service: GoStr,
    /// A subset of it. Empty: its default one.
    pub service_subset: GoStr,
    /// Its namespace. Empty here always.
    pub namespace: GoStr,
    /// Datacenters to try in turn. Excludes `targets`.
    pub datacenters: List<GoStr>,
    /// Targets to try in turn. Excludes what is above.
    pub targets: List<ServiceResolverFailoverTarget>,
    /// How to choose among them. Only where the edition has it.
    pub policy: Option<FailoverPolicy>,
    /// A group of clusters to try in turn. Only where the edition has it.
    pub sameness_group: GoStr,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

/// One target of a failover. Something of it is set.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceResolverFailoverTarget {
    /// The service. Empty: the same.
    pub service: GoStr,
    /// A subset of it. Empty: its default one.
    pub service_subset: GoStr,
    /// Its partition. Empty here always.
    pub partition: GoStr,
    /// Its namespace. Empty here always.
    pub namespace: GoStr,
    /// Its datacenter. Empty: the same.
    pub datacenter: GoStr,
    /// Its peered cluster. Empty: our own.
    pub peer: GoStr,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

text_set! {
    /// How a failover chooses among its targets.
    pub enum FailoverMode {
        /// Not said: one after the other.
        Unset = "",
        /// One after the other.
        Sequential = "sequential",
        /// The nearest first.
        OrderByLocality = "order-by-locality",
    }
}

/// How a failover chooses among its targets.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct FailoverPolicy {
    /// In which order.
    pub mode: FailoverMode,
    /// Regions to choose from, in order.
    pub regions: List<GoStr>,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}

text_set! {
    /// Whether near instances go before others.
    pub enum LocalityMode {
        /// Not said: they do not.
        Unset = "",
        /// They do not.
        None = "none",
        /// They do; others take over when none of them is healthy.
        Failover = "failover",
    }
}

/// Whether near instances go before others.
#[derive(Wire, Clone, Debug, Default, PartialEq, Eq)]
pub struct PrioritizeByLocality {
    /// In which way.
    pub mode: LocalityMode,
    /// What a newer peer says and this program does not know.
    #[wire(rest)]
    pub rest: Rest,
}
