//! The servers, and the one that is used.
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use parking_lot::Mutex;
use proconsul_mux::{
    Route,
    driver::dial::{Cause as DialCause, DialError, Step},
};
use tokio::time::timeout;

use crate::{ConnectError, Dialler, Io, Options, session::Session};

/// The servers of a cluster, of which one is connected to.
pub(crate) struct Servers {
    names: Vec<Arc<str>>,
    dialler: Box<dyn Dialler>,
    options: Arc<Options>,
    /// The connection in use.
    current: Mutex<Option<Arc<Session>>>,
    /// Held while a connection is made, so that one is enough for all who wait for it.
    dialling: tokio::sync::Mutex<Dialling>,
    /// How often no server could be reached.
    failures: AtomicU64,
    /// The server that is tried first.
    first: Mutex<usize>,
}

#[derive(Default)]
struct Dialling {
    /// What came of it the last time that no server could be reached.
    failed: Option<Arc<ConnectError>>,
}

impl Servers {
    pub(crate) fn new(names: Vec<Arc<str>>, dialler: Box<dyn Dialler>, options: Arc<Options>) -> Self {
        Self {
            names,
            dialler,
            options,
            current: Mutex::default(),
            dialling: tokio::sync::Mutex::default(),
            failures: AtomicU64::new(0),
            first: Mutex::new(0),
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.names.len()
    }

    /// The server that is tried first, in words for errors.
    pub(crate) fn preferred(&self) -> Arc<str> {
        let first = *self.first.lock();
        self.names.get(first).map_or_else(|| "no server".into(), Arc::clone)
    }

    /// The connection in use, or a new one to the first server that can be reached.
    pub(crate) async fn session(&self) -> Result<Arc<Session>, Arc<ConnectError>> {
        if let Some(session) = self.alive() {
            return Ok(session);
        }
        let failures = self.failures.load(Relaxed);
        let mut dialling = self.dialling.lock().await;
        if let Some(session) = self.alive() {
            return Ok(session);
        }
        // Who waited while nobody could be reached need not find that out again.
        if let (Some(failed), true) = (&dialling.failed, self.failures.load(Relaxed) != failures) {
            return Err(Arc::clone(failed));
        }
        let mut tried = Vec::new();
        let first = *self.first.lock();
        for at in (0..self.count()).map(|i| (first + i) % self.count()) {
            match self.dial(&self.names[at], Route::RpcMulti).await {
                Ok(io) => {
                    let session = Session::start(io, Arc::clone(&self.names[at]), &self.options);
                    *self.first.lock() = at;
                    *self.current.lock() = Some(Arc::clone(&session));
                    dialling.failed = None;
                    tracing::debug!(server = %session.server, "connected");
                    return Ok(session);
                }
                Err(error) => tried.push(error),
            }
        }
        let error = Arc::new(ConnectError { tried });
        tracing::debug!(%error, "no connection");
        dialling.failed = Some(Arc::clone(&error));
        self.failures.fetch_add(1, Relaxed);
        Err(error)
    }

    /// Connects to the server that is tried first, for one call of this route alone.
    pub(crate) async fn alone(&self, route: Route) -> Result<Box<dyn Io>, Arc<ConnectError>> {
        let unreachable = |tried| Arc::new(ConnectError { tried });
        if self.names.is_empty() {
            return Err(unreachable(Vec::new()));
        }
        self.dial(&self.preferred(), route).await.map_err(|error| unreachable(vec![error]))
    }

    async fn dial(&self, server: &str, route: Route) -> Result<Box<dyn Io>, DialError> {
        let limit: Duration = self.options.dial_timeout;
        let late = |_| DialError { server: server.to_owned(), step: Step::Connect, cause: DialCause::TimedOut(limit) };
        timeout(limit, self.dialler.dial(server, route)).await.map_err(late)?
    }

    fn alive(&self) -> Option<Arc<Session>> {
        self.current.lock().clone().filter(|session| !session.is_over())
    }

    /// Takes this connection out of use, if it is the one in use; calls on it go on.
    pub(crate) fn forget(&self, session: &Arc<Session>) {
        let mut current = self.current.lock();
        if current.as_ref().is_some_and(|used| Arc::ptr_eq(used, session)) {
            *current = None;
        }
    }

    /// Uses another server than this one from now on, if this one is used; calls on it go on.
    pub(crate) fn go_elsewhere(&self, server: &str) {
        let mut first = self.first.lock();
        if self.names.get(*first).is_some_and(|name| **name == *server) {
            *first = (*first + 1) % self.count();
        }
        drop(first);
        let mut current = self.current.lock();
        if current.as_ref().is_some_and(|session| *session.server == *server) {
            *current = None;
        }
    }

    /// Closes the connection in use.
    pub(crate) async fn close(&self) {
        let session = self.current.lock().take();
        if let Some(session) = session {
            session.close().await;
        }
    }
}
