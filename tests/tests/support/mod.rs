//! A server in the test's own process, peers that misbehave towards it, and one that does not and must not notice.
#![allow(dead_code, reason = "each test file uses its own part")]
use std::{
    env, fs,
    future::Future,
    hash::{BuildHasher, Hasher, RandomState},
    net::{IpAddr, Ipv4Addr, SocketAddr},
    panic,
    sync::{
        Arc, Once,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};

use proconsul_netrpc::client::Client;
use proconsul_server::{Config, PortAt, Server};
use proconsul_tests::golden::call;
use proconsul_yamux::{Connection, Control, Side};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    task::JoinHandle,
    time::{sleep, timeout},
};

pub(crate) mod frames;
pub(crate) mod http2;
pub(crate) mod pki;
pub(crate) mod reasons;
pub(crate) mod tls;

/// What any one step may take on a machine that does much else.
pub(crate) const PROMPTLY: Duration = Duration::from_secs(10);

/// Where the peers that misbehave come from.
pub(crate) const STRANGER: Ipv4Addr = Ipv4Addr::LOCALHOST;

/// Where the neighbour comes from: limits by address are not what it is there to notice.
pub(crate) const NEIGHBOUR: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// Development mode on a port of its own.
pub(crate) fn config() -> Config {
    Config { server_port: 0, grpc: PortAt::Off, grpc_tls: PortAt::Off, ..Config::dev() }
}

/// A server whose clients may have as many connections as they like.
pub(crate) fn unlimited() -> Config {
    Config { rpc_max_conns_per_client: 0, ..config() }
}

/// Starts a server, and counts panics from now on.
pub(crate) async fn start(config: Config) -> Server {
    count_panics();
    Server::start(config).await.expect("a port of the operating system's choice is free")
}

static PANICS: AtomicUsize = AtomicUsize::new(0);

/// A panic in a connection's task ends that task and nobody hears of it: it is counted instead. Those of the tests, which
/// run on threads that have their names, are heard anyway.
fn count_panics() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if thread::current().name().is_some_and(|name| name.starts_with("tokio")) {
                PANICS.fetch_add(1, SeqCst);
            }
            before(info);
        }));
    });
}

/// Nothing in this process has panicked so far, on a thread of a runtime.
pub(crate) fn assert_no_panic() {
    assert_eq!(PANICS.load(SeqCst), 0, "something has panicked; its message is above");
}

/// Waits for a condition, and says how long it took.
pub(crate) async fn until(what: &str, within: Duration, mut condition: impl FnMut() -> bool) -> Duration {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < within, "waited {within:?} for {what}");
        sleep(Duration::from_millis(1)).await;
    }
    start.elapsed()
}

/// The value of a future that may take no longer than [`PROMPTLY`].
pub(crate) async fn promptly<T>(what: &str, future: impl Future<Output = T>) -> T {
    timeout(PROMPTLY, future).await.unwrap_or_else(|_| panic!("waited {PROMPTLY:?} for {what}"))
}

/// Connects from an address of this machine and writes the type byte, if there is one.
pub(crate) async fn dial(from: Ipv4Addr, to: SocketAddr, first: &[u8]) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(SocketAddr::new(IpAddr::V4(from), 0)).expect("all of 127/8 is this machine");
    let mut tcp = promptly("a connection", socket.connect(to)).await.expect("the server listens");
    tcp.set_nodelay(true).expect("a TCP option");
    tcp.write_all(first).await.expect("it takes the first byte");
    tcp
}

/// Writes all that the server takes; it may close first.
pub(crate) async fn pour(tcp: &mut TcpStream, bytes: &[u8]) {
    // A server that has seen enough closes, and the rest of the bytes fails: that is what it is for.
    let _closed = promptly("the server to take or refuse the bytes", tcp.write_all(bytes)).await;
}

/// Everything that the server has to say until it closes.
pub(crate) async fn to_the_end(what: &str, tcp: &mut TcpStream) -> Vec<u8> {
    let mut got = Vec::new();
    // A reset is an end too.
    let _reset = promptly(&format!("the end of {what}"), tcp.read_to_end(&mut got)).await;
    got
}

/// Makes the connection vanish: the peer sees a reset.
pub(crate) fn reset(tcp: TcpStream) {
    socket2::SockRef::from(&tcp).set_linger(Some(Duration::ZERO)).expect("a TCP option");
}

