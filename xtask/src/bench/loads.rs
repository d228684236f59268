//! The loads, one row each, and the goals of the first slice as `docs/performance.md` has them.

/// One load of the generator, and the figures of it that have a row in the table.
pub(crate) struct Load {
    /// How the table calls it.
    pub(crate) name: &'static str,
    /// The generator's arguments.
    pub(crate) args: &'static [&'static str],
    /// How the port that it is put on is set up.
    pub(crate) port: Port,
    /// Whether every round needs a server process of its own, as memory does.
    pub(crate) fresh: bool,
    /// What is compared.
    pub(crate) figures: &'static [Figure],
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
}

impl Port {
    /// As the command line has it.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "plain" => Some(Self::Plain),
            "tls" => Some(Self::Tls),
            "mtls" => Some(Self::MutualTls),
            _ => None,
        }
    }

    /// Arguments of our server.
    pub(crate) fn of_ours(self) -> &'static [&'static str] {
        match self {
            Self::Plain => &[],
            Self::Tls => &["--config-file", "variants/tls-open.hcl"],
            Self::MutualTls => &["--config-file", "variants/tls.hcl"],
        }
    }

    /// Arguments of the Go server.
    pub(crate) fn of_floor(self) -> &'static [&'static str] {
        const TLS: [&str; 7] =
            ["-cert", "certs/server.pem", "-key", "certs/server-key.pem", "-ca", "certs/ca.pem", "-verify-incoming"];
        match self {
            Self::Plain => &[],
            Self::Tls => TLS.split_at(6).0,
            Self::MutualTls => &TLS,
        }
    }
}

/// One figure of a load's line.
pub(crate) struct Figure {
    /// Its key in the line.
    pub(crate) key: &'static str,
    /// How the table calls it, with its unit.
    pub(crate) label: &'static str,
    /// What the first slice is to reach.
    pub(crate) goal: Goal,
}

/// What a figure is to reach. Less is better, in all of them.
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

const fn cpu(goal: f64) -> Figure {
    Figure { key: "server_cpu_us_per_op", label: "CPU per call, µs", goal: Goal::OfFloor(goal) }
}

const fn cpu_of_consul(goal: f64) -> Figure {
    Figure { key: "server_cpu_us_per_op", label: "CPU per call, µs", goal: Goal::OfOther(goal) }
}

const fn p50(goal: f64) -> Figure {
    Figure { key: "p50_us", label: "p50, µs", goal: Goal::OfFloor(goal) }
}

const fn p99(goal: f64) -> Figure {
    Figure { key: "p99_us", label: "p99, µs", goal: Goal::OfFloor(goal) }
}

const fn bytes(goal: f64) -> Figure {
    Figure { key: MEMORY, label: "memory each, bytes", goal: Goal::AtMost(goal) }
}

const CPU: Figure = Figure { key: "server_cpu_us_per_op", label: "CPU per call, µs", goal: Goal::Unset };
const BYTES: Figure = Figure { key: MEMORY, label: "memory each, bytes", goal: Goal::Unset };

/// The client's certificate and its key.
const CLIENT: (&str, &str) = ("certs/client.pem", "certs/client-key.pem");

const WAKE_TIME: Figure =
    Figure { key: "wake_all_ms", label: "time until all are awake, ms", goal: Goal::OfFloor(0.2) };
const WAKE_CPU: Figure = Figure { key: "wake_cpu_us_per_unit", label: "CPU per waking, µs", goal: Goal::OfFloor(0.2) };

