//! A small yamux client: one connection, a fresh stream for each call. It opens streams, keeps to windows both ways, answers
//! pings, and knows when a stream's bytes came in; no more.
use std::{
    collections::HashMap,
    io::{self, Read, Write},
    mem,
    net::Shutdown,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use super::{
    link::Link,
    yamux::{ACK, DATA, FIN, GO_AWAY, PING, RST, SYN, WINDOW, frame, parse},
};

/// The window that each side grants at first.
const WINDOW_BYTES: u32 = 256 * 1024;
/// How long the reader sleeps in one read: it has no deadline, but a socket needs one.
const READ_SLICE: Duration = Duration::from_secs(3600);

/// A session on a link that has had its type byte.
pub struct Session {
    shared: Arc<Shared>,
    closer: Box<dyn Link>,
    next_stream: u32,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    writer: Mutex<Box<dyn Link>>,
}

#[derive(Default)]
struct State {
    streams: HashMap<u32, Inbox>,
    dead: bool,
}

struct Inbox {
    bytes: Vec<u8>,
    arrived: Instant,
    ended: bool,
    granted: usize,
    send_window: u32,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.write_all(bytes)?;
        writer.flush()
    }

    fn read_all(&self, mut link: Box<dyn Link>) {
        let mut unread = Vec::new();
        let mut chunk = vec![0; 64 * 1024];
        while let Ok(length @ 1..) = link.read(&mut chunk) {
            unread.extend_from_slice(&chunk[..length]);
            while let Some((frame, length)) = parse(&unread) {
                unread.drain(..length);
                self.receive(frame);
            }
        }
        self.state().dead = true;
        self.changed.notify_all();
    }

    fn receive(&self, received: super::yamux::Frame) {
        match received.kind {
            PING if received.flags & SYN != 0 => {
                let _ = self.write(&frame(PING, ACK, 0, received.value, &[]));
            }
            GO_AWAY => self.state().dead = true,
            DATA | WINDOW => {
                if let Some(inbox) = self.state().streams.get_mut(&received.stream) {
                    inbox.bytes.extend(&received.data);
                    inbox.arrived = Instant::now();
                    inbox.ended |= received.flags & (FIN | RST) != 0;
                    if received.kind == WINDOW {
                        inbox.send_window = inbox.send_window.saturating_add(received.value);
                    }
                }
            }
            _ => {}
        }
        self.changed.notify_all();
    }
}

impl Session {
    /// Starts a session on `link`: writes the type byte, and reads from then on.
    ///
    /// # Errors
    /// When the link fails at once.
    pub fn start(mut link: Box<dyn Link>) -> io::Result<Self> {
        link.write_all(&[4])?;
        link.set_read_timeout(READ_SLICE)?;
        let (reader, writer) = (link.second()?, link.second()?);
        let shared = Arc::new(Shared { state: Mutex::default(), changed: Condvar::new(), writer: Mutex::new(writer) });
        let reading = Arc::clone(&shared);
        thread::spawn(move || reading.read_all(reader));
        Ok(Self { shared, closer: link, next_stream: 1 })
    }

    /// Opens a stream.
    ///
    /// # Errors
    /// When the session is over.
    pub fn open(&mut self) -> io::Result<Stream> {
        let id = self.next_stream;
        self.next_stream += 2;
        let inbox =
            Inbox { bytes: Vec::new(), arrived: Instant::now(), ended: false, granted: 0, send_window: WINDOW_BYTES };
        self.shared.state().streams.insert(id, inbox);
        self.shared.write(&frame(WINDOW, SYN, id, 0, &[]))?;
        Ok(Stream { shared: Arc::clone(&self.shared), id })
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.closer.shut(Shutdown::Both); // which also ends the reader
    }
}

/// One stream. Dropping it resets it.
pub struct Stream {
    shared: Arc<Shared>,
    id: u32,
}

impl Stream {
    /// Writes everything, as the server's window allows.
    ///
    /// # Errors
    /// When the session or stream ends, or the deadline passes first.
    pub fn send(&self, mut bytes: &[u8], deadline: Instant) -> io::Result<()> {
        while !bytes.is_empty() {
            let length = self.wait(
                deadline,
                |inbox| inbox.send_window > 0,
                |inbox| {
                    let length = bytes.len().min(inbox.send_window as usize);
                    inbox.send_window -= length as u32;
                    length
                },
            )?;
            self.shared.write(&frame(DATA, 0, self.id, length as u32, &bytes[..length]))?;
            bytes = &bytes[length..];
        }
        Ok(())
    }

    /// Waits until `enough` yields something of the unread bytes, and says when the last of them came in.
    ///
    /// # Errors
    /// `UnexpectedEof` when the stream ended first, `TimedOut` when the deadline passed first.
    pub fn read<T>(&self, deadline: Instant, enough: impl Fn(&[u8]) -> Option<T>) -> io::Result<(T, Instant)> {
        let mut seen = 0;
        loop {
            // Windows are granted by who takes the bytes, so that the reader never waits for the writer.
            let (grant, arrived, found);
            (seen, grant, arrived, found) = self.wait(
                deadline,
                |inbox| inbox.bytes.len() > seen,
                |inbox| {
                    let unread = inbox.bytes.len();
                    let grant = unread - mem::replace(&mut inbox.granted, unread);
                    (unread, grant, inbox.arrived, enough(&inbox.bytes))
                },
            )?;
            if grant > 0 {
                self.shared.write(&frame(WINDOW, 0, self.id, grant as u32, &[]))?;
            }
            if let Some(found) = found {
                return Ok((found, arrived));
            }
        }
    }

    fn wait<T>(
        &self,
        deadline: Instant,
        ready: impl Fn(&Inbox) -> bool,
        take: impl FnOnce(&mut Inbox) -> T,
    ) -> io::Result<T> {
        let mut state = self.shared.state();
        loop {
            let dead = state.dead;
            let inbox = state.streams.get_mut(&self.id).ok_or(io::ErrorKind::UnexpectedEof)?;
            if ready(inbox) {
                return Ok(take(inbox));
            }
            if inbox.ended || dead {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            state = self.shared.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.shared.state().streams.remove(&self.id);
        let _ = self.shared.write(&frame(WINDOW, FIN, self.id, 0, &[]));
    }
}

#[cfg(test)]
mod tests;
