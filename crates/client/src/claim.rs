//! A session that is kept alive: a claim on keys.
use std::{fmt, sync::Arc, time::Duration};

use parking_lot::Mutex;
use proconsul_msgpack::GoStr;
use proconsul_structs::{
    GoDuration, List, Token,
    methods::session::{Apply, Renew},
    session::{ServiceCheck, Session as Record, SessionBehavior, SessionOp, SessionRequest, SessionSpecificRequest},
};
use tokio::{
    sync::{oneshot, watch},
    time::{Instant, sleep_until},
};

use crate::{Ask, CallError, CallOptions, Client};

/// Default of how long a session lives without being renewed.
pub const SESSION_TTL: Duration = Duration::from_secs(15);
/// Default of how long the keys of a session that did not give them back cannot be locked.
pub const LOCK_DELAY: Duration = Duration::from_secs(15);
/// A renewal that failed is tried again after this.
const RENEW_RETRY: Duration = Duration::from_secs(1);

/// What a session is to be.
#[derive(Clone, Debug)]
pub struct SessionOptions {
    /// Its name, for people.
    pub name: GoStr,
    /// How long it lives without being renewed, from 10 s to a day; it is renewed at half of it. Zero: it is not renewed, and
    /// lives until it is closed, or its node or a check of it fails.
    pub ttl: Duration,
    /// How long others wait for keys that it held when it ended and did not give back; a minute at most.
    pub lock_delay: Duration,
    /// What becomes of its keys when it ends.
    pub behavior: SessionBehavior,
    /// Ids of checks of its node that it ends with.
    pub node_checks: List<GoStr>,
    /// Checks of services on its node that it ends with.
    pub service_checks: List<ServiceCheck>,
    /// Whose it is, and whose the locks are that are taken with it.
    pub token: Token,
    /// In which datacenter; empty: the server's own.
    pub datacenter: GoStr,
}

impl Default for SessionOptions {
    fn default() -> Self {
        Self {
            name: GoStr::EMPTY,
            ttl: SESSION_TTL,
            lock_delay: LOCK_DELAY,
            behavior: SessionBehavior::Release,
            node_checks: None,
            service_checks: None,
            token: Token::default(),
            datacenter: GoStr::EMPTY,
        }
    }
}

/// A session of a node in the catalog, which is renewed until the last clone is dropped. It is then ended, as far as the server
/// can be reached; [`close`](Self::close) tells whether that worked.
///
/// It may end before that: with its node, with one of its checks, by somebody's hand, or because it could not be renewed.
/// [`ended`](Self::ended) tells. Where no server can be reached it is taken for ended when its time to live is over; the servers
/// wait for twice as long, so that nobody has its locks by then.
#[derive(Clone)]
pub struct Session(Arc<Inner>);

struct Inner {
    client: Client,
    id: GoStr,
    token: Token,
    datacenter: GoStr,
    ended: watch::Receiver<bool>,
    /// Ends it, and wants to know what came of that. Dropped: nobody wants to know.
    close: Mutex<Option<oneshot::Sender<Told>>>,
}

type Told = oneshot::Sender<Result<(), CallError>>;

/// When a session is renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Renewals {
    ttl: Duration,
    /// The session lives until then for certain, if nobody ends it.
    until: Instant,
    /// When to renew it next.
    next: Instant,
}

/// What renews a session.
struct Keeper {
    client: Client,
    renewal: SessionSpecificRequest,
    ttl: Duration,
    ended: watch::Sender<bool>,
}

impl Session {
    /// Makes a session on a node. Must be used within a tokio runtime, where one task renews it.
    ///
    /// # Errors
    /// [`CallError`]: for example that there is no such node, or that one of its checks is critical.
    pub async fn create(client: &Client, node: impl Into<GoStr>, options: SessionOptions) -> Result<Self, CallError> {
        let SessionOptions { name, ttl, lock_delay, behavior, node_checks, service_checks, token, datacenter } =
            options;
        let session = Record {
            name,
            node: node.into(),
            lock_delay: lock_delay.into(),
            behavior,
            ttl: if ttl.is_zero() { GoStr::EMPTY } else { GoDuration::from(ttl).to_string().into() },
            node_checks,
            service_checks,
            ..Record::default()
        };
        let request = SessionRequest { op: SessionOp::Create, session, ..SessionRequest::default() };
        let request = request.with_token(token.reveal().clone()).in_datacenter(datacenter.clone());
        let made = Instant::now();
        let id = client.call::<Apply>(&request).await?;
        let (ended, is_ended) = watch::channel(false);
        let (close, closed) = oneshot::channel();
        let renewal = SessionSpecificRequest { session_id: id.clone(), ..SessionSpecificRequest::default() };
        let renewal = renewal.with_token(token.reveal().clone()).in_datacenter(datacenter.clone());
        tokio::spawn(Keeper { client: client.clone(), renewal, ttl, ended }.keep(made, closed));
        Ok(Self(Arc::new(Inner {
            client: client.clone(),
            id,
            token,
            datacenter,
            ended: is_ended,
            close: Mutex::new(Some(close)),
        })))
    }

