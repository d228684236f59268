//! Sessions: claims on keys that end with the health of their holder.
//!
//! A session lives on a node and may name checks of that node. It ends, within the entry that causes it, when it is
//! destroyed, when its node or one of its checks is removed, and when one of its checks is reported critical; the keys it
//! holds are then given back or deleted. A time to live is not known here: the leader keeps it, and destroys.
//! Source: `session.go`, `session_ce.go`, `catalog.go`; golden group `session`.

use super::Tables;
use super::keys::compose;
use super::same;
use super::transaction::{Transaction, folded};
use crate::peer::Peer;
use crate::radix::Radix;
use crate::watch::{Change, Watch, WatchSet};
use crate::{LockDelay, Outcome};
use proconsul_msgpack::GoStr;
use proconsul_structs::Shared;
use proconsul_structs::check::{CRITICAL, HealthCheck, PASSING};
use proconsul_structs::session::{Session, SessionBehavior, SessionOp, SessionRequest};
use proconsul_types::WireText;
use std::sync::Arc;
use std::time::Duration;

/// The longest time for which keys of an ended session stay unlocked, whatever the session says.
pub const LOCK_DELAY_MAX: Duration = Duration::from_secs(60);

/// Checks of this type follow sessions: their status is what a session of their node says by living or not.
const SESSION_CHECK: &str = "session";

/// Sessions by id; by node and id; and their ids by node, check and id.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct SessionTable {
    by_id: Radix<Arc<Session>>,
    by_node: Radix<Arc<Session>>,
    by_check: Radix<GoStr>,
}

impl SessionTable {
    pub(super) fn get(&self, id: &[u8]) -> Option<&Arc<Session>> {
        self.by_id.get(&compose(&[id]))
    }

    /// Every session, in order of folded ids.
    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<Session>> {
        self.by_id.values()
    }

    /// The sessions of a node, in order of folded ids.
    pub(super) fn on(&self, node: &[u8]) -> impl Iterator<Item = &Arc<Session>> {
        self.by_node.values_below(&compose(&[node]))
    }

    /// Ids of the sessions that end with a check.
    fn of_check(&self, node: &[u8], check: &[u8]) -> Vec<GoStr> {
        self.by_check.values_below(&compose(&[node, check])).cloned().collect()
    }

    /// Files a session as it is, in place of one with its id.
    pub(super) fn insert(&mut self, session: Arc<Session>) -> Option<Arc<Session>> {
        let old = self.remove(&session.id);
        for check in check_ids(&session) {
            self.by_check.insert(&compose(&[&session.node, check, &session.id]), session.id.clone());
        }
        self.by_node.insert(&compose(&[&session.node, &session.id]), session.clone());
        self.by_id.insert(&compose(&[&session.id]), session);
        old
    }

    fn remove(&mut self, id: &[u8]) -> Option<Arc<Session>> {
        let old = self.by_id.remove(&compose(&[id]))?;
        self.by_node.remove(&compose(&[&old.node, &old.id]));
        for check in check_ids(&old) {
            self.by_check.remove(&compose(&[&old.node, check, &old.id]));
        }
        Some(old)
    }
}

/// Ids of all checks that a session ends with, whichever list they are in.
fn check_ids(session: &Session) -> impl Iterator<Item = &GoStr> {
    let of_services = session.service_checks.iter().flatten().map(|check| &check.id);
    session.checks.iter().flatten().chain(session.node_checks.iter().flatten()).chain(of_services)
}

impl Tables {
    /// One session. Watches it and nothing else. The index is that of all sessions.
    pub fn session(&self, id: &[u8], watches: &mut WatchSet) -> (u64, Option<Shared<Session>>) {
        watches.add(|| Watch::session(id));
        (self.indexes.sessions, self.sessions.get(id).cloned().map(Shared))
    }

    /// The sessions of one node, in order of folded ids. Watches them. The index is that of all sessions.
    pub fn node_sessions(&self, node: &[u8], watches: &mut WatchSet) -> (u64, Vec<Shared<Session>>) {
        watches.add(|| Watch::node_sessions(node));
        (self.indexes.sessions, self.sessions.on(node).cloned().map(Shared).collect())
    }

    /// Every session, in order of folded ids. Watches all of them.
    pub fn sessions(&self, watches: &mut WatchSet) -> (u64, Vec<Shared<Session>>) {
        watches.add(|| Watch::Sessions);
        (self.indexes.sessions, self.sessions.all().cloned().map(Shared).collect())
    }

    /// Checks that follow a session: of its node, of their own type, and by its name.
    fn followers(&self, session: &Session) -> Vec<Arc<HealthCheck>> {
        let follows = |check: &&Arc<HealthCheck>| {
            check.check_type == *SESSION_CHECK && check.definition.session_name == session.name
        };
        self.checks.on(Peer::LOCAL, &session.node).filter(follows).cloned().collect()
    }
}

/// What is left to do when sessions end, since one may end others.
enum Step {
    /// Ends a session, if it still lives.
    End(GoStr),
    /// A check followed a session that has ended: it turns critical, and sessions that name it end before that.
    Lose(Arc<HealthCheck>, GoStr),
    /// Stores such a check.
    Store(Box<HealthCheck>),
}