/// Everything that is measured, in the table's order. "AxB" is A connections with B calls in flight on each.
pub(crate) const LOADS: &[Load] = &[
    Load {
        name: "ping 1x1",
        args: &["-scenario", "status-ping"],
        port: Port::Plain,
        fresh: false,
        figures: &[cpu(0.35), p50(0.6)],
    },
    Load {
        name: "kv-get 1x1",
        args: &["-scenario", "kv-get"],
        port: Port::Plain,
        fresh: false,
        figures: &[cpu(0.35), p50(0.6)],
    },
    Load {
        name: "ping 1x64",
        args: &["-scenario", "status-ping", "-inflight", "64"],
        port: Port::Plain,
        fresh: false,
        figures: &[cpu(0.1)],
    },
    Load {
        name: "kv-get 1x64",
        args: &["-scenario", "kv-get", "-inflight", "64"],
        port: Port::Plain,
        fresh: false,
        figures: &[cpu(0.1)],
    },
    Load {
        name: "ping 4x16, HashiCorp's client",
        args: &["-scenario", "status-ping", "-conns", "4", "-inflight", "16", "-client", "hashicorp"],
        port: Port::Plain,
        fresh: false,
        figures: &[cpu(0.5)],
    },
    Load {
        name: "kv-get 4x16, HashiCorp's client",
        args: &["-scenario", "kv-get", "-conns", "4", "-inflight", "16", "-client", "hashicorp"],
        port: Port::Plain,
        fresh: false,
        figures: &[cpu(0.5)],
    },
    Load {
        name: "ping 16x16",
        args: &["-scenario", "status-ping", "-conns", "16", "-inflight", "16"],
        port: Port::Plain,
        fresh: false,
        figures: &[p99(0.2)],
    },
    Load {
        name: "kv-get 16x16",
        args: &["-scenario", "kv-get", "-conns", "16", "-inflight", "16"],
        port: Port::Plain,
        fresh: false,
        figures: &[p99(0.2)],
    },
    Load {
        name: "kv-get of 64 KiB 1x1",
        args: &["-scenario", "kv-get-64k"],
        port: Port::Plain,
        fresh: false,
        figures: &[cpu(0.3)],
    },
    Load {
        name: "kv-put 1x64",
        args: &["-scenario", "kv-put", "-inflight", "64"],
        port: Port::Plain,
        fresh: false,
        figures: &[cpu(1.0)],
    },
    Load {
        name: "accept, ping, close",
        args: &["-scenario", "accept", "-conns", "8"],
        port: Port::Plain,
        fresh: false,
        figures: &[cpu(0.6)],
    },
    Load {
        name: "accept, ping, close: TLS 1.3, full",
        args: &["-scenario", "accept", "-conns", "8", "-tls", "byte"],
        port: Port::Tls,
        fresh: false,
        figures: &[cpu_of_consul(0.45)],
    },
    Load {
        name: "accept, ping, close: TLS 1.3, resumed",
        args: &["-scenario", "accept", "-conns", "8", "-tls", "byte", "-resume"],
        port: Port::Tls,
        fresh: false,
        figures: &[CPU],
    },
    Load {
        name: "accept, ping, close: mTLS, full",
        args: &["-scenario", "accept", "-conns", "8", "-tls", "byte", "-cert", CLIENT.0, "-key", CLIENT.1],
        port: Port::MutualTls,
        fresh: false,
        figures: &[cpu_of_consul(0.5)],
    },
    Load {
        name: "accept, ping, close: mTLS by ALPN, full",
        args: &["-scenario", "accept", "-conns", "8", "-tls", "alpn", "-cert", CLIENT.0, "-key", CLIENT.1],
        port: Port::MutualTls,
        fresh: false,
        figures: &[CPU],
    },
    Load {
        name: "idle connection, bare",
        args: &["-scenario", "idle", "-n", "5000"],
        port: Port::Plain,
        fresh: true,
        figures: &[bytes(3.0 * 1024.0)],
    },
    Load {
        name: "idle connection, one used stream",
        args: &["-scenario", "idle-used-stream", "-n", "5000"],
        port: Port::Plain,
        fresh: true,
        figures: &[bytes(4.0 * 1024.0)],
    },
    Load {
        name: "idle connection in TLS, bare",
        args: &["-scenario", "idle", "-n", "2000", "-tls", "byte"],
        port: Port::Tls,
        fresh: true,
        figures: &[BYTES],
    },
    Load {
        name: "idle connection in TLS, one used stream",
        args: &["-scenario", "idle-used-stream", "-n", "2000", "-tls", "byte"],
        port: Port::Tls,
        fresh: true,
        figures: &[BYTES],
    },
    Load {
        name: "10,000 parked queries, identical",
        args: &["-scenario", "parked", "-conns", "10", "-n", "10000", "-keys", "identical"],
        port: Port::Plain,
        fresh: true,
        figures: &[bytes(1.5 * 1024.0), WAKE_TIME, WAKE_CPU],
    },
    Load {
        name: "10,000 parked queries, distinct keys",
        args: &["-scenario", "parked", "-conns", "10", "-n", "10000", "-keys", "distinct"],
        port: Port::Plain,
        fresh: true,
        figures: &[bytes(1.5 * 1024.0), WAKE_TIME, WAKE_CPU],
    },
];
