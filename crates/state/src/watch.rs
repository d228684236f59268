//! What a parked query waits for, and who waits for what just changed.
//!
//! A read says what its answer depends on as a few [`Watch`]es; a write says what it touched as [`Changes`]; a
//! [`WatchIndex`] brings the two together without looking at any watch that is not concerned.

mod changes;
mod hash;
mod index;
#[cfg(test)]
mod tests;

pub use changes::{Change, Changes};
pub use index::{WatchIndex, WatchKey};

use crate::fold::fold;
use crate::peer::{Peer, PeeredName};
use proconsul_msgpack::GoStr;

/// One thing that an answer can depend on.
///
/// Names of nodes and services are looked up without regard to case, as Consul does; the constructors fold them, so
/// make a watch with [`Watch::node`], [`Watch::service`] and their like. Keys are bytes and are taken as they are.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Watch {
    /// One key of the KV store.
    Key(GoStr),
    /// Every key of the KV store that begins so.
    Prefix(GoStr),
    /// The instances of one service, connect proxies for it included, with their nodes' facts.
    Service(PeeredName),
    /// The same with all checks that count for them: their own, and those of their nodes.
    Health(PeeredName),
    /// What the mesh reaches under one name, its proxies and native instances, with all checks that count for them.
    Connect(PeeredName),
    /// The checks that name one service as theirs.
    ServiceChecks(PeeredName),
    /// Which service instances exist, and what each says. By the peer's name, as in all that follows.
    AllServices(GoStr),
    /// One node's record and the services on it.
    Node(PeeredName),
    /// The checks of one node, those of its services included.
    NodeChecks(PeeredName),
    /// Every node's record.
    Nodes(GoStr),
    /// Every check.
    Checks(GoStr),
    /// The checks in one state.
    ChecksInState(PeeredName),
    /// One session, by its id.
    Session(GoStr),
    /// The sessions of one node.
    NodeSessions(GoStr),
    /// Every session.
    Sessions,
    /// The coordinates of one node.
    NodeCoordinates(GoStr),
    /// Every coordinate.
    Coordinates,
    /// Which names services of one kind have; by the kind's name.
    KindNames(GoStr),
    /// The services of one kind with all checks that count for them; by the kind's name.
    ServiceKind(PeeredName),
    /// What one gateway serves, or which gateways serve one service: by either's name.
    GatewayServices(GoStr),
    /// What every gateway serves.
    AllGatewayServices,
    /// One record of a table that stores records as they come.
    Record(RecordTable, GoStr),
    /// Every record of such a table.
    Records(RecordTable),
    /// Every resource whose place in the table begins so: [`ResourceQuery::watch`](crate::ResourceQuery::watch).
    Resources(GoStr),
    /// What the servers count of all they store: `Operator.Usage`.
    Usage,
}

/// A table that stores records as they come, each under a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RecordTable {
    /// Prepared queries by id.
    PreparedQueries,
    /// Config entries by kind and name.
    ConfigEntries,
    /// Tokens by accessor id.
    AclTokens,
    /// Policies by id.
    AclPolicies,
    /// Roles by id.
    AclRoles,
    /// Binding rules by id.
    AclBindingRules,
    /// Auth methods by name.
    AclAuthMethods,
    /// Intentions of the older form by id.
    Intentions,
    /// Roots of the mesh's authority by id.
    CaRoots,
    /// The authority's configuration, and what its providers keep.
    CaState,
    /// How datacenters reach each other, by datacenter.
    FederationStates,
    /// What servers remember of themselves, by key.
    SystemMetadata,
    /// How the autopilot works.
    Autopilot,
    /// Peerings by id.
    Peerings,
    /// Trust bundles by peer.
    PeeringTrustBundles,
    /// Secrets shared with peers, by the peering's id.
    PeeringSecrets,
    /// Virtual addresses of services, by service.
    VirtualIps,
}

