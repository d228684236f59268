//! `proconsul grpc-proxy` in front of servers that check the way they are come to, and then say back what they are told.
#[path = "../doctor/certs.rs"]
#[allow(dead_code, reason = "each test file uses its own part")]
mod certs;
#[path = "../doctor/peer.rs"]
#[allow(dead_code, reason = "each test file uses its own part")]
mod peer;
#[path = "../support/mod.rs"]
mod support;

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    process::{Child, ExitStatus, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, channel},
    },
    thread,
    time::{Duration, Instant},
};

use certs::{CLIENT, Ca, Pair, SERVER};
use peer::{Clients, NAMES, SETTINGS, close, close_tls, config, hold, listen, shake};
use rustls::ServerConfig;
use support::{PROMPTLY, code, err, proconsul};
use tempfile::TempDir;

/// The proxy as a user runs it, killed when the test ends.
struct Proxy {
    child: Child,
    address: SocketAddr,
    log: Receiver<String>,
}

impl Proxy {
    fn start(arguments: &[&str]) -> Self {
        let mut command = proconsul();
        command.arg("grpc-proxy").args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary runs");
        let (sender, log) = channel();
        let stderr = child.stderr.take().expect("asked for above");
        thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().expect("asked for above"));
        stdout.read_line(&mut line).expect("it prints its address");
        let address = line.trim_end().parse().unwrap_or_else(|_| {
            let _ended = child.kill();
            panic!("{line:?} is no address; {:?}", log.iter().collect::<Vec<_>>())
        });
        Self { child, address, log }
    }

    fn connect(&self) -> TcpStream {
        connect(self.address)
    }

    fn says(&self, text: &str) -> String {
        says(self.address, text)
    }

    /// Waits for a line of its log that contains `text`.
    fn logged(&self, text: &str) -> String {
        let deadline = Instant::now() + PROMPTLY;
        let mut seen = Vec::new();
        loop {
            match self.log.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) if line.contains(text) => return line,
                Ok(line) => seen.push(line),
                Err(_) => panic!("no line has {text:?}: {seen:?}"),
            }
        }
    }

    fn signal(&self, name: &str) {
        let status = std::process::Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status();
        assert!(status.expect("kill(1) is there").success());
    }

    fn ended(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("it is ours") {
                return status;
            }
            assert!(start.elapsed() < PROMPTLY, "it has not ended");
            thread::sleep(Duration::from_millis(2));
        }
    }
}

fn connect(address: SocketAddr) -> TcpStream {
    let tcp = TcpStream::connect(address).expect("the proxy listens");
    tcp.set_read_timeout(Some(PROMPTLY)).expect("a TCP option");
    tcp
}

