//! The loads, one row each, and the goals of the first slice as `docs/performance.md` has them.

/// One load of the generator, and the figures of it that have a row in the table.
pub(crate) struct Load {
    /// How the table calls it.
    pub(crate) name: &'static str,
    /// The generator's arguments.
    pub(crate) args: &'static [&'static str],
    /// Whether every round needs a server process of its own, as memory does.
    pub(crate) fresh: bool,
    /// What is compared.
    pub(crate) figures: &'static [Figure],
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
    /// At most this.
    AtMost(f64),
}

/// The key of resident memory per connection or query.
pub(crate) const MEMORY: &str = "rss_bytes_per_unit";

const fn cpu(goal: f64) -> Figure {
    Figure { key: "server_cpu_us_per_op", label: "CPU per call, µs", goal: Goal::OfFloor(goal) }
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

const WAKE_TIME: Figure =
    Figure { key: "wake_all_ms", label: "time until all are awake, ms", goal: Goal::OfFloor(0.2) };
const WAKE_CPU: Figure = Figure { key: "wake_cpu_us_per_unit", label: "CPU per waking, µs", goal: Goal::OfFloor(0.2) };

/// Everything that is measured, in the table's order. "AxB" is A connections with B calls in flight on each.
pub(crate) const LOADS: &[Load] = &[
    Load { name: "ping 1x1", args: &["-scenario", "status-ping"], fresh: false, figures: &[cpu(0.35), p50(0.6)] },
    Load { name: "kv-get 1x1", args: &["-scenario", "kv-get"], fresh: false, figures: &[cpu(0.35), p50(0.6)] },
    Load {
        name: "ping 1x64",
        args: &["-scenario", "status-ping", "-inflight", "64"],
        fresh: false,
        figures: &[cpu(0.1)],
    },
    Load { name: "kv-get 1x64", args: &["-scenario", "kv-get", "-inflight", "64"], fresh: false, figures: &[cpu(0.1)] },
    Load {
        name: "ping 4x16, HashiCorp's client",
        args: &["-scenario", "status-ping", "-conns", "4", "-inflight", "16", "-client", "hashicorp"],
        fresh: false,
        figures: &[cpu(0.5)],
    },
    Load {
        name: "kv-get 4x16, HashiCorp's client",
        args: &["-scenario", "kv-get", "-conns", "4", "-inflight", "16", "-client", "hashicorp"],
        fresh: false,
        figures: &[cpu(0.5)],
    },
    Load {
        name: "ping 16x16",
        args: &["-scenario", "status-ping", "-conns", "16", "-inflight", "16"],
        fresh: false,
        figures: &[p99(0.2)],
    },
    Load {
        name: "kv-get 16x16",
        args: &["-scenario", "kv-get", "-conns", "16", "-inflight", "16"],
        fresh: false,
        figures: &[p99(0.2)],
    },
    Load { name: "kv-get of 64 KiB 1x1", args: &["-scenario", "kv-get-64k"], fresh: false, figures: &[cpu(0.3)] },
    Load { name: "kv-put 1x64", args: &["-scenario", "kv-put", "-inflight", "64"], fresh: false, figures: &[cpu(1.0)] },
    Load {
        name: "accept, ping, close",
        args: &["-scenario", "accept", "-conns", "8"],
        fresh: false,
        figures: &[cpu(0.6)],
    },
    Load {
        name: "idle connection, bare",
        args: &["-scenario", "idle", "-n", "5000"],
        fresh: true,
        figures: &[bytes(3.0 * 1024.0)],
    },
    Load {
        name: "idle connection, one used stream",
        args: &["-scenario", "idle-used-stream", "-n", "5000"],
        fresh: true,
        figures: &[bytes(4.0 * 1024.0)],
    },
    Load {
        name: "10,000 parked queries, identical",
        args: &["-scenario", "parked", "-conns", "10", "-n", "10000", "-keys", "identical"],
        fresh: true,
        figures: &[bytes(1.5 * 1024.0), WAKE_TIME, WAKE_CPU],
    },
    Load {
        name: "10,000 parked queries, distinct keys",
        args: &["-scenario", "parked", "-conns", "10", "-n", "10000", "-keys", "distinct"],
        fresh: true,
        figures: &[bytes(1.5 * 1024.0), WAKE_TIME, WAKE_CPU],
    },
];
