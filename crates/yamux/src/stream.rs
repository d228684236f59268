//! A stream's states and facts.

use crate::backlog::Backlog;
use crate::frame::Flags;
use crate::window::{RecvWindow, SendWindow};
use std::fmt;

/// A stream's number on the wire, chosen by the side that started it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamId(pub u32);

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where a stream is in its life. Local states change when our flag is put on the wire, not when the embedder asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StreamState {
    /// We started it, the peer has not acknowledged it. Data may flow both ways already.
    SynSent,
    /// The peer started it and our acknowledgement is not queued yet; lasts only while its first header is looked at.
    SynReceived,
    /// Open both ways.
    Established,
    /// We sent FIN.
    LocalClosed,
    /// The peer sent FIN.
    RemoteClosed,
    /// Both sent FIN.
    Closed,
    /// Either side sent RST.
    Reset,
}

impl StreamState {
    /// Every state, for tables.
    pub const ALL: [Self; 7] = [
        Self::SynSent,
        Self::SynReceived,
        Self::Established,
        Self::LocalClosed,
        Self::RemoteClosed,
        Self::Closed,
        Self::Reset,
    ];

    /// Whether we may still send data.
    pub fn can_send(self) -> bool {
        matches!(self, Self::SynSent | Self::SynReceived | Self::Established | Self::RemoteClosed)
    }

    /// Whether the peer may still send data.
    pub fn can_receive(self) -> bool {
        matches!(self, Self::SynSent | Self::SynReceived | Self::Established | Self::LocalClosed)
    }

    /// The state once our FIN is on the wire.
    pub(crate) fn after_local_fin(self) -> Self {
        match self {
            Self::SynSent | Self::SynReceived | Self::Established => Self::LocalClosed,
            Self::RemoteClosed => Self::Closed,
            Self::LocalClosed | Self::Closed | Self::Reset => self,
        }
    }
}

/// A flag on a frame that came for a known stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flag {
    /// Start of a stream.
    Syn,
    /// Acknowledgement of a stream.
    Ack,
    /// The peer's last byte is sent.
    Fin,
    /// The stream is gone.
    Rst,
}

impl Flag {
    /// The flags in the order in which they take effect when one frame carries several.
    pub const ALL: [Self; 4] = [Self::Syn, Self::Ack, Self::Fin, Self::Rst];

    /// The flag's bit.
    pub fn bit(self) -> Flags {
        match self {
            Self::Syn => Flags::SYN,
            Self::Ack => Flags::ACK,
            Self::Fin => Flags::FIN,
            Self::Rst => Flags::RST,
        }
    }
}

/// A flag that a stream's state does not allow. It costs the peer its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{flag:?} came in state {state:?}")]
pub struct Violation {
    /// The state the stream was in.
    pub state: StreamState,
    /// What came.
    pub flag: Flag,
}

/// A stream's next state when `flag` arrives for it. Total: every pair has an answer here and nowhere else.
///
/// SYN is for an id that is not in use, so it never suits a known stream; a second FIN does not either. An ACK that is
/// late or repeated changes nothing. Source: HashiCorp's `processFlags` and `incomingStream`.
///
/// # Errors
/// The flag is a violation: the session is told to go away and ends.
pub fn on_flag(state: StreamState, flag: Flag) -> Result<StreamState, Violation> {
    use {Flag::*, StreamState::*};
    Ok(match (state, flag) {
        (_, Syn) => return Err(Violation { state, flag }),
        (_, Rst) => Reset,
        (SynSent, Ack) => Established,
        (_, Ack) => state,
        (SynSent | SynReceived | Established, Fin) => RemoteClosed,
        (LocalClosed, Fin) => Closed,
        (RemoteClosed | Closed | Reset, Fin) => return Err(Violation { state, flag }),
    })
}

/// What a session knows of one stream: 32 bytes and the embedder's `T`.
#[derive(Debug)]
pub(crate) struct Stream<T> {
    pub(crate) id: StreamId,
    pub(crate) generation: u32,
    pub(crate) send: SendWindow,
    pub(crate) recv: RecvWindow,
    pub(crate) state: StreamState,
    /// Started by us and not acknowledged: counts against the peer's accept backlog.
    pub(crate) unacked: bool,
    /// FIN is to follow the backlog.
    pub(crate) finishing: bool,
    pub(crate) backlog: Option<Box<Backlog>>,
    pub(crate) data: T,
}

impl<T> Stream<T> {
    pub(crate) fn backlog_len(&self) -> usize {
        self.backlog.as_ref().map_or(0, |backlog| backlog.len())
    }

    pub(crate) fn is_writable(&self) -> bool {
        self.state.can_send() && !self.finishing
    }
}

#[cfg(test)]
mod tests;
