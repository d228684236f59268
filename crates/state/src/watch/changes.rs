//! What one applied entry touched.

use super::{RecordTable, Watch};
use crate::peer::PeeredName;
use proconsul_msgpack::GoStr;

/// One fact that an apply changed. Node and service names are folded as in [`Watch`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Change {
    /// This key was set or deleted. Concerns the key and every prefix of it.
    Key(GoStr),
    /// An instance of this service, a proxy for it, or the record of a node that carries one changed.
    Service(PeeredName),
    /// An instance of this service changed, the record of a node that carries one, or a check that counts for one.
    Health(PeeredName),
    /// The same of what the mesh reaches under this name.
    Connect(PeeredName),
    /// A check that names this service as its own changed.
    ServiceChecks(PeeredName),
    /// Some service instance of this peer was added, changed or removed.
    AllServices(GoStr),
    /// This node's record or the services on it changed.
    Node(PeeredName),
    /// A check of this node changed.
    NodeChecks(PeeredName),
    /// Some node's record of this peer changed.
    Nodes(GoStr),
    /// Some check of this peer changed.
    Checks(GoStr),
    /// Some check that is, or was, in this state changed.
    ChecksInState(PeeredName),
    /// This session was made or ended.
    Session(GoStr),
    /// A session of this node was made or ended.
    NodeSessions(GoStr),
    /// Some session was made or ended.
    Sessions,
    /// A coordinate of this node changed.
    NodeCoordinates(GoStr),
    /// Some coordinate changed.
    Coordinates,
    /// This kind of service got or lost a name.
    KindNames(GoStr),
    /// A service of this kind, or a check that counts for one, changed.
    ServiceKind(PeeredName),
    /// What this gateway serves, or what serves this service, changed.
    GatewayServices(GoStr),
    /// What some gateway serves changed.
    AllGatewayServices,
    /// This record was stored or removed. Concerns its table too.
    Record(RecordTable, GoStr),
    /// The resource at this place was written or removed. Concerns every prefix of it.
    Resource(GoStr),
    /// Something that is counted changed in number.
    Usage,
}

/// The facts that one apply changed, each once. Empty when the entry changed nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    facts: Vec<Change>,
    tree: bool,
}

impl Changes {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.facts.is_empty()
    }

    /// The changes, in no order that means anything.
    pub fn iter(&self) -> std::slice::Iter<'_, Change> {
        self.facts.iter()
    }

    /// Notes a change. One apply may note the same several times, until [`settle`](Self::settle).
    pub(crate) fn note(&mut self, change: Change) {
        self.facts.push(change);
    }

    /// Notes that keys went with a whole tree.
    pub(crate) fn note_tree(&mut self) {
        self.tree = true;
    }

    /// Whether keys went with a whole tree. Lists of them may then go by the index of an older deletion, or by the one they
    /// had: whoever waits for such a list has news whatever its index says.
    pub fn took_tree(&self) -> bool {
        self.tree
    }

    /// Leaves each change once. Comparing as they come would be quadratic for a node with thousands of services.
    pub(crate) fn settle(&mut self) {
        self.facts.sort_unstable();
        self.facts.dedup();
    }

    /// Whether a watch is concerned.
    pub fn touch(&self, watch: &Watch) -> bool {
        self.facts.iter().any(|change| change.concerns(watch))
    }

    /// Adds another apply's changes, for someone who catches up over several.
    pub fn absorb(&mut self, later: Changes) {
        self.facts.extend(later.facts);
        self.tree |= later.tree;
        self.settle();
    }
}

impl<'a> IntoIterator for &'a Changes {
    type Item = &'a Change;
    type IntoIter = std::slice::Iter<'a, Change>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl Change {
    /// Whether a watch is concerned by this change.
    pub fn concerns(&self, watch: &Watch) -> bool {
        match (self, watch) {
            (Change::Key(key), Watch::Key(watched)) => key == watched,
            (Change::Key(key), Watch::Prefix(prefix)) => key.as_bytes().starts_with(prefix.as_bytes()),
            (Change::Service(name), Watch::Service(watched))
            | (Change::Health(name), Watch::Health(watched))
            | (Change::Connect(name), Watch::Connect(watched))
            | (Change::ServiceChecks(name), Watch::ServiceChecks(watched))
            | (Change::ServiceKind(name), Watch::ServiceKind(watched))
            | (Change::Node(name), Watch::Node(watched))
            | (Change::NodeChecks(name), Watch::NodeChecks(watched))
            | (Change::ChecksInState(name), Watch::ChecksInState(watched)) => name == watched,
            (Change::AllServices(peer), Watch::AllServices(watched))
            | (Change::Nodes(peer), Watch::Nodes(watched))
            | (Change::Checks(peer), Watch::Checks(watched)) => peer == watched,
            (Change::KindNames(kind), Watch::KindNames(watched)) => kind == watched,
            (Change::Session(id), Watch::Session(watched)) => id == watched,
            (Change::NodeSessions(name), Watch::NodeSessions(watched)) => name == watched,
            (Change::NodeCoordinates(name), Watch::NodeCoordinates(watched)) => name == watched,
            (Change::GatewayServices(name), Watch::GatewayServices(watched)) => name == watched,
            (Change::Record(table, key), Watch::Record(of, watched)) => table == of && key == watched,
            (Change::Record(table, _), Watch::Records(of)) => table == of,
            (Change::Resource(key), Watch::Resources(prefix)) => key.as_bytes().starts_with(prefix.as_bytes()),
            (Change::Sessions, Watch::Sessions)
            | (Change::Coordinates, Watch::Coordinates)
            | (Change::AllGatewayServices, Watch::AllGatewayServices)
            | (Change::Usage, Watch::Usage) => true,
            _ => false,
        }
    }
}
