//! What a case asks of a server and of this runner, worked out from its steps and what was recorded, before anything is dialled.
//!
//! A need is a word: a net/rpc method (`KVS.Get`), a connection's type byte whose far end must speak (`route:5`, also when an ALPN
//! name leads there), a port beyond the first (`port:grpc`), a configuration other than the plain one (`variant:acl`), or a part of
//! this runner (`runner:grpc`).
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use anyhow::Result;
use serde_json::Value;

use super::{
    case::{Case, Op, Port, Step, Tls, VARIANTS, load},
    target::Target,
    value::decode,
};

/// What the runner itself cannot do. A line goes when the runner learns it, and the waiting list shrinks by itself.
pub const RUNNER_LACKS: &[&str] = &[];

/// Methods that show the index of a table which the recordings' warm-up wrote to, each with the method by which it did.
const WARMED: &[(&str, &str)] =
    &[("Catalog.GatewayServices", "ConfigEntry.Apply"), ("Internal.GatewayServiceDump", "ConfigEntry.Apply")];

/// Type bytes behind which there is net/rpc: what is asked there is known by its method.
const RPC_SINGLE: u8 = 0;
const RPC_MULTI: u8 = 4;
/// Type bytes behind which there is TLS: it answers by shaking hands.
const TLS: u8 = 3;
const INSECURE_RPC: u8 = 7;

/// The ALPN names that lead where a type byte would, behind which somebody has to speak.
const ALPN_ROUTES: &[(&str, u8)] = &[
    ("consul/rpc-single", RPC_SINGLE),
    ("consul/raft", 1),
    ("consul/rpc-multi", RPC_MULTI),
    ("consul/rpc-snapshot", 5),
    ("consul/rpc-gossip", 6),
    ("consul/rpc-grpc", 8),
    ("consul/raft-forwarding", 9),
];

/// What there is: the words that a server and this runner can meet.
#[derive(Clone, Debug)]
pub struct Served(Option<BTreeSet<String>>);

impl Served {
    /// A server that has everything, as the recorded one: only what the runner lacks is missing.
    pub fn everything() -> Self {
        Self(None)
    }

    /// A server that has what it says: the names that `proconsul rpc list --served --json` prints, methods as they are and
    /// routes as `route:5`, and the ports that the target shows.
    pub fn listed(names: impl IntoIterator<Item = String>, target: &Target, variants: &[&str]) -> Self {
        let ports = [Port::Rpc2, Port::Grpc, Port::GrpcTls].into_iter().filter(|port| target.port(*port).is_some());
        let ports = ports.map(|port| format!("port:{}", port.name()));
        let variants = variants.iter().map(|variant| format!("variant:{variant}"));
        Self(Some(names.into_iter().chain(ports).chain(variants).collect()))
    }

    /// Whether a need is met.
    pub fn has(&self, need: &str) -> bool {
        !RUNNER_LACKS.contains(&need)
            && self.0.as_ref().is_none_or(|names| names.contains(need) || need.starts_with("runner:"))
    }
}

/// Works out needs; knows the methods that exist, so that a case about an unknown one is not taken to need it.
pub struct Needs {
    methods: BTreeSet<String>,
}

impl Needs {
    /// Learns the methods that any recording calls by name.
    ///
    /// # Errors
    /// When a recording cannot be read.
    pub fn from_recordings(dir: &Path) -> Result<Self> {
        let mut methods = BTreeSet::new();
        for variant in VARIANTS {
            let steps = load(dir, variant)?.into_iter().flat_map(|case| case.steps);
            methods.extend(steps.filter_map(|step| step.method));
        }
        Ok(Self { methods })
    }

