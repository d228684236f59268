//! What a case asks of a server and of this runner, worked out from its steps and what was recorded, before anything is dialled.
//!
//! A need is a word: a net/rpc method (`KVS.Get`), a connection's type byte whose far end must speak (`route:5`), a port beyond
//! the first (`port:grpc`), a configuration other than the plain one (`variant:acl`), or a part of this runner (`runner:tls`).
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use anyhow::Result;
use serde_json::Value;

use super::{
    case::{Case, Op, Port, Step, VARIANTS, load},
    target::Target,
    value::decode,
};

/// What the runner itself cannot do. A line goes when the runner learns it, and the waiting list shrinks by itself.
pub const RUNNER_LACKS: &[&str] = &["runner:grpc", "runner:tls"];

/// Type bytes behind which there is net/rpc: what is asked there is known by its method.
const RPC_SINGLE: u8 = 0;
const RPC_MULTI: u8 = 4;

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
        let mut spoken: BTreeMap<&str, Spoken> = BTreeMap::new();
        for (step, outcome) in case.steps.iter().zip(&case.outcome) {
            needs.extend(of_step(step));
            let conn = step.conn.as_deref().unwrap_or("c");
            match step.op {
                Op::Dial => {
                    let fresh = Spoken { port: step.port, ..Spoken::default() };
                    self.take_up(spoken.insert(conn, fresh), &mut needs);
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
        spoken.into_values().for_each(|spoken| self.take_up(Some(spoken), &mut needs));
        needs
    }

    /// Which of a case's needs are not met.
    pub fn missing(&self, case: &Case, served: &Served) -> Vec<String> {
        self.of(case).into_iter().filter(|need| !served.has(need)).collect()
    }

    fn take_up(&self, spoken: Option<Spoken>, needs: &mut BTreeSet<String>) {
        let Some(Spoken { port, sent, answered }) = spoken else { return };
        let has_type_byte = matches!(port, Port::Rpc | Port::Rpc2);
        match sent.first().filter(|_| has_type_byte) {
            // A request that is never whole gets no answer, whoever serves its method.
            Some(&(RPC_SINGLE | RPC_MULTI)) if !answered => {}
            Some(&(RPC_SINGLE | RPC_MULTI)) => {
                needs.extend(called(&sent).filter(|method| self.methods.contains(method)))
            }
            Some(byte) if answered => _ = needs.insert(format!("route:{byte}")),
            _ => {}
        }
    }
}

/// What went over one connection.
#[derive(Default)]
struct Spoken {
    port: Port,
    sent: Vec<u8>,
    answered: bool,
}

fn of_step(step: &Step) -> Vec<String> {
    let mut needs = Vec::new();
    if step.port != Port::Rpc {
        needs.push(format!("port:{}", step.port.name()));
    }
    if step.tls.is_some() {
        needs.push("runner:tls".into());
    }
    let is_stream = matches!(
        step.op,
        Op::Grpc | Op::StreamOpen | Op::StreamRecv | Op::StreamSend | Op::StreamEnd | Op::StreamClose
    );
    if is_stream || step.path.is_some() {
        needs.push("runner:grpc".into());
        if step.port == Port::Rpc && step.path.is_some() {
            needs.push("route:8".into());
        }
    }
    needs.extend(step.method.clone());
    needs
}

fn shows_an_answer(outcome: &Value) -> bool {
    let present = |key: &str| outcome.get(key).is_some();
    let frames = || outcome["frames"].as_array().is_some_and(|frames| !frames.is_empty());
    let plain = ["hex", "http2", "value", "files", "header"].into_iter().any(present);
    plain || outcome["some"] == true || frames()
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
        assert_eq!(needs_of("routing/tls-byte7-plain-server"), ["runner:tls"]);
        assert_eq!(needs_of("routing/grpc-port-http1"), ["port:grpc"]);
        assert_eq!(needs_of("limits/conns-freed-after-close"), ["Status.Ping", "variant:limits"]);
        assert_eq!(needs_of("acl/grpc-ca")[0], "port:grpc");
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
