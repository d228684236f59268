//! The loads, one row each, and their goals: parts of Consul's figures where Consul was seen to do the same, of the Go floor's else.

use super::samples::Side;
use crate::interop::servers::Server;

/// One load of the generator, and the figures of it that have a row in the table.
pub(crate) struct Load {
    /// How the table calls it; [`N`] stands for how many there are.
    pub(crate) name: &'static str,
    /// The generator's arguments.
    pub(crate) args: &'static [&'static str],
    /// How many connections, queries or keys it is about, if it is about so many.
    pub(crate) units: Option<u32>,
    /// How the port that it is put on is set up.
    pub(crate) port: Port,
    /// Whether every round needs a server process of its own, as memory does.
    pub(crate) fresh: bool,
    /// Whether the Go floor takes it.
    pub(crate) floor: bool,
    /// What is compared.
    pub(crate) figures: &'static [Figure],
}

/// What stands in a load's name for how many there are.
const N: char = '#';

/// With `--quick`, so many times fewer.
const QUICK: u32 = 10;

impl Load {
    /// One on a port without TLS, in processes that are kept, that both servers take.
    const fn new(name: &'static str, args: &'static [&'static str], figures: &'static [Figure]) -> Self {
        Self { name, args, units: None, port: Port::Plain, fresh: false, floor: true, figures }
    }

    /// The same on another port.
    const fn on(self, port: Port) -> Self {
        Self { port, ..self }
    }

    /// About so many, in a process of its own each round.
    const fn of(self, units: u32) -> Self {
        Self { units: Some(units), fresh: true, ..self }
    }

    /// One that the Go floor does not take.
    const fn without_floor(self) -> Self {
        Self { floor: false, ..self }
    }

    /// How many it is about: what was asked for, or what it is meant for, or fewer of them.
    pub(crate) fn count(&self, asked: Option<u32>, quick: bool) -> Option<u32> {
        self.units.map(|units| asked.unwrap_or(if quick { units / QUICK } else { units }))
    }

    /// Its name, with how many there are.
    pub(crate) fn title(&self, asked: Option<u32>, quick: bool) -> String {
        let count = self.count(asked, quick).map(grouped).unwrap_or_default();
        self.name.replace(N, &count)
    }
}

/// A number with a comma after every third digit from the right.
fn grouped(number: u32) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// How a server's port is set up. Paths are seen from `tests/golden`; all certificates are P-256.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Port {
    /// No certificate.
    Plain,
    /// A certificate; clients need none.
    Tls,
    /// `verify_incoming`.
    MutualTls,
    /// No certificate, and the load goes to the gRPC port.
    Grpc,
    /// A certificate, clients need none, and the load goes to the gRPC port in TLS.
    GrpcTls,
    /// gRPC behind type byte 8 of the server port; in the place of the floor stands a port that `tonic` makes, with nothing in front.
    GrpcBesideBare,
}

impl Port {
    /// As the command line has it.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "plain" => Some(Self::Plain),
            "tls" => Some(Self::Tls),
            "mtls" => Some(Self::MutualTls),
            "grpc" => Some(Self::Grpc),
            _ => None,
        }
    }

    /// Arguments of our server.
    pub(crate) fn of_ours(self) -> &'static [&'static str] {
        match self {
            Self::Plain | Self::Grpc | Self::GrpcBesideBare => &[],
            Self::GrpcTls => &["--config-file", "variants/tls-open.hcl", "--grpc-tls-port", "0"],
            Self::Tls => &["--config-file", "variants/tls-open.hcl"],
            Self::MutualTls => &["--config-file", "variants/tls.hcl"],
        }
    }

    /// Arguments of the Go server.
    pub(crate) fn of_floor(self) -> &'static [&'static str] {
        const TLS: [&str; 7] =
            ["-cert", "certs/server.pem", "-key", "certs/server-key.pem", "-ca", "certs/ca.pem", "-verify-incoming"];
        match self {
            Self::Plain | Self::Grpc | Self::GrpcBesideBare => &[],
            Self::Tls | Self::GrpcTls => TLS.split_at(6).0,
            Self::MutualTls => &TLS,
        }
    }

    /// What stands beside ours.
    pub(crate) fn floor_name(self) -> &'static str {
        match self {
            Self::GrpcBesideBare => "bare tonic",
            _ => "Go floor",
        }
    }

    /// Where on a server the load goes, and what else the generator is told.
    pub(crate) fn target(self, server: &Server, side: Side) -> (&str, &'static [&'static str]) {
        match (self, side) {
            (Self::GrpcBesideBare, Side::Ours) => (server.addr(), &["-grpc-by", "byte"]),
            (Self::GrpcTls, Side::Ours) => (server.grpc_tls_addr(), &[]),
            (Self::Grpc | Self::GrpcTls, _) => (server.grpc_addr(), &[]),
            _ => (server.addr(), &[]),
        }
    }
}

