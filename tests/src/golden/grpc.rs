//! A gRPC client for recordings: calls by path, messages as bytes. Not tonic's, so that it sees what a server really says.
use std::{
    io,
    net::SocketAddr,
    sync::mpsc as std_mpsc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use http_body_util::{BodyExt, StreamBody, combinators::BoxBody};
use hyper::{
    HeaderMap, Request,
    body::{Frame, Incoming},
    client::conn::http2::{self, SendRequest},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Map, Value, json};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpSocket, TcpStream},
    runtime::Runtime,
    sync::mpsc,
};

use super::{case::Port, proto, target::Target};

/// How many messages of ours wait to be sent.
const QUEUE: usize = 8;
/// The names of status codes, by number.
const CODES: [&str; 17] = [
    "OK",
    "Canceled",
    "Unknown",
    "InvalidArgument",
    "DeadlineExceeded",
    "NotFound",
    "AlreadyExists",
    "PermissionDenied",
    "ResourceExhausted",
    "FailedPrecondition",
    "Aborted",
    "OutOfRange",
    "Unimplemented",
    "Internal",
    "Unavailable",
    "DataLoss",
    "Unauthenticated",
];

type Body = BoxBody<Bytes, io::Error>;

/// Connections of one case, one for each port.
pub struct Client {
    runtime: Runtime,
    channels: Vec<(Port, SendRequest<Body>)>,
}

/// A call that is under way.
pub struct Stream {
    requests: Option<mpsc::Sender<Bytes>>,
    replies: std_mpsc::Receiver<Told>,
    ended: Option<Status>,
}

/// What came of a call.
enum Told {
    Message(Bytes),
    Ended(Status),
}

/// How a call ended.
#[derive(Clone, Debug)]
pub struct Status {
    code: String,
    message: String,
}

impl Status {
    fn failed(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into() }
    }

    fn of(headers: &HeaderMap) -> Option<Self> {
        let text = |name: &str| headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let code: usize = text("grpc-status")?.parse().ok()?;
        let message = text("grpc-message").map(|message| percent_decoded(&message)).unwrap_or_default();
        Some(Self { code: CODES.get(code).map_or_else(|| code.to_string(), |name| (*name).into()), message })
    }

    fn into_fields(self) -> Map<String, Value> {
        let mut fields = Map::new();
        fields.insert("code".into(), json!(self.code));
        if !self.message.is_empty() {
            fields.insert("message".into(), json!(self.message));
        }
        fields
    }
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, others)) = rest.split_first() {
        let escaped = (*first == b'%').then(|| others.get(..2)).flatten();
        let escaped = escaped.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match escaped {
            Some(byte) => {
                bytes.push(byte);
                rest = &others[2..];
            }
            None => {
                bytes.push(*first);
                rest = others;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

impl Client {
    /// A client without connections yet.
    ///
    /// # Errors
    /// The system's.
    pub fn new() -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        Ok(Self { runtime, channels: Vec::new() })
    }

    /// Calls a method with one message.
    ///
    /// # Errors
    /// The target has no such port, or the recording makes no sense.
    pub fn call(
        &mut self,
        target: &Target,
        port: Port,
        path: &str,
        meta: &Map<String, Value>,
        message: &[u8],
        limit: Duration,
    ) -> Result<Value> {
        let mut stream = self.open(target, port, path, meta, Some(message), false)?;
        let (messages, status) = stream.receive(0, limit);
        let status = status.unwrap_or_else(|| Status::failed("DeadlineExceeded", "context deadline exceeded"));
        let mut fields = status.into_fields();
        if fields["code"] == "OK" {
            let reply = messages.first().context("an answer without a message")?;
            fields.insert("reply".into(), proto::decode(reply).context("a reply that does not parse")?);
        }
        Ok(Value::Object(fields))
    }

    /// Begins a call; `message` is sent, and ours half-closed unless `stays_open`.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub fn open(
        &mut self,
        target: &Target,
        port: Port,
        path: &str,
        meta: &Map<String, Value>,
        message: Option<&[u8]>,
        stays_open: bool,
    ) -> Result<Stream> {
        let (requests, mut queue) = mpsc::channel::<Bytes>(QUEUE);
        if let Some(message) = message {
            requests.try_send(framed(message)).context("the first message")?;
        }
        let (tell, replies) = std_mpsc::channel();
        let frames = futures_util::stream::poll_fn(move |cx| {
            queue.poll_recv(cx).map(|message| message.map(|message| Ok(Frame::data(message))))
        });
        let body: Body = BodyExt::boxed(StreamBody::new(frames));
        let mut request = Request::post(format!("http://server{path}"))
            .header("content-type", "application/grpc")
            .header("te", "trailers");
        for (name, value) in meta {
            request = request.header(name, value.as_str().context("metadata is text")?);
        }
        let request = request.body(body)?;
        let mut channel = self.channel(target, port)?;
        self.runtime.spawn(async move {
            let status = match channel.send_request(request).await {
                Ok(response) => read(response, &tell).await,
                Err(error) => Status::failed("Unavailable", format!("{error:?}")),
            };
            // Nobody may be waiting any more.
            let _told = tell.send(Told::Ended(status));
        });
        Ok(Stream { requests: stays_open.then_some(requests), replies, ended: None })
    }

    /// The connection to a port, dialled when it is first needed.
    fn channel(&mut self, target: &Target, port: Port) -> Result<SendRequest<Body>> {
        if let Some((_, channel)) = self.channels.iter().find(|(one, channel)| *one == port && !channel.is_closed()) {
            return Ok(channel.clone());
        }
        let address = target.port(port).with_context(|| format!("the target has no port {}", port.name()))?;
        let source = target.source;
        let is_server_port = matches!(port, Port::Rpc | Port::Rpc2);
        let channel = self.runtime.block_on(async move {
            let mut tcp = dial(address, source.map(|ip| SocketAddr::new(ip, 0))).await?;
            tcp.set_nodelay(true)?;
            if is_server_port {
                tcp.write_all(&[8]).await?;
            }
            let (channel, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(tcp)).await?;
            tokio::spawn(connection);
            anyhow::Ok(channel)
        })?;
        self.channels.retain(|(one, _)| *one != port);
        self.channels.push((port, channel.clone()));
        Ok(channel)
    }
}

async fn dial(address: SocketAddr, source: Option<SocketAddr>) -> io::Result<TcpStream> {
    let Some(source) = source else { return TcpStream::connect(address).await };
    let socket = TcpSocket::new_v4()?;
    socket.bind(source)?;
    socket.connect(address).await
}

/// Hands on the messages of an answer; how it ended.
async fn read(response: hyper::Response<Incoming>, tell: &std_mpsc::Sender<Told>) -> Status {
    if let Some(status) = Status::of(response.headers()) {
        return status;
    }
    let mut body = response.into_body();
    let mut held = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = match frame {
            Ok(frame) => frame,
            Err(error) => return Status::failed("Unavailable", format!("{error:?}")),
        };
        match frame.into_data() {
            Ok(data) => held.extend_from_slice(&data),
            Err(frame) => {
                let status = frame.trailers_ref().and_then(Status::of);
                return status.unwrap_or_else(|| Status::failed("Internal", "trailers without a status"));
            }
        }
        while let Some(message) = unframed(&mut held) {
            if tell.send(Told::Message(message)).is_err() {
                return Status::failed("Canceled", "nobody listens");
            }
        }
    }
    Status::failed("Internal", "no trailers")
}

