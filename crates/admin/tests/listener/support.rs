//! A listener in front of a made-up server, and peers that write what they like.
use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex},
};

use proconsul_admin::{Address, Admin, Listen, Page, Source, Token, view::*};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::oneshot,
    task::JoinHandle,
};

/// What the made-up server does otherwise than others.
#[derive(Clone, Debug, Default)]
pub(crate) struct Habits {
    /// How long the certificate's name of each connection is, and how many there are.
    pub(crate) name_bytes: usize,
    pub(crate) conns: u64,
    /// It never tells its streams.
    pub(crate) streams_hang: bool,
    pub(crate) ill: bool,
    /// It panics when it is asked for its routes.
    pub(crate) panics: bool,
}

/// A server that remembers who was killed.
pub(crate) struct MadeUp {
    habits: Habits,
    killed: Arc<Mutex<Vec<u64>>>,
}

impl Source for MadeUp {
    async fn conns(&self, at_most: usize) -> Vec<ConnView> {
        let conn = |id| ConnView {
            id,
            peer: "127.0.0.1:4000".into(),
            route: "rpc".into(),
            certificate_names: vec!["x".repeat(self.habits.name_bytes)],
            ..ConnView::default()
        };
        (0..self.habits.conns).map(conn).take(at_most).collect()
    }
    fn conns_total(&self) -> u64 {
        self.habits.conns
    }
    async fn streams(&self, _: usize) -> Vec<StreamView> {
        if self.habits.streams_hang {
            std::future::pending::<()>().await;
        }
        vec![StreamView { conn: 1, stream: 3, state: Some(CallState::Parked), ..StreamView::default() }]
    }
    async fn slow(&self) -> Vec<SlowView> {
        vec![SlowView { method: "KVS.List".into(), ms: 7.5, ..SlowView::default() }]
    }
    async fn closed(&self) -> Vec<ClosedView> {
        vec![ClosedView { reason: "stray".into(), count: 2, ..ClosedView::default() }]
    }
    async fn routes(&self) -> Vec<RouteView> {
        assert!(!self.habits.panics, "a test wants it so");
        vec![RouteView { label: "rpc".into(), byte: Some(0), live: 1, ..RouteView::default() }]
    }
    async fn methods(&self) -> Vec<MethodView> {
        vec![MethodView { method: "Status.Ping".into(), calls: 3, p50_ms: Some(0.25), ..MethodView::default() }]
    }
    async fn kill(&self, id: u64) -> bool {
        self.killed.lock().expect("nobody panics with it").push(id);
        id == 1
    }
    fn metrics_text(&self) -> String {
        "# TYPE consul_rpc_request counter\nconsul_rpc_request 3\n".into()
    }
    fn healthy(&self) -> Health {
        Health { ok: !self.habits.ill, detail: "so it is".into() }
    }
    fn server(&self) -> ServerView {
        ServerView { node: "node".into(), ..ServerView::default() }
    }
}

/// A listener that serves.
pub(crate) struct Running {
    pub(crate) address: Address,
    pub(crate) token: Token,
    pub(crate) killed: Arc<Mutex<Vec<u64>>>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Running {
    pub(crate) async fn tcp(habits: Habits) -> Self {
        Self::at(Listen::Loopback(0), habits).await
    }

    pub(crate) async fn unix(path: PathBuf) -> Self {
        Self::at(Listen::Unix(path), Habits::default()).await
    }

    async fn at(listen: Listen, habits: Habits) -> Self {
        let token = Token::random();
        let admin = Admin::bind(listen, token.clone()).await.expect("a listener");
        let address = admin.address().clone();
        let killed = Arc::default();
        let source = MadeUp { habits, killed: Arc::clone(&killed) };
        let (stop, stopped) = oneshot::channel();
        let page = Page::new("<?xml version=\"1.0\"?>\n<svg><style>text{}</style><text id=\"live-rpc\"></text></svg>");
        let task = tokio::spawn(admin.serve(source, page, async { drop(stopped.await) }));
        Self { address, token, killed, stop, task }
    }

    pub(crate) fn port(&self) -> SocketAddr {
        let Address::Tcp(address) = &self.address else { panic!("it is a unix socket") };
        *address
    }

    /// Tells it to stop, and waits until it has.
    pub(crate) async fn stop(self) {
        drop(self.stop);
        self.task.await.expect("it does not panic");
    }

    /// A request whose Host is right, with more headers, each with its line end.
    pub(crate) fn request(&self, line: &str, more: &str) -> String {
        format!("{line} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{more}\r\n", self.port())
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.port()).await.expect("it listens")
    }

    /// All that is answered to `bytes`, to the end of the connection.
    pub(crate) async fn exchange(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut io = self.connect().await;
        // It may answer and close before it has taken everything.
        let _closed = io.write_all(bytes.as_ref()).await;
        to_the_end(&mut io).await
    }

    /// Whether one more who watches is one too many; if not, it goes again.
    pub(crate) async fn events_are_refused(&self) -> bool {
        let mut io = self.connect().await;
        io.write_all(self.request("GET /events", "").as_bytes()).await.expect("written");
        let mut first = [0; 12];
        io.read_exact(&mut first).await.expect("an answer");
        &first == b"HTTP/1.1 503"
    }

    /// The status of what is answered to a request with the right Host.
    pub(crate) async fn status(&self, line: &str, more: &str) -> u16 {
        status(&self.exchange(self.request(line, more)).await)
    }
}

/// What comes until the connection ends, be it by a reset.
pub(crate) async fn to_the_end(io: &mut TcpStream) -> String {
    let mut got = Vec::new();
    let _reset = io.read_to_end(&mut got).await;
    String::from_utf8_lossy(&got).into_owned()
}

/// The status of an answer; 0: there is none.
pub(crate) fn status(answer: &str) -> u16 {
    answer.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok()).unwrap_or(0)
}

/// The value of a header of an answer.
pub(crate) fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let head = answer.split("\r\n\r\n").next()?;
    head.lines()
        .find_map(|line| line.split_once(": ").filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, v)| v))
}