/// Says `text` through the proxy, ends, and returns all that comes.
fn says(address: SocketAddr, text: &str) -> String {
    let mut tcp = connect(address);
    let mut reads = tcp.try_clone().expect("a descriptor");
    let text = text.to_owned();
    // Apart from reading: neither side is to wait for the other. A server that refuses may be gone before all is written.
    let writes = thread::spawn(move || {
        let _gone = tcp.write_all(text.as_bytes());
        let _gone = tcp.shutdown(Shutdown::Write);
    });
    let mut back = Vec::new();
    let _reset = reads.read_to_end(&mut back);
    writes.join().expect("no panic");
    String::from_utf8(back).expect("servers here say text")
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// Says `greeting`, then back what comes until its end, then `end`: so both halves of a connection are seen to end apart.
fn echo(mut io: impl Read + Write, greeting: &str) {
    let _gone = io.write_all(greeting.as_bytes()).and_then(|()| io.flush());
    let mut bytes = [0; 4096];
    while let Ok(count @ 1..) = io.read(&mut bytes) {
        if io.write_all(&bytes[..count]).and_then(|()| io.flush()).is_err() {
            return;
        }
    }
    let _gone = io.write_all(b" end").and_then(|()| io.flush());
}

/// A server in clear that takes byte 8 and says its name first; all else it closes.
fn plain(name: &'static str) -> SocketAddr {
    listen(move |mut tcp| {
        let mut byte = [0];
        if matches!(tcp.read(&mut byte), Ok(1)) && byte[0] == 8 {
            echo(&tcp, name);
        }
        close(tcp);
    })
}

/// A server in TLS, after byte 3 and then byte 8, or by ALPN name.
fn secure(config: &Arc<ServerConfig>, by_byte: bool) -> SocketAddr {
    let config = Arc::clone(config);
    listen(move |mut tcp| {
        let mut byte = [0];
        if by_byte && !(matches!(tcp.read(&mut byte), Ok(1)) && byte[0] == 3) {
            return close(tcp);
        }
        let Some(mut tls) = shake(tcp, &config) else { return };
        let right = if by_byte {
            matches!(tls.read(&mut byte), Ok(1)) && byte[0] == 8
        } else {
            tls.conn.alpn_protocol() == Some(b"consul/rpc-grpc")
        };
        if right {
            echo(&mut tls, "in TLS ");
        }
        close_tls(tls);
    })
}

/// A CA, another, and certificates.
struct World {
    ca: Ca,
    server: Pair,
    client: Pair,
    foreign: Pair,
}

impl World {
    fn new() -> Self {
        let directory = Arc::new(TempDir::new().expect("a directory can be made"));
        let ca = Ca::new(&directory, "ca", (2020, 2120));
        let server = ca.make("server", &SERVER);
        let client = ca.make("client", &CLIENT);
        let foreign = Ca::new(&directory, "rogue", (2020, 2120)).make("foreign", &SERVER);
        Self { ca, server, client, foreign }
    }

    fn flags<'a>(&'a self, more: &[&'a str]) -> Vec<&'a str> {
        let [cert, key] = [self.client.cert_file.as_str(), self.client.key_file.as_str()];
        [&["--ca-file", self.ca.file.as_str(), "--client-cert", cert, "--client-key", key], more].concat()
    }
}

#[test]
fn bytes_pass_both_ways_and_each_half_ends_for_itself() {
    let server = plain("hello ").to_string();
    let proxy = Proxy::start(&[&server]);
    assert!(proxy.address.ip().is_loopback());
    assert_eq!(proxy.says("to you"), "hello to you end", "the server still speaks after the client's end");
    let long = "x".repeat(1 << 20);
    assert_eq!(proxy.says(&long).len(), "hello ".len() + long.len() + " end".len());
}

#[test]
fn what_a_server_says_first_comes_before_the_client_has_said_anything() {
    let server = listen(|mut tcp| {
        let mut byte = [0];
        let _byte = tcp.read(&mut byte);
        let _gone = tcp.write_all(SETTINGS);
        hold(tcp);
    });
    let proxy = Proxy::start(&[&server.to_string()]);
    let mut tcp = proxy.connect();
    let mut first = [0; SETTINGS.len()];
    tcp.read_exact(&mut first).expect("the server's SETTINGS");
    assert_eq!(first, SETTINGS);
}

#[test]
fn a_server_that_waits_for_the_client_is_not_taken_for_one_that_refuses() {
    let server = plain("").to_string();
    let proxy = Proxy::start(&[&server]);
    assert_eq!(proxy.says("first"), "first end");
}

#[test]
fn places_are_given_back() {
    let server = plain("well ").to_string();
    let proxy = Proxy::start(&[&server]);
    let address = proxy.address;
    // More than may be open at once; of each the end is awaited.
    let counted = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..40 {
                    assert_eq!(says(address, "a"), "well a end");
                    counted.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(counted.into_inner(), 320);
}

#[test]
fn tls_is_spoken_by_byte_and_by_name() {
    let world = World::new();
    let clients = Clients::Of(&world.ca);
    let by_byte = secure(&config(&world.server, &clients, &[]), true).to_string();
    let proxy = Proxy::start(&world.flags(&[&by_byte, "--tls"]));
    assert_eq!(proxy.says("a"), "in TLS a end");
    let by_name = secure(&config(&world.server, &clients, NAMES), false).to_string();
    let proxy = Proxy::start(&world.flags(&[&by_name, "--alpn"]));
    assert_eq!(proxy.says("b"), "in TLS b end");
    // Without a certificate of the client's, where none is demanded.
    let open = secure(&config(&world.server, &Clients::Any, &[]), true).to_string();
    let proxy = Proxy::start(&[&open, "--tls", "--ca-file", &world.ca.file]);
    assert_eq!(proxy.says("c"), "in TLS c end");
}

#[test]
fn servers_are_tried_in_order_and_the_one_that_answered_is_kept() {
    let free = TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("it is bound").to_string();
    let refuses = listen(close).to_string();
    let tried = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&tried);
    let first_asked = listen(move |tcp| {
        counted.fetch_add(1, Ordering::Relaxed);
        close(tcp);
    })
    .to_string();
    let answers = plain("third ").to_string();
    let proxy = Proxy::start(&[&free, &first_asked, &answers, &refuses]);
    assert_eq!(proxy.says("a"), "third a end");
    let told = proxy.logged("passed over");
    assert!(told.contains(&free) && told.contains("connecting"), "{told}");
    let told = proxy.logged("passed over");
    assert!(told.contains(&first_asked) && told.contains("refused the route (byte 8, in clear)"), "{told}");
    for _ in 0..3 {
        assert_eq!(proxy.says("b"), "third b end");
    }
    assert_eq!(tried.load(Ordering::Relaxed), 1, "those that failed are not asked again while one answers");
}

#[test]
fn a_server_that_goes_is_replaced_by_the_next() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let first = listener.local_addr().expect("it is bound").to_string();
    let once = thread::spawn(move || {
        let (mut tcp, _) = listener.accept().expect("the proxy comes");
        drop(listener);
        let mut byte = [0];
        let _byte = tcp.read(&mut byte);
        echo(&tcp, "first ");
        close(tcp);
    });
    let proxy = Proxy::start(&[&first, &plain("second ").to_string()]);
    assert_eq!(proxy.says("a"), "first a end");
    once.join().expect("no panic");
    assert_eq!(proxy.says("b"), "second b end");
}

#[test]
fn what_failed_is_said_with_the_hop() {
    let world = World::new();
    let free = TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("it is bound").to_string();
    let refuses = listen(|mut tcp| {
        let mut byte = [0];
        let _byte = tcp.read(&mut byte);
        close(tcp);
    })
    .to_string();
    let strict = secure(&config(&world.server, &Clients::Of(&world.ca), &[]), true).to_string();
    let foreign = secure(&config(&world.foreign, &Clients::Any, &[]), true).to_string();
    let open = secure(&config(&world.server, &Clients::Any, &[]), true).to_string();
    let ca = ["--tls", "--ca-file", world.ca.file.as_str()];
    for (arguments, words) in [
        (vec![free.as_str()], "connecting to"),
        (vec!["localhost"], "resolving the address of localhost"),
        (vec![refuses.as_str()], "refused the route (byte 8, in clear); it may demand TLS"),
        (
            [&[strict.as_str()], &ca[..]].concat(),
            "refused the route (byte 3, TLS, byte 8): received fatal alert: CertificateRequired",
        ),
        ([&[foreign.as_str()], &ca[..]].concat(), "the TLS handshake with"),
        ([&[open.as_str(), "--dc", "dc2"], &ca[..]].concat(), "server.dc2.consul"),
    ] {
        let proxy = Proxy::start(&arguments);
        assert_eq!(proxy.says("a"), "", "{arguments:?}");
        let told = proxy.logged(words);
        assert!(told.contains(arguments[0]), "the server is named: {told}");
    }
    let proxy = Proxy::start(&[&[open.as_str(), "--dc", "dc2", "--any-name"], &ca[..]].concat());
    assert_eq!(proxy.says("a"), "in TLS a end", "any name will do");
}

#[test]
fn one_that_tries_again_and_again_does_not_fill_the_log() {
    let refuses = listen(close).to_string();
    let mut proxy = Proxy::start(&[&refuses]);
    for _ in 0..20 {
        assert_eq!(proxy.says("a"), "");
    }
    proxy.signal("TERM");
    assert_eq!(proxy.ended().code(), Some(0));
    let lines: Vec<String> = proxy.log.iter().filter(|line| line.contains("refused the route")).collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
}

#[test]
fn a_stop_lets_what_is_busy_end_and_closes_what_is_at_rest() {
    const WORDS: usize = 20;
    // Speaks for a second, with breaks that are far shorter than what counts as rest.
    let talks = listen(|mut tcp| {
        let mut byte = [0];
        let _byte = tcp.read(&mut byte);
        for _ in 0..WORDS {
            if tcp.write_all(b"w").is_err() {
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
        close(tcp);
    });
    for signal in ["INT", "TERM"] {
        let mut proxy = Proxy::start(&[&talks.to_string()]);
        let mut busy = proxy.connect();
        let mut byte = [0];
        busy.read_exact(&mut byte).expect("the first word");
        proxy.signal(signal);
        proxy.logged("stopping");
        let mut rest = Vec::new();
        busy.read_to_end(&mut rest).expect("all of it, and an end");
        assert_eq!(rest.len(), WORDS - 1, "{signal}");
        assert_eq!(proxy.ended().code(), Some(0), "{signal}");
        assert!(TcpStream::connect(proxy.address).is_err(), "nothing listens any more");

        let mut proxy = Proxy::start(&[&plain("w").to_string()]);
        let mut at_rest = proxy.connect();
        at_rest.read_exact(&mut byte).expect("the first word");
        proxy.signal(signal);
        assert!(!matches!(at_rest.read(&mut byte), Ok(1..)), "it is closed");
        assert_eq!(proxy.ended().code(), Some(0), "{signal}");
    }
}

#[test]
fn what_cannot_be_is_said_before_anything_is_listened_on() {
    let world = World::new();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let taken = taken.local_addr().expect("it is bound").to_string();
    let ca = world.ca.file.as_str();
    for (arguments, exit, words) in [
        (vec![], 2, "HOST:PORT"),
        (vec!["s:1", "--tls", "--alpn"], 2, "--alpn"),
        (vec!["s:1", "--tls"], 1, "--ca-file"),
        (vec!["s:1", "--ca-file", ca], 1, "--tls"),
        (vec!["s:1", "--tls", "--ca-file", "/no/such/file"], 1, "/no/such/file"),
        (vec!["s:1", "--alpn", "--ca-file", ca], 1, ""),
        (vec!["s:1", "--tls", "--ca-file", ca, "--client-cert", ca], 2, "--client-key"),
        (vec!["s:1", "--listen", &taken], 1, "--listen"),
    ] {
        let output = proconsul().arg("grpc-proxy").args(&arguments).output().expect("the binary runs");
        assert_eq!(code(&output), Some(exit), "{arguments:?}: {}", err(&output));
        assert!(err(&output).contains(words) && !err(&output).is_empty(), "{arguments:?}: {}", err(&output));
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}