fn framed(message: &[u8]) -> Bytes {
    let mut frame = BytesMut::with_capacity(5 + message.len());
    frame.put_u8(0);
    frame.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
    frame.extend_from_slice(message);
    frame.freeze()
}

fn unframed(held: &mut BytesMut) -> Option<Bytes> {
    let length = held.get(1..5)?.try_into().map(u32::from_be_bytes).ok()? as usize;
    if held.len() < 5 + length {
        return None;
    }
    held.advance(5);
    Some(held.split_to(length).freeze())
}

impl Stream {
    /// Up to `want` messages (0: all) within `limit`, and how the call ended, if it has.
    pub fn receive(&mut self, want: usize, limit: Duration) -> (Vec<Bytes>, Option<Status>) {
        let deadline = Instant::now() + limit;
        let mut messages = Vec::new();
        while self.ended.is_none() && (want == 0 || messages.len() < want) {
            match self.replies.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(Told::Message(message)) => messages.push(message),
                Ok(Told::Ended(status)) => self.ended = Some(status),
                Err(_) => break,
            }
        }
        (messages, self.ended.clone())
    }

    /// As [`Stream::receive`], as an outcome.
    ///
    /// # Errors
    /// A message that does not parse.
    pub fn outcome(&mut self, want: usize, limit: Duration) -> Result<Value> {
        let (messages, ended) = self.receive(want, limit);
        let messages: Option<Vec<Value>> = messages.iter().map(|message| proto::decode(message)).collect();
        let mut fields = Map::new();
        fields.insert("messages".into(), json!(messages.context("a message that does not parse")?));
        match ended {
            Some(status) => fields.extend(status.into_fields()),
            None => _ = fields.insert("code".into(), json!("(open)")),
        }
        Ok(Value::Object(fields))
    }

    /// Sends another message.
    ///
    /// # Errors
    /// The stream is half-closed, or the server takes nothing.
    pub fn send(&mut self, message: &[u8]) -> Result<()> {
        let requests = self.requests.as_ref().context("the stream is half-closed")?;
        requests.try_send(framed(message)).context("sending a message")
    }

    /// Half-closes.
    pub fn end(&mut self) {
        self.requests = None;
    }
}
