//! One connection: streams are opened, kept and used again.
use std::{
    io,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Waker},
    time::Duration,
};

use bytes::Bytes;
use parking_lot::Mutex;
use proconsul_netrpc::client::{self, Client};
use proconsul_yamux::{Connection, ConnectionError, Control, Side, Stream};
use tokio::{
    io::{AsyncRead, ReadBuf},
    sync::{oneshot, watch},
    time::timeout,
};

use crate::{Cause, Io, Options};

/// How long the end of a connection is waited for whose stream has failed: only the connection knows of an alert of TLS.
const END_MAX: Duration = Duration::from_secs(1);

/// How a connection ended; `None`: it has not.
type End = Option<Result<(), Arc<ConnectionError>>>;

/// A yamux session with one server. It closes when nobody holds it any more.
pub(crate) struct Session {
    /// Which of the client's servers it is with.
    pub(crate) server: Arc<str>,
    control: Control,
    idle: Mutex<Vec<Client<Stream>>>,
    idle_max: usize,
    end: watch::Receiver<End>,
    /// The connection's task closes it when this is gone.
    _held: oneshot::Sender<()>,
}

impl Session {
    /// Starts a session on a connection that has said that it takes the route of sessions.
    pub(crate) fn start(io: Box<dyn Io>, server: Arc<str>, options: &Options) -> Arc<Self> {
        let (control, _, driver) = Connection::new(io, Side::Client, options.yamux.clone());
        let (ended, end) = watch::channel(None);
        let (held, abandoned) = oneshot::channel::<()>();
        let closes = control.clone();
        tokio::spawn(async move {
            let mut driver = pin!(driver);
            let end = tokio::select! {
                end = &mut driver => end,
                _ = abandoned => tokio::join!(driver, closes.close()).0,
            };
            // Nobody may be left to be told.
            let _ = ended.send(Some(end.map_err(Arc::new)));
        });
        Arc::new(Self { server, control, idle: Mutex::default(), idle_max: options.idle_streams_max, end, _held: held })
    }

    /// Whether the connection has ended.
    pub(crate) fn is_over(&self) -> bool {
        self.end.borrow().is_some()
    }

    /// Makes one call. Dropping the future resets its stream, by which the server knows at once.
    pub(crate) async fn call(&self, method: &str, body: &[u8], timeout: Option<Duration>) -> Result<Bytes, Cause> {
        let mut lease = Lease(Some(self.stream().await?));
        let Some(client) = &mut lease.0 else { return Err(Cause::Closed) };
        let answer = client.call_raw(method, body, timeout).await;
        match (answer, lease.0.take()) {
            (Ok(reply), client) => {
                self.keep(client);
                Ok(reply)
            }
            // A server may close the stream after an error, so it is not used again; dropping it is a proper end.
            (Err(error @ client::CallError::Answered(_)), _) => Err(error.into()),
            (Err(error), client) => {
                drop(Lease(client));
                Err(self.why(error).await)
            }
        }
    }

    /// A stream without a call on it: one that was used before, or a new one.
    async fn stream(&self) -> Result<Client<Stream>, Cause> {
        loop {
            let kept = self.idle.lock().pop();
            let Some(mut client) = kept else {
                return self.control.open().await.map(Client::new).map_err(Cause::Open);
            };
            // Else the server has closed it meanwhile.
            if is_silent(client.get_mut()) {
                return Ok(client);
            }
        }
    }

    fn keep(&self, client: Option<Client<Stream>>) {
        let mut idle = self.idle.lock();
        if idle.len() < self.idle_max {
            idle.extend(client);
        }
    }

    /// What is behind the failure of a stream.
    async fn why(&self, error: client::CallError) -> Cause {
        let of_the_connection = match &error {
            client::CallError::Lost(_) => true,
            client::CallError::Io(error) => error.kind() == io::ErrorKind::ConnectionAborted,
            _ => false,
        };
        if of_the_connection {
            let mut end = self.end.clone();
            // Its task tells how it ended, or is gone with the runtime.
            if let Ok(Ok(ended)) = timeout(END_MAX, end.wait_for(Option::is_some)).await {
                match &*ended {
                    Some(Err(below)) => return Cause::Connection(Arc::clone(below)),
                    _ => return Cause::ClosedByPeer,
                }
            }
        }
        error.into()
    }

    /// Closes the connection, and waits until it is closed.
    pub(crate) async fn close(&self) {
        self.control.close().await;
    }
}

/// Whether nothing has come on a stream on which nothing should have: neither bytes nor an end.
fn is_silent(stream: &mut Stream) -> bool {
    let mut byte = [0];
    let mut buffer = ReadBuf::new(&mut byte);
    Pin::new(stream).poll_read(&mut Context::from_waker(Waker::noop()), &mut buffer).is_pending()
}

/// A stream in a call: unless it is taken out, it is reset.
struct Lease(Option<Client<Stream>>);

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(client) = &mut self.0 {
            client.get_mut().reset();
        }
    }
}

/// Makes one call on a connection of its own: the route for those who have no certificate yet has no sessions.
pub(crate) async fn call_alone(
    io: Box<dyn Io>,
    method: &str,
    body: &[u8],
    timeout: Option<Duration>,
) -> Result<Bytes, Cause> {
    Ok(Client::new(io).call_raw(method, body, timeout).await?)
}