/// One figure of a load's line.
pub(crate) struct Figure {
    /// Its key in the line.
    pub(crate) key: &'static str,
    /// How the table calls it, with its unit.
    pub(crate) label: &'static str,
    /// What it is to reach.
    pub(crate) goal: Goal,
}

/// What a figure is to reach. Less is better, in all that have a goal.
#[derive(Clone, Copy)]
pub(crate) enum Goal {
    /// At most this part of the Go floor's figure, in the same run.
    OfFloor(f64),
    /// At most this part of the figure of the server that was there already, which should be Consul.
    OfOther(f64),
    /// At most this.
    AtMost(f64),
    /// Nothing was set; it is worth seeing.
    Unset,
}

/// The key of resident memory per connection or query.
pub(crate) const MEMORY: &str = "rss_bytes_per_unit";

const fn figure(key: &'static str, label: &'static str, goal: Goal) -> Figure {
    Figure { key, label, goal }
}

const fn cpu(goal: f64) -> Figure {
    Figure { goal: Goal::OfFloor(goal), ..CPU }
}

const fn cpu_of_consul(goal: f64) -> Figure {
    Figure { goal: Goal::OfOther(goal), ..CPU }
}

const fn p50(goal: f64) -> Figure {
    Figure { goal: Goal::OfFloor(goal), ..P50 }
}

const fn p50_of_consul(goal: f64) -> Figure {
    Figure { goal: Goal::OfOther(goal), ..P50 }
}

const fn p99(goal: f64) -> Figure {
    Figure { goal: Goal::OfFloor(goal), ..P99 }
}

const fn p99_of_consul(goal: f64) -> Figure {
    Figure { goal: Goal::OfOther(goal), ..P99 }
}

const fn bytes(goal: f64) -> Figure {
    Figure { goal: Goal::AtMost(goal), ..BYTES }
}

const CPU: Figure = figure("server_cpu_us_per_op", "CPU per call, µs", Goal::Unset);
const P50: Figure = figure("p50_us", "p50, µs", Goal::Unset);
const P99: Figure = figure("p99_us", "p99, µs", Goal::Unset);
const BYTES: Figure = figure(MEMORY, "memory each, bytes", Goal::Unset);
const BYTES_A_KEY: Figure = figure(MEMORY, "memory a key, bytes", Goal::Unset);
const WRITES: Figure = figure("writes_per_s", "writes answered a second", Goal::Unset);
const OTHER_WRITE: Figure = figure("other_write_cpu_us", "CPU per write that concerns none, µs", Goal::Unset);
const WAKE_TIME: Figure = figure("wake_all_ms", "time until all are awake, ms", Goal::OfOther(0.05));
const WAKE_CPU: Figure = figure("wake_cpu_us_per_unit", "CPU per waking, µs", Goal::OfOther(0.05));
const SAVED: Figure = figure("save_mb_per_s", "saved, MB/s of state: more is better", Goal::Unset);
const SAVE_CPU: Figure = figure("save_cpu_ms", "CPU to save, ms", Goal::Unset);
const RESTORED: Figure = figure("restore_mb_per_s", "restored, MB/s of state: more is better", Goal::Unset);
const RESTORE_CPU: Figure = figure("restore_cpu_ms", "CPU to restore, ms", Goal::Unset);

