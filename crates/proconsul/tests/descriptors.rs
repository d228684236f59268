//! A server that has no descriptor left waits for one, quietly, and goes on when it has.
#![cfg(target_os = "linux")]
mod support;

use std::{
    fs,
    io::Write,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use support::{
    BINARY, Running,
    raw::{dial, read, request},
};

/// How many descriptors the server may have.
const DESCRIPTORS: usize = 64;

/// How many connections come.
const CONNECTIONS: usize = 300;

/// For how long it is watched.
const WATCHED: Duration = Duration::from_secs(2);

/// A server of this configuration that may have no more than [`DESCRIPTORS`].
fn with_few_descriptors(configuration: &str) -> Running {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("limits.hcl");
    fs::write(&config, configuration).expect("a file");
    let mut command = Command::new("sh");
    let script = format!("ulimit -n {DESCRIPTORS} && exec \"$@\"");
    command.args([
        "-c",
        &script,
        "sh",
        BINARY,
        "server",
        "--dev",
        "--server-port",
        "0",
        "--grpc-port",
        "-1",
        "--json",
        "--config-file",
    ]);
    Running::of(command.arg(&config))
}

#[test]
fn running_out_of_descriptors_is_sat_out() {
    // The bound for each address is not what is to be met here.
    let server = with_few_descriptors("limits { rpc_max_conns_per_client = 0 }\n");
    let ping = request("Status.Ping", &[]);
    let mut clients: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            // The kernel accepts it and keeps the bytes, whatever the server does.
            dial(server.address, &[&[0], &ping[..]].concat())
        })
        .collect();
    let answer = b"\x83\xa5Error\xa0\xa3Seq\x01\xadServiceMethod\xabStatus.Ping\x80".len();
    assert_eq!(read(&mut clients[0], answer).len(), answer, "the first have found a place");
    server.logged("failed to accept RPC conn");

    let before = cpu(server.id());
    let start = Instant::now();
    while start.elapsed() < WATCHED {
        clients[0].write_all(&ping).expect("those who have a place are served");
        assert_eq!(read(&mut clients[0], answer).len(), answer, "those who have a place are served");
        thread::sleep(Duration::from_millis(50));
    }
    let spent = cpu(server.id()) - before;
    println!("{spent:?} of CPU in {WATCHED:?}");
    assert!(spent < WATCHED / 5, "it spins: {spent:?} of CPU in {WATCHED:?}");
    assert!(server.log_lines().len() <= 5, "it says so once a minute");

    // Half go, and the others are served.
    let rest = clients.split_off(CONNECTIONS / 2);
    drop(clients);
    let mut served = 0;
    for mut tcp in rest {
        served += usize::from(read(&mut tcp, answer).len() == answer);
    }
    assert_eq!(served, CONNECTIONS - CONNECTIONS / 2, "all who waited were served once there was room");
    server.reply("Status.Ping", "{}");
}

/// How long a handshake may take, and so how long those who stand still hold a descriptor.
const HANDSHAKE: Duration = Duration::from_secs(1);

#[test]
fn handshakes_that_stand_still_give_their_descriptors_back() {
    let server =
        with_few_descriptors("limits {\n  rpc_max_conns_per_client = 0\n  rpc_handshake_timeout = \"1s\"\n}\n");
    // TLS without a client certificate, and the begin of a ClientHello. None of these clients ever closes.
    let half = b"\x07\x16\x03\x01\x00\xf0\x01\x00\x00\xec\x03\x03";
    let (start, before) = (Instant::now(), cpu(server.id()));
    let mut clients: Vec<_> = (0..CONNECTIONS).map(|_| dial(server.address, half)).collect();
    server.logged("failed to accept RPC conn");
    // They come in by as many as there is room for, and go when their time is up.
    for tcp in &mut clients {
        assert!(read(tcp, 1).is_empty(), "nothing is said to who stands still");
    }
    let (took, spent) = (start.elapsed(), cpu(server.id()) - before);
    println!("{spent:?} of CPU in {took:?}");
    assert!(
        took >= HANDSHAKE * (CONNECTIONS / DESCRIPTORS) as u32,
        "they held descriptors, so it was in turns: {took:?}"
    );
    assert!(spent < took / 5, "it spins: {spent:?} of CPU in {took:?}");
    let lines = server.log_lines();
    assert!(lines.len() <= 5, "it says so once a minute: {lines:#?}");
    server.reply("Status.Ping", "{}");
}

/// The CPU time that a process has used, by the kernel's count of hundredths of a second.
fn cpu(id: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).expect("the process is there");
    let after_name = stat.rsplit_once(')').expect("the name is in brackets").1;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ticks = |at: usize| fields[at].parse::<u64>().expect("a number");
    Duration::from_millis(10 * (ticks(11) + ticks(12)))
}
