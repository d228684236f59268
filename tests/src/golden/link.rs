//! A connection to a server, read with deadlines, keeping what was read too early for the next step.
use std::{
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use super::{
    target::Target,
    tls::Alert,
    value::{DecodeError, decode},
};
use serde_json::Value;

/// How long dialling a server on this machine may take.
pub const DIAL_TIMEOUT: Duration = Duration::from_secs(3);
/// How long one write may take before the connection counts as stuck.
pub const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// A byte stream with deadlines that two threads can share: TCP, or [TLS over it](super::tls::TlsLink).
pub trait Link: Read + Write + Send {
    /// How long a read may wait from now on; must not be zero.
    fn set_read_timeout(&self, limit: Duration) -> io::Result<()>;
    /// Ends our half, or both.
    fn shut(&self, how: Shutdown) -> io::Result<()>;
    /// A second handle on the same stream.
    fn second(&self) -> io::Result<Box<dyn Link>>;
}

impl Link for TcpStream {
    fn set_read_timeout(&self, limit: Duration) -> io::Result<()> {
        TcpStream::set_read_timeout(self, Some(limit))
    }
    fn shut(&self, how: Shutdown) -> io::Result<()> {
        self.shutdown(how)
    }
    fn second(&self) -> io::Result<Box<dyn Link>> {
        Ok(Box::new(self.try_clone()?))
    }
}

/// Opens a TCP connection, from the source address that the target asks for.
///
/// # Errors
/// The system's, in its own words.
pub fn connect(target: &Target, to: SocketAddr) -> io::Result<TcpStream> {
    let socket = socket2::Socket::new(socket2::Domain::for_address(to), socket2::Type::STREAM, None)?;
    if let Some(source) = target.source {
        socket.bind(&SocketAddr::new(source, 0).into())?;
    }
    socket.connect_timeout(&to.into(), DIAL_TIMEOUT)?;
    socket.set_tcp_nodelay(true)?;
    socket.set_write_timeout(Some(WRITE_TIMEOUT))?;
    Ok(socket.into())
}

/// How a read ended, when it did not end by having enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// Time passed, or there was enough.
    Open,
    /// End of stream or reset.
    Closed,
    /// The peer said why it ends.
    Alert(Alert),
}

impl Then {
    /// The recordings' word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
            Self::Alert(alert) => alert.word(),
        }
    }
}

/// One dialled connection within a case.
pub struct Conn {
    link: Box<dyn Link>,
    read: Vec<u8>,
    ended: Option<Then>,
    /// The Seq of the last call made on it.
    pub seq: u64,
}

impl Conn {
    /// A connection over a fresh link.
    pub fn new(link: Box<dyn Link>) -> Self {
        Self { link, read: Vec::new(), ended: None, seq: 0 }
    }

    /// What has been read and not taken yet.
    pub fn unread(&self) -> &[u8] {
        &self.read
    }

    /// Takes the first `length` unread bytes.
    pub fn take(&mut self, length: usize) -> Vec<u8> {
        self.read.drain(..length.min(self.read.len())).collect()
    }

    /// Writes everything; a failure shows in what is read next.
    pub fn send(&mut self, bytes: &[u8]) {
        let _ = self.link.write_all(bytes).and_then(|()| self.link.flush());
    }

    /// Ends our half of the connection.
    pub fn shut_write(&self) {
        let _ = self.link.shut(Shutdown::Write);
    }

    /// Reads until `enough` says so, the deadline passes, or the stream ends.
    pub fn read_until(&mut self, deadline: Instant, mut enough: impl FnMut(&[u8]) -> bool) -> Then {
        loop {
            if enough(&self.read) {
                return Then::Open;
            }
            if let Some(how) = self.ended {
                return how;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Then::Open;
            }
            self.fill(left);
        }
    }

    fn fill(&mut self, limit: Duration) {
        let mut chunk = [0; 64 * 1024];
        let read = self.link.set_read_timeout(limit).and_then(|()| self.link.read(&mut chunk));
        match read {
            Ok(0) => self.ended = Some(Then::Closed),
            Ok(length) => self.read.extend_from_slice(&chunk[..length]),
            Err(error) if is_timeout(&error) => {}
            Err(error) => self.ended = Some(Alert::within(&error).map_or(Then::Closed, Then::Alert)),
        }
    }

    /// Reads one MessagePack value.
    ///
    /// # Errors
    /// How the connection stands when no whole value came; bytes that are no value read as [`Then::Open`], and stay unread.
    pub fn read_value(&mut self, deadline: Instant) -> Result<Value, Then> {
        let then = self.read_until(deadline, |read| decode(read) != Err(DecodeError::Short));
        match decode(&self.read) {
            Ok((value, length)) => {
                self.take(length);
                Ok(value)
            }
            Err(_) => Err(then),
        }
    }
}

impl Drop for Conn {
    fn drop(&mut self) {
        let _ = self.link.shut(Shutdown::Both);
    }
}

/// Whether a read failed only because its time was up.
pub fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted)
}

/// Reads a connection as a plain stream, for decoders that want one. A deadline that passes reads as an error.
pub struct Stream<'a> {
    conn: &'a mut Conn,
    deadline: Instant,
}

impl Conn {
    /// This connection as a reader, until `deadline`.
    pub fn stream(&mut self, deadline: Instant) -> Stream<'_> {
        Stream { conn: self, deadline }
    }
}

impl io::BufRead for Stream<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let then = self.conn.read_until(self.deadline, |read| !read.is_empty());
        if self.conn.read.is_empty() && then == Then::Open {
            return Err(io::ErrorKind::TimedOut.into());
        }
        Ok(&self.conn.read)
    }
    fn consume(&mut self, length: usize) {
        self.conn.take(length);
    }
}

impl Read for Stream<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let ready = io::BufRead::fill_buf(self)?;
        let length = ready.len().min(into.len());
        into[..length].copy_from_slice(&ready[..length]);
        io::BufRead::consume(self, length);
        Ok(length)
    }
}
