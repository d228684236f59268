//! What a line of a recording says: a case, its steps and what each step produced.
use std::{
    collections::BTreeMap,
    fs, iter,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Map, Value};

/// The variants that have a file of cases, in the order of the recordings' own table.
pub const VARIANTS: &[&str] =
    &["base", "acl", "tls", "tls-open", "tls-vsh", "limits", "rate-permissive", "rate-enforcing", "wan", "cluster"];

/// One recorded conversation with a server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Group and name, unique within its file: `kv/set-get`.
    #[serde(rename = "case")]
    pub name: String,
    /// What the case is about; a part of a file can be run by it.
    pub group: String,
    /// Which configuration the recorded server ran with.
    pub variant: String,
    /// What to do, in order.
    pub steps: Vec<Step>,
    /// What each step produced, normalised.
    pub outcome: Vec<Value>,
    /// A difference is worth a line, not a failure.
    #[serde(default)]
    pub informational: bool,
    /// For readers.
    #[serde(default)]
    pub note: Option<String>,
}

/// What a step does. The recordings' README has one row for each.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "named and explained by the table in tests/golden/README.md")]
pub enum Op {
    Dial,
    Send,
    Recv,
    RecvReply,
    RecvValue,
    RecvTar,
    ShutWrite,
    Close,
    Sleep,
    Rpc,
    Await,
    Frame,
    Frames,
    Grpc,
    StreamOpen,
    StreamRecv,
    StreamSend,
    StreamEnd,
    StreamClose,
    Many,
    Burst,
}

/// Which of a server's ports a step talks to.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[serde(rename_all = "snake_case")]
pub enum Port {
    /// The server port.
    #[default]
    Rpc,
    /// The server port of the variant's second server.
    Rpc2,
    /// The external gRPC port.
    Grpc,
    /// The external gRPC port with TLS.
    GrpcTls,
}

impl Port {
    /// The name that recordings use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rpc => "rpc",
            Self::Rpc2 => "rpc2",
            Self::Grpc => "grpc",
            Self::GrpcTls => "grpc_tls",
        }
    }
}

/// How a dialled connection starts TLS.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Tls {
    /// After type byte 3.
    Byte3,
    /// After type byte 7.
    Byte7,
    /// At once, with an ALPN name.
    Native,
}

/// One step of a case: an operation and those of these arguments that it uses.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What to do.
    pub op: Op,
    /// The connection's name within the case; none means `c`, and for `rpc` the shared session.
    #[serde(default)]
    pub conn: Option<String>,
    /// Where to dial or call.
    #[serde(default)]
    pub port: Port,
    /// `dial`: with TLS.
    #[serde(default)]
    pub tls: Option<Tls>,
    /// `dial`: ALPN names to offer.
    #[serde(default)]
    pub alpn: Vec<String>,
    /// `dial`: the client certificate, a file name in `certs/` without its ending, or `none`.
    #[serde(default)]
    pub cert: Option<String>,
    /// `dial`: the server name to ask for.
    #[serde(default)]
    pub sni: Option<String>,
    /// `dial`: the highest TLS version to offer.
    #[serde(default)]
    pub max_tls: Option<String>,
    /// Bytes to send.
    #[serde(default, deserialize_with = "hex_text")]
    pub hex: Vec<u8>,
    /// `send`: how many times; absent means once.
    #[serde(default)]
    pub repeat: Option<usize>,
    /// How many bytes, frames or messages are enough.
    #[serde(default)]
    pub want: Option<usize>,
    /// How long to wait, in milliseconds.
    #[serde(default)]
    pub ms: Option<u64>,
    /// Keep only that something came.
    #[serde(default)]
    pub quiet: bool,
    /// Add how long it took, as a bucket.
    #[serde(default)]
    pub timed: bool,
    /// `rpc`, `burst`: the method.
    #[serde(default)]
    pub method: Option<String>,
    /// `rpc`, `burst`, `grpc`, `stream_*`: the arguments.
    #[serde(default)]
    pub args: Option<Value>,
    /// The exact request, where nothing in it varies.
    #[serde(default, deserialize_with = "hex_text")]
    pub bytes: Vec<u8>,
    /// Names a started call, a stream or held connections.
    #[serde(default)]
    pub label: Option<String>,
    /// Variables to set, by name, from dotted paths in the outcome.
    #[serde(default)]
    pub save: BTreeMap<String, String>,
    /// Call again up to this many times...
    #[serde(default)]
    pub retry: u32,
    /// ...while the outcome's JSON contains this.
    #[serde(default)]
    pub retry_while: Option<String>,
    /// Keep only these dotted paths.
    #[serde(default)]
    pub pick: Vec<String>,
    /// Keep types in place of values.
    #[serde(default)]
    pub shape: bool,
    /// Lists to sort, by dotted path, and the key to sort by.
    #[serde(default)]
    pub sort: BTreeMap<String, String>,
    /// Field paths whose values are indexes.
    #[serde(default)]
    pub idx: Vec<String>,
    /// `frames`: `no_ack`; `stream_open`: `bidi` or `noreq`.
    #[serde(default)]
    pub mode: Option<String>,
    /// `frame`: the frame to write.
    #[serde(default)]
    pub frame: Option<super::yamux::FrameSpec>,
    /// `grpc`, `stream_open`: the gRPC path.
    #[serde(default)]
    pub path: Option<String>,
    /// `grpc`, `stream_open`: metadata.
    #[serde(default)]
    pub meta: Map<String, Value>,
    /// `many`, `burst`: how many; `recv`: at most so many bytes.
    #[serde(default)]
    pub max: Option<usize>,
}

fn hex_text<'de, D: serde::Deserializer<'de>>(text: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(text)?;
    super::value::from_hex(&text).ok_or_else(|| serde::de::Error::custom("not hex"))
}

/// The folder of recordings: the one that `PROCONSUL_GOLDEN` names, else the project's copy.
pub fn golden_dir() -> PathBuf {
    match std::env::var_os("PROCONSUL_GOLDEN") {
        Some(dir) => PathBuf::from(dir),
        None => project_golden_dir(),
    }
}

/// The project's own copy of the recordings, with the lists about them.
pub fn project_golden_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden")
}

/// The cases of one file, in file order.
///
/// # Errors
/// When the file cannot be read, or a line is not a case with one outcome per step.
pub fn load(dir: &Path, file: &str) -> Result<Vec<Case>> {
    let path = dir.join(file).with_extension("jsonl");
    let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    let cases = iter::zip(1.., text.lines()).map(|(number, line)| {
        let case: Case = serde_json::from_str(line).with_context(|| format!("{}:{number}", path.display()))?;
        anyhow::ensure!(case.steps.len() == case.outcome.len(), "{}: steps and outcome differ in number", case.name);
        Ok(case)
    });
    cases.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_recorded_line_is_understood() {
        for variant in VARIANTS {
            let cases = load(&project_golden_dir(), variant).unwrap();
            assert!(!cases.is_empty(), "{variant}");
            assert!(cases.iter().all(|case| case.variant == *variant), "{variant}");
        }
    }
}