    /// Its id, as keys show it that it holds.
    pub fn id(&self) -> &GoStr {
        &self.0.id
    }

    /// Whether it has ended, as far as is known.
    pub fn is_ended(&self) -> bool {
        *self.0.ended.borrow()
    }

    /// Returns when it has ended, for whatever reason.
    pub async fn ended(&self) {
        let mut ended = self.0.ended.clone();
        // A keeper that is gone has ended it, or cannot renew it.
        let _ = ended.wait_for(|ended| *ended).await;
    }

    /// Ends it: its keys are given back or deleted, and may be locked by others once the lock delay is over; give locks back before
    /// that. Other clones see it ended.
    ///
    /// # Errors
    /// [`CallError`]: it could not be ended by a call, and ends when its time to live is over.
    pub async fn close(&self) -> Result<(), CallError> {
        let Some(close) = self.0.close.lock().take() else { return Ok(()) };
        let (told, result) = oneshot::channel();
        // One that has ended already has no keeper.
        if close.send(told).is_err() {
            return Ok(());
        }
        result.await.unwrap_or(Ok(()))
    }

    pub(crate) fn client(&self) -> &Client {
        &self.0.client
    }

    /// A request in the session's name.
    pub(crate) fn sign<R: Ask>(&self, request: R) -> R {
        request.with_token(self.0.token.reveal().clone()).in_datacenter(self.0.datacenter.clone())
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("id", &self.0.id).field("ended", &self.is_ended()).finish_non_exhaustive()
    }
}

impl Renewals {
    fn new(ttl: Duration, made: Instant) -> Self {
        Self { ttl, until: made + ttl, next: made + ttl / 2 }
    }

    /// It was renewed by a call that was made at `asked`: the server may have taken it at once.
    fn succeeded(&mut self, asked: Instant) {
        *self = Self::new(self.ttl, asked);
    }

    fn failed(&mut self, now: Instant) {
        self.next = (now + RENEW_RETRY).min(self.until);
    }

    /// For how long it lives for certain; `None`: not even now.
    fn left(&self, now: Instant) -> Option<Duration> {
        Some(self.until.saturating_duration_since(now)).filter(|left| !left.is_zero())
    }
}

impl Keeper {
    /// Renews the session until it ends or is to end.
    async fn keep(self, made: Instant, mut closed: oneshot::Receiver<Told>) {
        tokio::select! {
            told = &mut closed => {
                let result = self.destroy().await;
                self.ended.send_replace(true);
                match (told, result) {
                    // Whoever asked may have gone.
                    (Ok(told), result) => drop(told.send(result)),
                    (Err(_), Ok(())) => {}
                    (Err(_), Err(error)) => {
                        tracing::debug!(error = %error.in_full(), "a session that was dropped is left to its time to live");
                    }
                }
            }
            () = self.renew(made) => {
                self.ended.send_replace(true);
            }
        }
    }

    /// Returns when the session is gone, or nothing was heard of it for its time to live.
    async fn renew(&self, made: Instant) {
        if self.ttl.is_zero() {
            return std::future::pending().await;
        }
        let mut renewals = Renewals::new(self.ttl, made);
        loop {
            sleep_until(renewals.next).await;
            let asked = Instant::now();
            let Some(left) = renewals.left(asked) else {
                tracing::warn!("a session could not be renewed in time and is taken for ended");
                return;
            };
            match self.client.call_with::<Renew>(&self.renewal, CallOptions::within(left)).await {
                Ok(reply) if reply.sessions.iter().flatten().next().is_some() => renewals.succeeded(asked),
                Ok(_) => return,
                Err(error) => {
                    tracing::debug!(error = %error.in_full(), "a session could not be renewed; trying again");
                    renewals.failed(Instant::now());
                }
            }
        }
    }

    async fn destroy(&self) -> Result<(), CallError> {
        let session = Record { id: self.renewal.session_id.clone(), ..Record::default() };
        let request = SessionRequest { op: SessionOp::Destroy, session, ..SessionRequest::default() };
        let request = request.with_token(self.renewal.query_options.token.reveal().clone());
        self.client.call::<Apply>(&request.in_datacenter(self.renewal.datacenter.clone())).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_renewed_at_half_its_time_and_given_up_at_the_end_of_it() {
        let made = Instant::now();
        let at = |seconds: f64| made + Duration::from_secs_f64(seconds);
        let mut renewals = Renewals::new(Duration::from_secs(10), made);
        assert_eq!(renewals.next, at(5.0));
        // The answer to a call of second 5 came late.
        renewals.succeeded(at(5.0));
        assert_eq!((renewals.next, renewals.until), (at(10.0), at(15.0)));
        renewals.failed(at(13.5));
        assert_eq!((renewals.next, renewals.left(at(14.5))), (at(14.5), Some(Duration::from_millis(500))));
        renewals.failed(at(14.5));
        assert_eq!((renewals.next, renewals.left(at(15.0))), (at(15.0), None), "others may have its locks from now on");
    }
}
