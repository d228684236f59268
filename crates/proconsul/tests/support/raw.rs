//! A client that sees each frame: requests as bytes, and a yamux session that is read as it comes.
use std::{
    collections::HashMap,
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
};

use proconsul_msgpack::{GoStr, Value};
use proconsul_types::RequestSeq;
use proconsul_yamux::{Flags, HEADER_BYTES, Header, Kind};

use super::PROMPTLY;

/// A request whose argument has these fields.
pub(crate) fn request(method: &str, fields: &[(&str, Value)]) -> Vec<u8> {
    let mut out = Vec::new();
    proconsul_netrpc::write_request_header(&mut out, method, RequestSeq(1), None);
    let body = Value::Map(fields.iter().map(|(name, value)| (GoStr::from(*name), value.clone())).collect());
    out.extend(proconsul_msgpack::to_vec(&body).expect("the argument has an encoding"));
    out
}

/// A text.
pub(crate) fn text(text: &str) -> Value {
    Value::Str(GoStr::from(text))
}

/// A query for a key that is answered when its index is above `index`, or after a minute.
pub(crate) fn query(key: &str, index: i64) -> Vec<u8> {
    let wait = Value::Int(60_000_000_000);
    request("KVS.Get", &[("Key", text(key)), ("MinQueryIndex", Value::Int(index)), ("MaxQueryTime", wait)])
}

/// Connects and writes `first`.
pub(crate) fn dial(address: SocketAddr, first: &[u8]) -> TcpStream {
    let mut tcp = TcpStream::connect(address).expect("the server listens");
    tcp.set_read_timeout(Some(PROMPTLY)).expect("a TCP option");
    tcp.set_nodelay(true).expect("a TCP option");
    tcp.write_all(first).expect("it takes the first bytes");
    tcp
}

/// Reads up to `count` bytes; fewer at the end of the connection.
pub(crate) fn read(tcp: &mut TcpStream, count: usize) -> Vec<u8> {
    let mut got = Vec::new();
    match tcp.take(count as u64).read_to_end(&mut got) {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}"),
    }
    got
}

/// A yamux session.
pub(crate) struct Session {
    tcp: TcpStream,
    /// What has come on each stream.
    pub(crate) streams: HashMap<u32, Vec<u8>>,
    /// A go-away has come, with code 0.
    pub(crate) told_to_go: bool,
    pongs: usize,
}

impl Session {
    pub(crate) fn start(address: SocketAddr) -> Self {
        Self { tcp: dial(address, &[4]), streams: HashMap::new(), told_to_go: false, pongs: 0 }
    }

    fn frame(&mut self, kind: Kind, flags: Flags, stream: u32, length: u32) {
        self.tcp.write_all(&Header { kind, flags, stream, length }.encode()).expect("the session goes on");
    }

    /// Starts a stream and sends bytes on it.
    pub(crate) fn open(&mut self, stream: u32, bytes: &[u8]) {
        self.frame(Kind::WindowUpdate, Flags::SYN, stream, 0);
        self.send(stream, bytes);
    }

    /// Sends more bytes.
    pub(crate) fn send(&mut self, stream: u32, bytes: &[u8]) {
        self.frame(Kind::Data, Flags::NONE, stream, bytes.len() as u32);
        self.tcp.write_all(bytes).expect("the session goes on");
    }

    /// Sends a ping, if the connection still takes one.
    pub(crate) fn ping(&mut self) {
        let ping = Header { kind: Kind::Ping, flags: Flags::SYN, stream: 0, length: 1 };
        let _closed = self.tcp.write_all(&ping.encode()); // what the server has sent can be read all the same
    }

    /// Everything that was sent has been looked at.
    pub(crate) fn settle(&mut self) {
        let pongs = self.pongs;
        self.frame(Kind::Ping, Flags::SYN, 0, 1);
        self.listen("the answer to a ping", |session| session.pongs > pongs);
    }

    /// Reads frames until `enough`.
    pub(crate) fn listen(&mut self, what: &str, enough: impl Fn(&Self) -> bool) {
        while !enough(self) {
            assert!(self.listen_once(), "the session ended before {what}");
        }
    }

    /// Reads frames until the server closes the connection.
    pub(crate) fn listen_to_the_end(&mut self) {
        while self.listen_once() {}
    }

    /// Reads one frame. False at the end.
    fn listen_once(&mut self) -> bool {
        let header = read(&mut self.tcp, HEADER_BYTES);
        let Ok(header) = <[u8; HEADER_BYTES]>::try_from(header) else { return false };
        let header = Header::decode(&header).expect("the server keeps to yamux");
        match header.kind {
            Kind::Data => {
                let bytes = read(&mut self.tcp, header.length as usize);
                if bytes.len() < header.length as usize {
                    return false;
                }
                self.streams.entry(header.stream).or_default().extend(bytes);
            }
            Kind::Ping if header.flags.contains(Flags::ACK) => self.pongs += 1,
            Kind::GoAway => self.told_to_go |= header.length == 0,
            Kind::Ping | Kind::WindowUpdate => {}
        }
        true
    }

    /// The reply that came on a stream.
    pub(crate) fn reply(&self, stream: u32) -> Option<Value> {
        let bytes = self.streams.get(&stream)?;
        let mut decoder = proconsul_msgpack::Decoder::new(bytes);
        let header: proconsul_netrpc::ResponseHeader = decoder.decode().expect("an answer begins with its header");
        assert_eq!(header.error, GoStr::from(""), "an answer without error");
        Some(decoder.decode().expect("a whole reply"))
    }
}

/// A field of a map, by its path.
pub(crate) fn field<'v>(value: &'v Value, path: &[&str]) -> &'v Value {
    path.iter().fold(value, |value, name| {
        let Value::Map(pairs) = value else { panic!("{name} is asked of {value:?}") };
        let found = pairs.iter().find(|(key, _)| *key == *name);
        &found.unwrap_or_else(|| panic!("no {name} in {value:?}")).1
    })
}