impl Watch {
    /// One service by name.
    pub fn service(peer: Peer<'_>, name: &[u8]) -> Watch {
        Watch::Service(PeeredName::new(peer, name))
    }

    /// One service by name, with the checks that count for it.
    pub fn health(peer: Peer<'_>, name: &[u8]) -> Watch {
        Watch::Health(PeeredName::new(peer, name))
    }

    /// What the mesh reaches under one name, with the checks that count for it.
    pub fn connect(peer: Peer<'_>, name: &[u8]) -> Watch {
        Watch::Connect(PeeredName::new(peer, name))
    }

    /// The checks of one service by name.
    pub fn service_checks(peer: Peer<'_>, name: &[u8]) -> Watch {
        Watch::ServiceChecks(PeeredName::new(peer, name))
    }

    /// Every service instance.
    pub fn all_services(peer: Peer<'_>) -> Watch {
        Watch::AllServices(peer.folded())
    }

    /// One node by name.
    pub fn node(peer: Peer<'_>, name: &[u8]) -> Watch {
        Watch::Node(PeeredName::new(peer, name))
    }

    /// The checks of one node by name.
    pub fn node_checks(peer: Peer<'_>, name: &[u8]) -> Watch {
        Watch::NodeChecks(PeeredName::new(peer, name))
    }

    /// Every node.
    pub fn nodes(peer: Peer<'_>) -> Watch {
        Watch::Nodes(peer.folded())
    }

    /// Every check.
    pub fn checks(peer: Peer<'_>) -> Watch {
        Watch::Checks(peer.folded())
    }

    /// The checks in one state.
    pub fn checks_in_state(peer: Peer<'_>, state: &[u8]) -> Watch {
        Watch::ChecksInState(PeeredName::new(peer, state))
    }

    /// The names of services of one kind. The empty kind is a typical service.
    pub fn kind_names(kind: &[u8]) -> Watch {
        Watch::KindNames(GoStr::from(fold(kind).as_ref()))
    }

    /// The services of one kind.
    pub fn service_kind(peer: Peer<'_>, kind: &[u8]) -> Watch {
        Watch::ServiceKind(PeeredName::new(peer, kind))
    }

    /// One session by its id.
    pub fn session(id: &[u8]) -> Watch {
        Watch::Session(GoStr::from(fold(id).as_ref()))
    }

    /// The sessions of one node by name.
    pub fn node_sessions(name: &[u8]) -> Watch {
        Watch::NodeSessions(GoStr::from(fold(name).as_ref()))
    }

    /// The coordinates of one node by name.
    pub fn node_coordinates(name: &[u8]) -> Watch {
        Watch::NodeCoordinates(GoStr::from(fold(name).as_ref()))
    }

    /// What one gateway serves, or what serves one service.
    pub fn gateway_services(name: &[u8]) -> Watch {
        Watch::GatewayServices(GoStr::from(fold(name).as_ref()))
    }
}

/// Where a read writes down what its answer depends on. [`WatchSet::off`] keeps nothing and costs nothing, for reads
/// that will not wait.
#[derive(Clone, Debug, Default)]
pub struct WatchSet {
    on: bool,
    watches: Vec<Watch>,
}

impl WatchSet {
    /// A set that collects.
    pub fn new() -> Self {
        WatchSet { on: true, watches: Vec::new() }
    }

    /// A set that ignores what it is told.
    pub fn off() -> Self {
        WatchSet::default()
    }

    /// Adds a watch; it is not even made when the set is off.
    pub fn add(&mut self, watch: impl FnOnce() -> Watch) {
        if self.on {
            let watch = watch();
            if !self.watches.contains(&watch) {
                self.watches.push(watch);
            }
        }
    }

    /// What was collected.
    pub fn watches(&self) -> &[Watch] {
        &self.watches
    }

    /// Whether any of the changes concerns this set: what a [`WatchIndex`] finds, for one set alone.
    pub fn is_affected(&self, changes: &Changes) -> bool {
        self.watches.iter().any(|watch| changes.touch(watch))
    }
}