    /// What a case needs.
    pub fn of(&self, case: &Case) -> BTreeSet<String> {
        let mut needs = BTreeSet::new();
        if case.variant != "base" {
            needs.insert(format!("variant:{}", case.variant));
        }
        let mut called: BTreeMap<Option<&str>, &str> = BTreeMap::new();
        let mut spoken: BTreeMap<&str, Spoken> = BTreeMap::new();
        for (step, outcome) in case.steps.iter().zip(&case.outcome) {
            needs.extend(of_step(step));
            if step.op == Op::StreamOpen {
                called.insert(step.label.as_deref(), step.path.as_deref().unwrap_or_default());
            }
            let path = step.path.as_deref().or_else(|| called.get(&step.label.as_deref()).copied());
            needs.extend(path.filter(|_| step.op != Op::StreamOpen).and_then(|path| of_call(path, outcome)));
            let conn = step.conn.as_deref().unwrap_or("c");
            match step.op {
                Op::Dial => {
                    needs.extend(of_handshake(step, outcome));
                    self.take_up(spoken.insert(conn, Spoken::dialled(step, outcome)), &mut needs);
                }
                Op::Send => spoken.entry(conn).or_default().sent.extend(&step.hex),
                Op::Frame => {
                    let bytes = step.frame.as_ref().map(super::yamux::FrameSpec::bytes).unwrap_or_default();
                    let data = bytes.get(super::yamux::HEADER_BYTES..).unwrap_or_default();
                    spoken.entry(conn).or_default().sent.extend(data);
                }
                _ => spoken.entry(conn).or_default().answered |= shows_an_answer(outcome),
            }
        }
        for (method, writes) in WARMED {
            if needs.contains(*method) {
                needs.insert((*writes).to_owned());
            }
        }
        spoken.into_values().for_each(|spoken| self.take_up(Some(spoken), &mut needs));
        needs
    }

    /// Which of a case's needs are not met.
    pub fn missing(&self, case: &Case, served: &Served) -> Vec<String> {
        self.of(case).into_iter().filter(|need| !served.has(need)).collect()
    }

    fn take_up(&self, spoken: Option<Spoken>, needs: &mut BTreeSet<String>) {
        let Some(Spoken { talk, sent, answered }) = spoken else { return };
        let route = match talk {
            Talk::TypeByte => sent.first().copied(),
            Talk::Alpn(byte) => Some(byte),
            Talk::Other => None,
        };
        // A request that is never whole gets no answer, whoever serves its method.
        let Some(route) = route.filter(|_| answered) else { return };
        match route {
            RPC_SINGLE | RPC_MULTI => needs.extend(called(&sent).filter(|method| self.methods.contains(method))),
            byte => _ = needs.insert(format!("route:{byte}")),
        }
    }
}

/// What went over one connection, TLS apart.
#[derive(Default)]
struct Spoken {
    talk: Talk,
    sent: Vec<u8>,
    answered: bool,
}

/// Who it is that listens to what is sent.
#[derive(Clone, Copy, Default)]
enum Talk {
    /// Whom the first byte names.
    #[default]
    TypeByte,
    /// Whom an ALPN name named, given by its type byte.
    Alpn(u8),
    /// Neither: another port, or the small set of methods without client certificates, which goes with its handshake.
    Other,
}

impl Spoken {
    fn dialled(step: &Step, outcome: &Value) -> Self {
        let agreed = outcome["alpn"].as_str().unwrap_or_default();
        let talk = match (step.port, step.tls) {
            (Port::Grpc | Port::GrpcTls, _) | (_, Some(Tls::Byte7)) => Talk::Other,
            (_, Some(Tls::Native)) => {
                let route = ALPN_ROUTES.iter().find(|(name, _)| *name == agreed);
                route.map_or(Talk::Other, |(_, byte)| Talk::Alpn(*byte))
            }
            (_, Some(Tls::Byte3) | None) => Talk::TypeByte,
        };
        Self { talk, ..Self::default() }
    }
}

/// The type byte behind which a handshake that was finished needs TLS.
fn of_handshake(step: &Step, outcome: &Value) -> Option<String> {
    outcome.get("tls")?;
    let byte = match step.tls? {
        Tls::Byte3 => TLS,
        Tls::Byte7 => INSECURE_RPC,
        Tls::Native => return None,
    };
    Some(format!("route:{byte}"))
}

/// A service whose refusals are answered before it has anything to stream.
const REFUSES_ONLY: &str = "/subscribe.StateChangeSubscription/Subscribe";

/// The gRPC method that has to be there for such an outcome: its name with a dot before the method, as in the method table.
fn of_call(path: &str, outcome: &Value) -> Option<String> {
    let unknown = outcome["code"] == "Unimplemented";
    let streamed = outcome["messages"].as_array().is_some_and(|messages| !messages.is_empty());
    if unknown || (path == REFUSES_ONLY && !streamed) {
        return None;
    }
    let (service, method) = path.strip_prefix('/')?.split_once('/')?;
    Some(format!("{service}.{method}"))
}

fn of_step(step: &Step) -> Vec<String> {
    let mut needs = Vec::new();
    if step.port != Port::Rpc {
        needs.push(format!("port:{}", step.port.name()));
    }
    let is_stream = matches!(
        step.op,
        Op::Grpc | Op::StreamOpen | Op::StreamRecv | Op::StreamSend | Op::StreamEnd | Op::StreamClose
    );
    if is_stream && step.port == Port::Rpc && step.path.is_some() {
        needs.push("route:8".into());
    }
    needs.extend(step.method.clone());
    needs
}

