//! What services ask of the server around them.
use std::{future::Future, pin::Pin, sync::Arc};

use proconsul_msgpack::GoStr;
use proconsul_netrpc::Fault;
use proconsul_state::{Entry, Outcome, Snapshot, Store};
use proconsul_structs::RpcInfo;
use proconsul_types::WireText;

use crate::{AllowAll, Authorizers, CoordinateUpdates, Rights, SESSION_TTL_MIN, SessionClock, blocking::Lot};

/// What became of an entry that was to be appended to the log.
pub enum Appended {
    /// It is committed and applied, or refused.
    Done(Result<Outcome, Fault>),
    /// It is on its way. Dropping the future does not take it back.
    Pending(Pin<Box<dyn Future<Output = Result<Outcome, Fault>> + Send>>),
}

/// The replicated log, as those who write to it see it.
pub trait Log: Send + Sync {
    /// Appends an entry. The outcome is there when the entry is committed and applied, not before.
    fn append(&self, entry: Entry) -> Appended;
}

/// What is known of leadership at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeadershipFacts {
    /// The leader's server address, empty when there is none.
    pub leader: GoStr,
    /// The server addresses of all voters and non-voters.
    pub peers: Vec<GoStr>,
    /// The last log entry's term.
    pub last_term: u64,
    /// The last log entry's index.
    pub last_index: u64,
}

/// Who leads.
pub trait Leadership: Send + Sync {
    /// What is known of it now.
    fn facts(&self) -> LeadershipFacts;

    /// Whether this server does, now.
    fn leads(&self) -> bool;
}

/// The server as its services see it.
#[derive(Clone)]
pub struct Context {
    /// The datacenter that this server belongs to.
    pub datacenter: GoStr,
    /// The store that reads are answered from.
    pub store: Arc<Store>,
    /// Where queries wait.
    pub lot: Arc<Lot>,
    /// The server's own name as a node.
    pub node: GoStr,
    /// Where nodes are, until it is written.
    pub coordinates: Arc<CoordinateUpdates>,
    /// Where writes go.
    pub log: Arc<dyn Log>,
    /// Who leads.
    pub leadership: Arc<dyn Leadership>,
    /// Who may do what.
    pub authorizers: Arc<dyn Authorizers>,
    /// When sessions end by themselves, and which keys stay unlocked for a while. The log must feed it.
    pub session_clock: Arc<SessionClock>,
}

/// A call that changes something, as its method sees it.
#[derive(Clone, Copy)]
pub struct Caller<'a> {
    /// The server.
    pub context: &'a Context,
    /// What the caller may do.
    pub rights: &'a Rights,
}

/// A query being answered: from which snapshot, and for whom.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The server.
    pub context: &'a Context,
    /// The store at one moment.
    pub at: &'a Snapshot,
    /// What the caller may do.
    pub rights: &'a Rights,
}

impl Context {
    /// A server in which everybody may do everything.
    pub fn new(
        datacenter: GoStr,
        store: Arc<Store>,
        lot: Arc<Lot>,
        log: Arc<dyn Log>,
        leadership: Arc<dyn Leadership>,
    ) -> Self {
        let session_clock = SessionClock::new(Arc::clone(&store), SESSION_TTL_MIN);
        Self {
            datacenter,
            store,
            lot,
            node: GoStr::EMPTY,
            coordinates: Arc::default(),
            log,
            leadership,
            authorizers: Arc::new(AllowAll),
            session_clock,
        }
    }

    /// The same server, as a node of this name.
    #[must_use]
    pub fn with_node(self, node: GoStr) -> Self {
        Self { node, ..self }
    }

    /// The same server, with the clock that its log feeds.
    #[must_use]
    pub fn with_session_clock(self, session_clock: Arc<SessionClock>) -> Self {
        Self { session_clock, ..self }
    }

    /// The same server, with rights.
    #[must_use]
    pub fn with_authorizers(self, authorizers: Arc<dyn Authorizers>) -> Self {
        Self { authorizers, ..self }
    }

    /// Whether a request is for this datacenter: an empty name is.
    ///
    /// # Errors
    /// It is for another one, and no path leads there.
    pub fn check_datacenter(&self, request: &impl RpcInfo) -> Result<(), Fault> {
        let datacenter = request.datacenter();
        if datacenter.as_bytes().is_empty() || *datacenter == self.datacenter {
            Ok(())
        } else {
            Err(WireText::NO_PATH_TO_DATACENTER.into())
        }
    }
}