impl Transaction<'_> {
    pub(super) fn apply_session(&mut self, request: &SessionRequest) -> Result<Outcome, WireText> {
        match &request.op {
            SessionOp::Create => self.create_session(request.session.clone()).map(Outcome::Id),
            SessionOp::Destroy => {
                self.delete_session(&request.session.id);
                Ok(Outcome::Nothing)
            }
            SessionOp::Unknown(operation) => Err(WireText::invalid_session_entry(&operation.to_str_lossy())),
        }
    }

    /// Makes a session with the id that it brings along.
    fn create_session(&mut self, mut session: Session) -> Result<GoStr, WireText> {
        if session.id.is_empty() {
            return Err(WireText::MISSING_SESSION_ID);
        }
        match &session.behavior {
            SessionBehavior::Release | SessionBehavior::Delete => {}
            SessionBehavior::Unknown(word) if word.is_empty() => session.behavior = SessionBehavior::Release,
            SessionBehavior::Unknown(word) => return Err(WireText::invalid_behavior_entry(&word.to_str_lossy())),
        }
        if !self.tables.has_node(Peer::LOCAL, &session.node) {
            return Err(WireText::MISSING_NODE_REGISTRATION);
        }
        check_ids(&session).try_for_each(|check| self.vet_session_check(&session.node, check))?;
        (session.raft_index.create_index, session.raft_index.modify_index) = (self.index, self.index);
        let session = Arc::new(session);
        // Servers choose ids that nobody has; if one came twice, the former session is gone without its keys.
        if let Some(replaced) = self.tables.sessions.insert(session.clone()) {
            self.session_changed(&replaced);
        }
        self.session_changed(&session);
        for check in self.tables.followers(&session) {
            let output = format!("Session '{}' in force", session.id);
            self.store_follower(told(&check, PASSING, output));
        }
        Ok(session.id.clone())
    }

    /// A session's check must exist and not be critical; one that follows sessions is critical until there is one.
    fn vet_session_check(&self, node: &GoStr, id: &GoStr) -> Result<(), WireText> {
        if id.is_empty() {
            return Err(WireText::SESSION_CHECK_WITHOUT_ID);
        }
        let name = id.to_str_lossy();
        let check =
            self.tables.checks.get(Peer::LOCAL, node, id).ok_or_else(|| WireText::missing_check_registration(&name))?;
        if check.status == CRITICAL && check.check_type != *SESSION_CHECK {
            return Err(WireText::check_in_state(&name, CRITICAL));
        }
        Ok(())
    }

    /// Ends a session: its keys are given back or deleted. Nothing happens if there is none.
    pub(super) fn delete_session(&mut self, id: &GoStr) {
        self.end_sessions(vec![id.clone()]);
    }

    /// Ends the sessions of a node that is gone.
    pub(super) fn end_sessions_of_node(&mut self, node: &[u8]) {
        let ids = self.tables.sessions.on(node).map(|session| session.id.clone()).collect();
        self.end_sessions(ids);
    }

    /// Ends the sessions that name a check, which is gone or critical.
    pub(super) fn end_sessions_of_check(&mut self, node: &[u8], check: &[u8]) {
        let ids = self.tables.sessions.of_check(node, check);
        self.end_sessions(ids);
    }

    /// Ends sessions, and those that end with them. Sessions and checks can make chains of any length, so that this must
    /// not call itself.
    fn end_sessions(&mut self, ids: Vec<GoStr>) {
        let mut steps: Vec<Step> = ids.into_iter().rev().map(Step::End).collect();
        while let Some(step) = steps.pop() {
            match step {
                Step::End(id) => {
                    let Some(session) = self.end_session(&id) else { continue };
                    let followers = self.tables.followers(&session).into_iter().rev();
                    steps.extend(followers.map(|check| Step::Lose(check, session.id.clone())));
                }
                Step::Lose(check, session) => {
                    let output = format!("Session '{session}' is invalid");
                    steps.push(Step::Store(Box::new(told(&check, CRITICAL, output))));
                    let ending = self.tables.sessions.of_check(&check.node, &check.check_id);
                    steps.extend(ending.into_iter().rev().map(Step::End));
                }
                Step::Store(check) => self.store_follower(*check),
            }
        }
    }

    /// Takes one session away, its keys from it, and the prepared queries that are tied to it.
    fn end_session(&mut self, id: &[u8]) -> Option<Arc<Session>> {
        self.tables.sessions.get(id)?;
        let session = self.tables.sessions.remove(id)?;
        self.session_changed(&session);
        let delay = session.lock_delay.positive().map(|delay| delay.min(LOCK_DELAY_MAX));
        for key in self.tables.kv.held_by(&session.id) {
            match session.behavior {
                SessionBehavior::Delete => self.remove_key(&key),
                SessionBehavior::Release | SessionBehavior::Unknown(_) => self.release(&key),
            }
            self.lock_delays.extend(delay.map(|delay| LockDelay { key, delay }));
        }
        self.delete_queries_of_session(&session.id);
        Some(session)
    }

    fn session_changed(&mut self, session: &Session) {
        self.tables.indexes.sessions = self.index;
        self.changes.note(Change::Session(folded(&session.id)));
        self.changes.note(Change::NodeSessions(folded(&session.node)));
        self.changes.note(Change::Sessions);
    }

    /// Stores what a check says that follows a session. Its own modify index stays, as in Consul; that of all checks moves.
    fn store_follower(&mut self, mut check: HealthCheck) {
        let joined = self.tables.join_service(&mut check).is_ok();
        let known = self.tables.checks.get(Peer::LOCAL, &check.node, &check.check_id);
        if joined && known.is_some_and(|known| !same::check(known, &check)) {
            self.put_check(check);
        }
    }
}

/// A check with something new to say.
fn told(check: &HealthCheck, status: &'static str, output: String) -> HealthCheck {
    HealthCheck { status: GoStr::from_static(status), output: GoStr::from(output), ..check.clone() }
}