fn shows_an_answer(outcome: &Value) -> bool {
    let present = |key: &str| outcome.get(key).is_some();
    let frames = || outcome["frames"].as_array().is_some_and(|frames| !frames.is_empty());
    let bytes = || outcome["hex"].as_str().is_some_and(|hex| !hex.is_empty());
    let decoded = ["http2", "value", "files", "header"].into_iter().any(present);
    decoded || bytes() || outcome["some"] == true || frames()
}

/// The methods named in what was sent: the value after each key `ServiceMethod`.
fn called(sent: &[u8]) -> impl Iterator<Item = String> + '_ {
    const KEY: &[u8] = b"ServiceMethod";
    let after = (0..sent.len()).filter(|at| sent[*at..].starts_with(KEY)).map(|at| &sent[at + KEY.len()..]);
    after.filter_map(|value| decode(value).ok()?.0.as_str().map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::golden::case::project_golden_dir;

    fn needs_of(name: &str) -> Vec<String> {
        let dir = project_golden_dir();
        let needs = Needs::from_recordings(&dir).unwrap();
        let cases = VARIANTS.iter().flat_map(|variant| load(&dir, variant).unwrap());
        let case = cases.into_iter().find(|case| case.name == name).unwrap();
        needs.of(&case).into_iter().collect()
    }

    #[test]
    fn needs_are_read_from_steps_and_from_what_they_send() {
        assert_eq!(needs_of("kv/lock-unlock"), ["KVS.Apply", "KVS.Get", "Session.Apply"]);
        assert_eq!(needs_of("netrpc/body-array-positional"), ["KVS.Get"], "called in plain bytes");
        assert_eq!(needs_of("yamux/request-split-over-frames"), ["Status.Ping"], "called over several frames");
        assert_eq!(needs_of("netrpc/unknown-service"), ["Status.Ping"], "the service that nobody has is not needed");
        assert!(needs_of("netrpc/oversized-array-claim").is_empty(), "never whole, never answered");
        assert_eq!(needs_of("routing/plain-byte-5"), ["route:5"]);
        assert!(needs_of("routing/plain-byte-1").is_empty(), "silence needs nobody");
        assert_eq!(needs_of("routing/tls-byte7-plain-server"), ["route:7"]);
        assert!(needs_of("routing/tls-client-hello-plain-server").is_empty(), "a refusal");
        assert_eq!(needs_of("routing/grpc-port-http1"), ["port:grpc"]);
        assert_eq!(needs_of("limits/conns-freed-after-close"), ["Status.Ping", "variant:limits"]);
        assert!(needs_of("acl/grpc-ca").contains(&"port:grpc".to_owned()));
    }

    #[test]
    fn behind_tls_the_same_routes_are_needed() {
        let open = |name: &str, expected: &[&str]| {
            let expected = [expected, &["variant:tls-open"]].concat();
            assert_eq!(needs_of(&format!("routing-tls-open/{name}")), expected, "{name}");
        };
        open("inner-byte-0", &["Status.Ping", "route:3"]);
        open("inner-byte-8", &["route:3", "route:8"]);
        open("alpn-rpc-single", &["Status.Ping"]);
        open("alpn-rpc-snapshot", &["route:5"]);
        open("alpn-raft-forwarding", &["route:9"]);
        open("alpn-raft", &[]);
        open("byte7-no-client-cert-status", &["route:7"]);
        assert_eq!(needs_of("routing-tls-vsh/inner-byte-9"), ["route:3", "variant:tls-vsh"], "closed without a byte");
        assert_eq!(needs_of("routing-tls/alpn-rpc-grpc"), ["route:8", "variant:tls"]);
        assert_eq!(needs_of("routing-tls/alpn-rpc-grpc-no-cert"), ["variant:tls"]);
        assert_eq!(needs_of("routing-tls/grpc-tls-port-h2"), ["port:grpc_tls", "variant:tls"]);
    }

    #[test]
    fn what_the_runner_lacks_no_server_can_meet() {
        assert!(Served::everything().has("KVS.Get"));
        assert!(RUNNER_LACKS.iter().all(|need| !Served::everything().has(need)));
        let target = Target::at("127.0.0.1:1".parse().unwrap());
        let served = Served::listed(["KVS.Get".to_owned()], &target, &["limits"]);
        assert!(served.has("KVS.Get") && served.has("variant:limits"));
        assert!(!served.has("KVS.List") && !served.has("port:grpc") && !served.has("variant:acl"));
    }
}
