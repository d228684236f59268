//! What is told about a recording, in the order in which it took place.

use std::{borrow::Cow, net::SocketAddr, time::Duration};

use bytes::Bytes;
use proconsul_types::{GrpcRow, MethodRow};
use proconsul_yamux::Header;

/// Number of a connection within a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnId(pub u64);

/// Which way bytes went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the one that opened the connection.
    ToServer,
    /// From the one that accepted it.
    ToClient,
}

impl Direction {
    /// 0 to the server, 1 to the client: a place in a pair.
    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}

/// One thing that took place.
#[derive(Clone, Debug)]
pub struct Event {
    /// On which connection.
    pub conn: ConnId,
    /// On which stream of it, of yamux or HTTP/2; `None`: the connection itself, or it has no streams.
    pub stream: Option<u32>,
    /// When, counted from what the recording counts from.
    pub at: Duration,
    /// Which way; `None` where it is about both.
    pub direction: Option<Direction>,
    /// What.
    pub what: What,
}

/// What took place.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum What {
    /// A connection begins.
    Opened {
        /// Client and server, where the recording knows them.
        between: Option<(SocketAddr, SocketAddr)>,
        /// Its beginning is not in the recording.
        midway: bool,
    },
    /// The route is known.
    Route {
        /// As in the route table of `proconsul-mux`; `tls` when it begins with a TLS handshake.
        label: &'static str,
        /// What it carries, in a few words.
        carries: &'static str,
        /// The bytes that choose a route are not there: it was guessed from what they look like.
        guessed: bool,
    },
    /// One direction ends (`Some` direction), or the connection does.
    Ended,
    /// A yamux frame. The bytes of a data frame follow as events of its stream.
    Frame(Header),
    /// A net/rpc request.
    Call(Message),
    /// A net/rpc reply.
    Reply {
        /// What it carries; its body is empty when there is an error.
        message: Message,
        /// The error, if it is one.
        error: Option<String>,
        /// Time since its request was whole; `None`: the request is not in the recording.
        took: Option<Duration>,
    },
    /// A request that got no reply before its stream, or the recording, ended.
    Unanswered {
        /// The method.
        method: String,
        /// Its number.
        seq: u64,
        /// How long it had waited.
        waited: Duration,
    },
    /// A msgpack value by itself.
    Value(Body),
    /// A message of raft: a request, or a reply to one.
    Raft {
        /// Which call.
        call: RaftCall,
        /// What it carries.
        body: Body,
        /// For a reply: whether it is one, its error, and the time since its request.
        reply: Option<(Option<String>, Option<Duration>)>,
    },
    /// An entry of the raft log, out of the `AppendEntries` told just before.
    RaftEntry {
        /// Index in the log.
        index: u64,
        /// Term it was made in.
        term: u64,
        /// Raft's own type: `command`, `noop`, `barrier`, `configuration`.
        kind: Cow<'static, str>,
        /// For a command: Consul's name of its type byte.
        name: Option<Cow<'static, str>>,
        /// The content, without the type byte.
        body: Body,
    },
    /// What a snapshot connection asks for, and what it is answered.
    Snapshot {
        /// `true`: the reply.
        reply: bool,
        /// What it says.
        body: Body,
        /// For a reply: time since its request.
        took: Option<Duration>,
    },
    /// A stream of bytes has ended that is nobody's message: a snapshot's archive.
    Archive {
        /// What it is part of: `snapshot`, `raft snapshot`.
        of: &'static str,
        /// How many bytes.
        bytes: u64,
        /// What its first bytes say that it is.
        form: &'static str,
    },
    /// An HTTP/2 frame.
    Http2 {
        /// Its type.
        kind: Http2Kind,
        /// Its flags.
        flags: u8,
        /// Length of its content.
        length: u32,
    },
    /// A gRPC call begins.
    GrpcCall {
        /// The path: `/package.Service/Method`.
        path: String,
        /// Its row in the table of methods, if it is known.
        row: Option<&'static GrpcRow>,
        /// Metadata that says something about the call, names in small letters. Tokens are not among them.
        metadata: Vec<(String, String)>,
    },
    /// A message of a gRPC call.
    GrpcMessage {
        /// The path of the call, `None` when its beginning is not in the recording.
        path: Option<String>,
        /// How many messages of this direction of the call came before it.
        number: u64,
        /// The message.
        body: Body,
        /// For a message from the server: time since the call began.
        took: Option<Duration>,
    },
    /// A gRPC call ends.
    GrpcEnd(GrpcEnd),
    /// A TLS record.
    Tls(TlsRecord),
    /// Bytes of a protocol that is not looked into.
    Opaque {
        /// Which.
        of: &'static str,
        /// How many bytes.
        bytes: u64,
    },
    /// Bytes that the recording does not have.
    Lost {
        /// How many.
        bytes: u64,
    },
    /// What makes no sense. Nothing more is told of this direction of the stream or connection.
    Trouble {
        /// Why.
        why: String,
        /// At which byte of this direction of the stream or connection, counted from 0.
        offset: u64,
    },
}

