//! Which server to dial: the one that answered last, then the others in order.
use std::{
    fmt,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use anyhow::{Result, anyhow};
use proconsul_mux::{
    Route,
    driver::dial::{DialError, Dialled, Via, dial},
};
use tokio::{io::AsyncReadExt, time::timeout};

/// How long a server is listened to before the client's bytes are passed on. One that serves gRPC speaks first; one that
/// refuses the route closes, and the next can still be tried.
pub(super) const REFUSAL_WAIT: Duration = Duration::from_millis(250);

/// How much of what a server says first is read at once.
const FIRST_BYTES: usize = 1024;

/// The servers, and how they are dialled.
pub(super) struct Targets {
    servers: Vec<String>,
    via: Via,
    limit: Duration,
    /// The one that answered last.
    current: AtomicUsize,
}

/// A server that took the route, or has said nothing against it yet.
pub(super) struct Server {
    pub(super) io: Dialled,
    /// What it said already.
    pub(super) first: Vec<u8>,
    /// Why servers before it were passed over.
    pub(super) passed_over: Vec<String>,
    /// What to say if it closes without a word.
    pub(super) refusal: Refusal,
}

/// A server that closed before it said anything.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{server} refused the route ({how}){}; {advice}", told.as_ref().map(|told| format!(": {told}")).unwrap_or_default())]
pub(super) struct Refusal {
    server: String,
    how: &'static str,
    /// What the connection failed with, if it did not just end.
    pub(super) told: Option<String>,
    advice: &'static str,
}

impl Targets {
    pub(super) fn new(servers: Vec<String>, via: Via, limit: Duration) -> Self {
        Self { servers, via, limit, current: AtomicUsize::new(0) }
    }

    /// Connects to the first server that takes the route.
    ///
    /// # Errors
    /// None does. Says for each how far it came.
    pub(super) async fn connect(&self) -> Result<Server> {
        let count = self.servers.len();
        let begin = self.current.load(Ordering::Relaxed);
        let mut failures = Vec::new();
        for at in (0..count).map(|step| (begin + step) % count) {
            match self.connect_to(&self.servers[at]).await {
                Ok(server) => {
                    self.current.store(at, Ordering::Relaxed);
                    return Ok(Server { passed_over: failures, ..server });
                }
                Err(error) => failures.push(format!("{error:#}")),
            }
        }
        Err(anyhow!("{}", failures.join("; then ")))
    }

    async fn connect_to(&self, server: &str) -> Result<Server> {
        let mut io =
            dial(server, Route::InternalGrpc, &self.via, self.limit).await.map_err(|error| self.explained(error))?;
        let mut refusal = Refusal { server: server.to_owned(), how: self.how(), told: None, advice: self.advice() };
        let mut first = vec![0; FIRST_BYTES];
        match timeout(REFUSAL_WAIT, io.read(&mut first)).await {
            Err(_) => first.clear(),
            Ok(Ok(0)) => return Err(refusal.into()),
            Ok(Ok(count)) => first.truncate(count),
            Ok(Err(error)) => {
                refusal.told = Some(error.to_string());
                return Err(refusal.into());
            }
        }
        Ok(Server { io, first, passed_over: Vec::new(), refusal })
    }

    /// Where the handshake itself was refused, what to look at.
    fn explained(&self, error: DialError) -> anyhow::Error {
        let advice = error.tls().is_some().then(|| format!("{error} ({})", self.advice()));
        match advice {
            Some(said) => anyhow::Error::new(error.cause).context(said),
            None => error.into(),
        }
    }

    fn how(&self) -> &'static str {
        match self.via {
            Via::Plain => "byte 8, in clear",
            Via::TypeByte(_) => "byte 3, TLS, byte 8",
            Via::Native(_) => "TLS consul/rpc-grpc",
        }
    }

    fn advice(&self) -> &'static str {
        match self.via {
            Via::Plain => "it may demand TLS: try --tls with certificates; `proconsul doctor` says more",
            Via::TypeByte(_) | Via::Native(_) => {
                "check --ca-file, --dc, --domain and --client-cert; `proconsul doctor` says more"
            }
        }
    }
}

impl fmt::Display for Targets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.servers.join(", "), self.how())
    }
}