/// One whole request.
pub(crate) fn request(method: &str, args: &Value) -> Vec<u8> {
    call::request(1, method, args).expect("the arguments have an encoding")
}

/// A yamux session of a well-behaved client.
pub(crate) async fn session(from: Ipv4Addr, to: SocketAddr) -> Control {
    let (control, _incoming, driver) =
        Connection::new(dial(from, to, &[4]).await, Side::Client, proconsul_yamux::Config::default());
    tokio::spawn(driver);
    control
}

/// Calls a method on a stream of its own; the reply's or the error's text.
pub(crate) async fn call(session: &Control, method: &str, args: &Value) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    proconsul_tests::golden::value::encode(args, &mut body).expect("the arguments have an encoding");
    promptly(method, async {
        let stream = session.open().await.map_err(|error| format!("no stream: {error}"))?;
        let reply = Client::new(stream).call_raw(method, &body, None).await.map_err(|error| error.to_string())?;
        Ok(reply.to_vec())
    })
    .await
}

/// Writes a key.
pub(crate) async fn put(session: &Control, key: &str, value: &str) {
    let args = json!({"Op": "set", "DirEnt": {"Key": key, "Value": value}});
    call(session, "KVS.Apply", &args).await.expect("a write succeeds");
}

/// A client that does its work, and notices nothing of what others do: each of its calls is answered, in bounded time.
pub(crate) struct Neighbour {
    stop: Arc<AtomicBool>,
    calls: Arc<AtomicUsize>,
    task: JoinHandle<Duration>,
}

impl Neighbour {
    /// Moves in, on a session of its own.
    pub(crate) async fn of(server: &Server) -> Self {
        let session = session(NEIGHBOUR, server.rpc_address()).await;
        let (stop, calls) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (stopped, count) = (Arc::clone(&stop), Arc::clone(&calls));
        let task = tokio::spawn(async move {
            let mut slowest = Duration::ZERO;
            while !stopped.load(SeqCst) {
                let start = Instant::now();
                call(&session, "Status.Ping", &json!({})).await.expect("the neighbour's ping is answered");
                call(&session, "KVS.Get", &json!({"Key": "neighbour"}))
                    .await
                    .expect("the neighbour's read is answered");
                slowest = slowest.max(start.elapsed());
                count.fetch_add(1, SeqCst);
                sleep(Duration::from_millis(2)).await;
            }
            slowest
        });
        let neighbour = Self { stop, calls, task };
        neighbour.goes_on().await;
        neighbour
    }

    /// It is answered from now on, too.
    pub(crate) async fn goes_on(&self) {
        let before = self.calls.load(SeqCst);
        until("the neighbour's next answer", PROMPTLY, || self.calls.load(SeqCst) > before || self.task.is_finished())
            .await;
        assert!(!self.task.is_finished(), "the neighbour was not answered; its message is above");
    }

    /// It has been answered to the end. Nothing has panicked.
    pub(crate) async fn noticed_nothing(self) {
        self.goes_on().await;
        self.stop.store(true, SeqCst);
        let slowest = self.task.await.expect("every call of the neighbour is answered");
        println!("neighbour: {} rounds, the slowest took {slowest:?}", self.calls.load(SeqCst));
        assert!(slowest < PROMPTLY);
        assert_no_panic();
    }
}

/// Random numbers from a seed that a failure can be repeated with.
pub(crate) struct Random(u64);

impl Random {
    /// Seeded by `PROCONSUL_SEED`, or anyhow; the seed is printed.
    pub(crate) fn new() -> Self {
        let seed = match env::var("PROCONSUL_SEED") {
            Ok(text) => text.parse().expect("PROCONSUL_SEED is a number"),
            Err(_) => RandomState::new().build_hasher().finish(),
        };
        println!("PROCONSUL_SEED={seed}");
        Self(seed)
    }

    /// The next number (splitmix64).
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    /// So many random bytes.
    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next() as u8).collect()
    }
}

/// Resident memory of this process in bytes, where the system tells.
pub(crate) fn resident_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
}

/// How many descriptors this process may have open, where the system tells.
pub(crate) fn descriptors_max() -> usize {
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(256)
}