/// A net/rpc request or reply.
#[derive(Clone, Debug)]
pub struct Message {
    /// The method as the peer named it.
    pub method: String,
    /// Its row in the table of methods, if it is known.
    pub row: Option<&'static MethodRow>,
    /// The number that the client gave it.
    pub seq: u64,
    /// How long the caller waits, if it said so.
    pub timeout: Option<Duration>,
    /// The argument or the reply.
    pub body: Body,
}

/// Content with what is known about its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// Consul's name of the type, or the full name of a protobuf message; empty: not known.
    pub type_name: &'static str,
    /// How it is encoded.
    pub encoding: Encoding,
    /// The bytes.
    pub bytes: Bytes,
}

impl Body {
    /// No content.
    pub const NONE: Self = Self { type_name: "", encoding: Encoding::Nothing, bytes: Bytes::new() };

    pub(crate) fn msgpack(type_name: &'static str, bytes: Bytes) -> Self {
        Self { type_name, encoding: Encoding::Msgpack, bytes }
    }

    pub(crate) fn protobuf(type_name: &'static str, bytes: Bytes) -> Self {
        Self { type_name, encoding: Encoding::Protobuf, bytes }
    }

    pub(crate) fn opaque(bytes: Bytes) -> Self {
        let encoding = if bytes.is_empty() { Encoding::Nothing } else { Encoding::Opaque };
        Self { type_name: "", encoding, bytes }
    }
}

/// How content is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// There is none.
    Nothing,
    /// One msgpack value.
    Msgpack,
    /// One protobuf message.
    Protobuf,
    /// A protobuf message, compressed by what the call's metadata names.
    Compressed,
    /// Not known.
    Opaque,
}

/// Whose turn a raft message is, and which call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RaftCall {
    /// Entries for the log, or none: a heartbeat.
    AppendEntries,
    /// A candidate asks for a vote.
    RequestVote,
    /// A snapshot follows.
    InstallSnapshot,
    /// Start an election at once.
    TimeoutNow,
    /// A would-be candidate asks whether it would be voted for.
    RequestPreVote,
}

impl RaftCall {
    /// The call of a type byte.
    pub const fn of(byte: u8) -> Option<Self> {
        Some(match byte {
            0 => Self::AppendEntries,
            1 => Self::RequestVote,
            2 => Self::InstallSnapshot,
            3 => Self::TimeoutNow,
            4 => Self::RequestPreVote,
            _ => return None,
        })
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AppendEntries => "AppendEntries",
            Self::RequestVote => "RequestVote",
            Self::InstallSnapshot => "InstallSnapshot",
            Self::TimeoutNow => "TimeoutNow",
            Self::RequestPreVote => "RequestPreVote",
        }
    }
}

/// The type of an HTTP/2 frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Http2Kind(pub u8);

impl Http2Kind {
    /// Its name in RFC 9113, or `unknown`.
    pub const fn name(self) -> &'static str {
        match self.0 {
            0 => "DATA",
            1 => "HEADERS",
            2 => "PRIORITY",
            3 => "RST_STREAM",
            4 => "SETTINGS",
            5 => "PUSH_PROMISE",
            6 => "PING",
            7 => "GOAWAY",
            8 => "WINDOW_UPDATE",
            9 => "CONTINUATION",
            _ => "unknown",
        }
    }
}

/// Who ended a gRPC call, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrpcEnd {
    /// The path, `None` when the call's beginning is not in the recording.
    pub path: Option<String>,
    /// How it ended.
    pub whose: Whose,
    /// Time since it began.
    pub took: Option<Duration>,
}

/// How a gRPC call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// The server gave a status: its code and message.
    Status(u32, String),
    /// A reset of the stream, with HTTP/2's error code.
    Reset(u32),
    /// The connection, or the recording, ended first.
    Cut,
}

/// A TLS record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsRecord {
    /// What it is: `handshake`, `application data`, `alert`, `change cipher spec`.
    pub kind: &'static str,
    /// What is readable of it: the kinds of handshake messages, names offered, what was agreed on.
    pub says: String,
    /// Length of its content.
    pub length: u16,
}
