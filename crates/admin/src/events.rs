//! One snapshot a second, for all who watch: made once, and only while somebody does.
use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::{BufMut, Bytes, BytesMut};
use hyper::body::{Body, Frame};
use tokio::{
    sync::{Notify, OwnedSemaphorePermit, Semaphore, watch},
    time::{sleep, timeout},
};

use crate::{Source, serve::ANSWER_TIME_MAX, view::Snapshot};

/// How often those who watch get a snapshot.
pub const EVERY: Duration = Duration::from_secs(1);

/// How many may watch at once. One more is refused.
pub const SUBSCRIBERS_MAX: usize = 16;

/// How many connections a snapshot shows, the newest; it says how many there are.
pub const CONNS_SHOWN_MAX: usize = 200;

/// How many ends of connections of either sort, and how many slow calls, a snapshot shows.
pub const LATEST_SHOWN_MAX: usize = 50;

/// How many names of a certificate a snapshot shows.
pub const NAMES_SHOWN_MAX: usize = 8;

/// How long a name in a snapshot may be, in characters; the rest is cut off.
pub const NAME_CHARS_MAX: usize = 128;

/// What is sent first: how soon a browser connects again, in milliseconds.
const FIRST: &[u8] = b"retry: 2000\n\n";

/// What there is to send.
#[derive(Clone, Debug)]
enum Latest {
    Nothing,
    Event(Bytes),
    Stopped,
}

/// Who watches, and what they get.
#[derive(Debug)]
pub(crate) struct Feed {
    latest: watch::Sender<Latest>,
    places: Arc<Semaphore>,
    wanted: Notify,
}

impl Feed {
    pub(crate) fn new() -> Self {
        let places = Arc::new(Semaphore::new(SUBSCRIBERS_MAX));
        Self { latest: watch::Sender::new(Latest::Nothing), places, wanted: Notify::new() }
    }

    /// A body that goes on until the listener stops; `None`: too many watch already.
    pub(crate) fn subscribe(&self) -> Option<Subscription> {
        let place = Arc::clone(&self.places).try_acquire_owned().ok()?;
        let mut latest = self.latest.subscribe();
        latest.mark_changed(); // what there is now is news to this one
        self.wanted.notify_one();
        Some(Subscription { next: None, latest: Some(latest), _place: place, greeted: false })
    }

    /// Makes the snapshots. Never ends; may be dropped at any moment.
    pub(crate) async fn run<S: Source>(&self, source: &S) {
        loop {
            while self.latest.receiver_count() == 0 {
                self.latest.send_replace(Latest::Nothing); // it would be old when the next one comes
                self.wanted.notified().await;
            }
            // Without an answer those who watch keep what they have, and see that it grows old.
            if let Ok(snapshot) = timeout(ANSWER_TIME_MAX, snapshot(source)).await
                && let Ok(event) = event(&snapshot)
            {
                self.latest.send_replace(Latest::Event(event));
            }
            sleep(EVERY).await;
        }
    }

    /// Ends every subscription.
    pub(crate) fn stop(&self) {
        self.latest.send_replace(Latest::Stopped);
    }
}

/// All of it at once, within bounds.
pub(crate) async fn snapshot<S: Source>(source: &S) -> Snapshot {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut conns = source.conns(CONNS_SHOWN_MAX).await;
    conns.truncate(CONNS_SHOWN_MAX);
    for conn in &mut conns {
        conn.certificate_names.truncate(NAMES_SHOWN_MAX);
        for name in &mut conn.certificate_names {
            if let Some((end, _)) = name.char_indices().nth(NAME_CHARS_MAX) {
                name.truncate(end);
            }
        }
    }
    let (mut closed, mut slow) = (source.closed().await, source.slow().await);
    // The ordinary ones, which are many, leave the others their places.
    let mut shown = [0, 0];
    closed.retain(|closed| {
        let shown = &mut shown[usize::from(closed.ordinary)];
        *shown += 1;
        *shown <= LATEST_SHOWN_MAX
    });
    slow.truncate(LATEST_SHOWN_MAX);
    Snapshot {
        at_unix_ms: u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX),
        server: source.server(),
        health: source.healthy(),
        conns_total: source.conns_total().max(conns.len() as u64),
        conns,
        routes: source.routes().await,
        methods: source.methods().await,
        closed,
        slow,
    }
}

/// A snapshot as a server-sent event. JSON has no bare line ends, so that it is one line.
fn event(snapshot: &Snapshot) -> serde_json::Result<Bytes> {
    let mut event = BytesMut::from(&b"event: snapshot\ndata: "[..]).writer();
    serde_json::to_writer(&mut event, snapshot)?;
    let mut event = event.into_inner();
    event.extend_from_slice(b"\n\n");
    Ok(event.freeze())
}

/// What one who watches gets. One who reads slowly misses snapshots; one who does not read is dropped by the connection.
pub(crate) struct Subscription {
    latest: Option<watch::Receiver<Latest>>,
    next: Option<Pin<Box<dyn Future<Output = Next> + Send>>>,
    _place: OwnedSemaphorePermit,
    greeted: bool,
}

type Next = (watch::Receiver<Latest>, Option<Bytes>);

/// Waits for something to send; `None`: there will be nothing more.
async fn next(mut latest: watch::Receiver<Latest>) -> Next {
    loop {
        if latest.changed().await.is_err() {
            return (latest, None);
        }
        let now = latest.borrow_and_update().clone();
        match now {
            Latest::Nothing => {}
            Latest::Event(event) => return (latest, Some(event)),
            Latest::Stopped => return (latest, None),
        }
    }
}

impl Body for Subscription {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if !self.greeted {
            self.greeted = true;
            return Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(FIRST)))));
        }
        if self.next.is_none() {
            let Some(latest) = self.latest.take() else { return Poll::Ready(None) };
            self.next = Some(Box::pin(next(latest)));
        }
        let Some(waiting) = &mut self.next else { return Poll::Ready(None) };
        let (latest, event) = ready!(waiting.as_mut().poll(cx));
        self.next = None;
        Poll::Ready(event.map(|event| {
            self.latest = Some(latest);
            Ok(Frame::data(event))
        }))
    }
}

#[cfg(test)]
mod tests;