/// The client's certificate and its key.
const CLIENT: (&str, &str) = ("certs/client.pem", "certs/client-key.pem");

/// Everything that is measured, in the table's order. "AxB" is A connections with B calls in flight on each.
pub(crate) static LOADS: &[Load] = &[
    Load::new("ping 1x1", &["-scenario", "status-ping"], &[cpu(0.35), p50(0.6)]),
    Load::new("kv-get 1x1", &["-scenario", "kv-get"], &[cpu_of_consul(0.22), p50_of_consul(0.35)]),
    Load::new("ping 1x64", &["-scenario", "status-ping", "-inflight", "64"], &[cpu(0.1)]),
    Load::new("kv-get 1x64", &["-scenario", "kv-get", "-inflight", "64"], &[cpu_of_consul(0.04)]),
    Load::new(
        "ping 4x16, HashiCorp's client",
        &["-scenario", "status-ping", "-conns", "4", "-inflight", "16", "-client", "hashicorp"],
        &[cpu(0.5)],
    ),
    Load::new(
        "kv-get 4x16, HashiCorp's client",
        &["-scenario", "kv-get", "-conns", "4", "-inflight", "16", "-client", "hashicorp"],
        &[cpu_of_consul(0.2)],
    ),
    Load::new("ping 16x16", &["-scenario", "status-ping", "-conns", "16", "-inflight", "16"], &[p99(0.2)]),
    Load::new("kv-get 16x16", &["-scenario", "kv-get", "-conns", "16", "-inflight", "16"], &[p99_of_consul(0.05)]),
    Load::new("kv-get of 64 KiB 1x1", &["-scenario", "kv-get-64k"], &[cpu_of_consul(0.2)]),
    Load::new("kv-put 1x64", &["-scenario", "kv-put", "-inflight", "64"], &[cpu_of_consul(0.1)]),
    Load::new(
        "service nodes, 100 instances, 1x4: made anew",
        &["-scenario", "service-nodes", "-inflight", "4", "-anew"],
        &[cpu_of_consul(0.05)],
    ),
    Load::new(
        "service nodes, 100 instances, 1x4: nothing changed",
        &["-scenario", "service-nodes", "-inflight", "4"],
        &[cpu_of_consul(0.02)],
    ),
    Load::new(
        "health, 100 instances, 1x4: made anew",
        &["-scenario", "health", "-inflight", "4", "-anew"],
        &[cpu_of_consul(0.04)],
    ),
    Load::new(
        "health, 100 instances, 1x4: nothing changed",
        &["-scenario", "health", "-inflight", "4"],
        &[cpu_of_consul(0.02)],
    ),
    Load::new(
        "reads beside 10,000 writes/s",
        &["-scenario", "reads-and-writes", "-rate", "10000"],
        &[P50, P99, WRITES],
    ),
    Load::new("accept, ping, close", &["-scenario", "accept", "-conns", "8"], &[cpu(0.6)]),
    Load::new(
        "accept, ping, close: TLS 1.3, full",
        &["-scenario", "accept", "-conns", "8", "-tls", "byte"],
        &[cpu_of_consul(0.45)],
    )
    .on(Port::Tls),
    Load::new(
        "accept, ping, close: TLS 1.3, resumed",
        &["-scenario", "accept", "-conns", "8", "-tls", "byte", "-resume"],
        &[CPU],
    )
    .on(Port::Tls),
    Load::new(
        "accept, ping, close: mTLS, full",
        &["-scenario", "accept", "-conns", "8", "-tls", "byte", "-cert", CLIENT.0, "-key", CLIENT.1],
        &[cpu_of_consul(0.5)],
    )
    .on(Port::MutualTls),
    Load::new(
        "accept, ping, close: mTLS by ALPN, full",
        &["-scenario", "accept", "-conns", "8", "-tls", "alpn", "-cert", CLIENT.0, "-key", CLIENT.1],
        &[CPU],
    )
    .on(Port::MutualTls),
    Load::new("gRPC features 1x1", &["-scenario", "grpc-features"], &[cpu_of_consul(0.143)]).on(Port::Grpc),
    Load::new("gRPC features 1x64", &["-scenario", "grpc-features", "-inflight", "64"], &[cpu_of_consul(0.111)])
        .on(Port::Grpc),
    Load::new("gRPC health 1x1, byte 8 of the server port", &["-scenario", "grpc-health"], &[CPU, P50])
        .on(Port::GrpcBesideBare),
    Load::new("gRPC health 1x64, byte 8 of the server port", &["-scenario", "grpc-health", "-inflight", "64"], &[CPU])
        .on(Port::GrpcBesideBare),
    Load::new("gRPC stream 1x1, byte 8 of the server port", &["-scenario", "grpc-stream"], &[CPU, P50])
        .on(Port::GrpcBesideBare),
    Load::new("gRPC stream 1x64, byte 8 of the server port", &["-scenario", "grpc-stream", "-inflight", "64"], &[CPU])
        .on(Port::GrpcBesideBare),
    Load::new("idle connection, bare", &["-scenario", "idle"], &[bytes(3.0 * 1024.0)]).of(5_000),
    Load::new("idle connection, one used stream", &["-scenario", "idle-used-stream"], &[bytes(4.0 * 1024.0)]).of(5_000),
    Load::new("idle connection in TLS, bare", &["-scenario", "idle", "-tls", "byte"], &[BYTES]).on(Port::Tls).of(2_000),
    Load::new("idle connection in TLS, one used stream", &["-scenario", "idle-used-stream", "-tls", "byte"], &[BYTES])
        .on(Port::Tls)
        .of(2_000),
    Load::new("idle gRPC connection, one call made", &["-scenario", "grpc-idle"], &[BYTES]).on(Port::Grpc).of(5_000),
    Load::new("idle gRPC connection in TLS, one call made", &["-scenario", "grpc-idle", "-tls", "alpn"], &[BYTES])
        .on(Port::GrpcTls)
        .of(2_000),
    Load::new("# parked queries, identical", IDENTICAL, &[bytes(600.0), WAKE_TIME, WAKE_CPU]).of(10_000),
    Load::new("# parked queries, distinct keys", DISTINCT, &[bytes(600.0), OTHER_WRITE, WAKE_TIME, WAKE_CPU])
        .of(10_000),
    Load::new("# parked queries, identical", IDENTICAL, &[bytes(600.0), WAKE_TIME, WAKE_CPU]).of(100_000),
    Load::new("# parked queries, distinct keys", DISTINCT, &[bytes(600.0), OTHER_WRITE, WAKE_TIME, WAKE_CPU])
        .of(100_000),
    Load::new("# keys of 64 bytes loaded", LOADED, &[CPU, BYTES_A_KEY]).of(1_000_000),
    Load::new("# keys in a snapshot", SNAPSHOT, &[SAVED, SAVE_CPU, RESTORED, RESTORE_CPU])
        .of(1_000_000)
        .without_floor(),
];

/// Writes that concern no query come first. That none of these is answered by them, the generator sees to.
const DISTINCT: &[&str] = &["-scenario", "parked", "-conns", "10", "-keys", "distinct", "-others", "2000"];
const IDENTICAL: &[&str] = &["-scenario", "parked", "-conns", "10", "-keys", "identical"];
const LOADED: &[&str] = &["-scenario", "kv-load", "-conns", "2", "-inflight", "128"];
const SNAPSHOT: &[&str] = &["-scenario", "snapshot", "-conns", "2", "-inflight", "128"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_load_is_named_by_how_many_there_are() {
        let load = Load::new("# keys", &[], &[]).of(1_000_000);
        assert_eq!(load.title(None, false), "1,000,000 keys");
        assert_eq!(load.title(None, true), "100,000 keys");
        assert_eq!(load.title(Some(12), true), "12 keys");
        assert_eq!(Load::new("ping 1x1", &[], &[]).title(Some(5), false), "ping 1x1");
    }

    #[test]
    fn no_two_loads_are_called_the_same() {
        let titles: std::collections::BTreeSet<_> = LOADS.iter().map(|load| load.title(None, false)).collect();
        assert_eq!(titles.len(), LOADS.len());
    }
}
