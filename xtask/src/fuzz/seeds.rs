//! The seed corpora, from the recordings: what real peers send is where a fuzzer should begin.
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::interop::servers::workspace_root;

/// A seed longer than this teaches a fuzzer nothing that a shorter one does not.
const SEED_BYTES_MAX: usize = 2048;

/// How many seeds a target gets: the first ones, each different.
const SEEDS_MAX: usize = 64;

/// The recordings, and the expressions that the filter tests use.
const RECORDINGS: &[&str] = &["tests/golden/base.jsonl", "tests/golden/limits.jsonl"];
const ENCODINGS: &str = "tests/golden/wire/encodings.jsonl";
const EXPRESSIONS: &str = "crates/bexpr/tests/corpus.txt";

/// How bytes are cut, where a target wants to be told: any number would do.
const CUT: u8 = 3;

/// The seeds of each target, by file name.
#[derive(Default)]
struct Corpora(BTreeMap<&'static str, BTreeMap<String, Vec<u8>>>);

impl Corpora {
    fn add(&mut self, target: &'static str, name: &str, seed: Vec<u8>) {
        let seeds = self.0.entry(target).or_default();
        if seed.len() <= SEED_BYTES_MAX && seeds.len() < SEEDS_MAX && !seeds.values().any(|known| *known == seed) {
            seeds.insert(name.replace(|c: char| !c.is_ascii_alphanumeric() && c != '.', "-"), seed);
        }
    }
}

/// Writes `fuzz/corpus` anew.
pub(super) fn write() -> Result<()> {
    let mut corpora = Corpora::default();
    let mut seen = BTreeSet::new();
    for line in lines(ENCODINGS)? {
        let line: Value = serde_json::from_str(&line).context(ENCODINGS)?;
        from_encoding(&line, &mut seen, &mut corpora);
        message(&line, &mut corpora);
    }
    for file in RECORDINGS {
        for case in lines(file)? {
            from_case(&serde_json::from_str(&case).with_context(|| file.to_string())?, &mut corpora);
        }
    }
    // Neighbours in the list are alike: every eighteenth is a fair sample.
    for (number, line) in
        lines(EXPRESSIONS)?.iter().filter(|line| !line.is_empty() && !line.starts_with('#')).enumerate().step_by(18)
    {
        corpora.add("bexpr", &format!("expression-{number:04}"), line.clone().into_bytes());
    }
    for (target, seeds) in &corpora.0 {
        let dir = workspace_root().join("fuzz/corpus").join(target);
        fs::create_dir_all(&dir)?;
        for entry in fs::read_dir(&dir).with_context(|| dir.display().to_string())? {
            let entry = entry?;
            if !entry.file_name().to_string_lossy().starts_with(FOUND) {
                fs::remove_file(entry.path())?;
            }
        }
        for (name, seed) in seeds {
            fs::write(dir.join(name), seed)?;
        }
        println!("{target}: {} seeds", seeds.len());
    }
    Ok(())
}

/// How the names of those inputs begin that once made a target fail: they stay.
const FOUND: &str = "found-";

/// The target that knows every type by its name.
pub(super) const STRUCTURES: &str = "structures";

/// Where [`structures`] puts its seeds: they are not committed, as each is a line of a file that is.
const STRUCTURES_DIR: &str = "fuzz/corpus-run/structures-golden";

/// Makes a seed for the target `structures` of every golden encoding in msgpack, and says in which folder.
pub(super) fn structures() -> Result<&'static str> {
    let dir = workspace_root().join(STRUCTURES_DIR);
    if dir.is_dir() {
        fs::remove_dir_all(&dir).with_context(|| dir.display().to_string())?;
    }
    fs::create_dir_all(&dir)?;
    let seeds = structure_seeds()?;
    for (number, seed) in seeds.iter().enumerate() {
        fs::write(dir.join(format!("{number:04}")), seed)?;
    }
    println!("{} seeds from {ENCODINGS}", seeds.len());
    Ok(STRUCTURES_DIR)
}

/// Each different golden encoding in msgpack, as the target wants it: Consul's name of the type, a line feed, the bytes.
fn structure_seeds() -> Result<BTreeSet<Vec<u8>>> {
    let seed = |line: String| -> Result<Option<Vec<u8>>> {
        let line: Value = serde_json::from_str(&line).context(ENCODINGS)?;
        let (Some(kind), Some(_)) = (line["type"].as_str(), line["msgpack_hex"].as_str()) else { return Ok(None) };
        Ok(Some([kind.as_bytes(), b"\n", &bytes(&line["msgpack_hex"])].concat()))
    };
    lines(ENCODINGS)?.into_iter().filter_map(|line| seed(line).transpose()).collect()
}

fn lines(file: &str) -> Result<Vec<String>> {
    let text = fs::read_to_string(workspace_root().join(file)).with_context(|| file.to_owned())?;
    Ok(text.lines().map(str::to_owned).collect())
}

fn from_case(case: &Value, corpora: &mut Corpora) {
    let name = case["case"].as_str().unwrap_or_default();
    let steps = case["steps"].as_array().map(Vec::as_slice).unwrap_or_default();
    let sent: Vec<u8> = steps.iter().filter(|step| step["op"] == "send").flat_map(|step| bytes(&step["hex"])).collect();
    let frames: Vec<u8> =
        steps.iter().filter(|step| step["op"] == "frame").flat_map(|step| frame(&step["frame"])).collect();
    if !sent.is_empty() {
        corpora.add("detection", name, [&[0], sent.as_slice()].concat());
    }
    if !frames.is_empty() {
        corpora.add("yamux", name, [&[0, CUT], frames.as_slice()].concat());
    }
    if case["group"] == "netrpc" && sent.len() > 1 {
        corpora.add("netrpc_header", name, [&[CUT], &sent[1..]].concat());
    }
    for (number, step) in steps.iter().enumerate().filter(|(_, step)| step["op"] == "rpc") {
        let request = bytes(&step["bytes"]);
        let (Some(method), Some(body)) = (step["method"].as_str(), body(&request)) else { continue };
        let name = format!("{name}-{number}-{method}");
        corpora.add("netrpc_header", &name, [&[CUT], request.as_slice()].concat());
        if !SERVICES.iter().any(|service| method.starts_with(service)) {
            continue;
        }
        corpora.add("msgpack_request", &name, [method.as_bytes(), b"\n", body].concat());
    }
}

/// Messages in protobuf, by themselves or in a raw of msgpack, under their full names.
fn message(line: &Value, corpora: &mut Corpora) {
    let (Some(kind), Some(case)) = (line["type"].as_str(), line["case"].as_str()) else { return };
    let Some((folder, name)) = kind.split_once('.') else { return };
    let Some((_, package)) = PACKAGES.iter().find(|(of, _)| *of == folder) else { return };
    let body = match line["protobuf_hex"].as_str() {
        Some(_) => bytes(&line["protobuf_hex"]),
        None => raw_content(&bytes(&line["msgpack_hex"])).to_vec(),
    };
    corpora.add(
        "messages",
        &format!("{kind}-{case}"),
        [package.as_bytes(), b".", name.as_bytes(), b"\n", &body].concat(),
    );
}

/// What a raw of msgpack holds, without its length.
fn raw_content(raw: &[u8]) -> &[u8] {
    let length = match raw.first() {
        Some(0xda) => 3,
        Some(0xdb) => 5,
        _ => 1,
    };
    raw.get(length..).unwrap_or_default()
}

/// Packages of messages, by the folders that Go's names of types begin with.
const PACKAGES: &[(&str, &str)] = &[
    ("pbautoconf", "hashicorp.consul.internal.autoconf"),
    ("pbpeering", "hashicorp.consul.internal.peering"),
    ("pbstorage", "hashicorp.consul.internal.storage.raft"),
];

/// Arguments and replies of the methods that have types here, and one value of each other type.
fn from_encoding(line: &Value, seen: &mut BTreeSet<String>, corpora: &mut Corpora) {
    let (Some(kind), Some(case)) = (line["type"].as_str(), line["case"].as_str()) else { return };
    let encoded = bytes(&line["msgpack_hex"]);
    for (wanted, method) in TYPES {
        if kind == *wanted && case != "zero" {
            corpora.add("msgpack_request", &format!("{kind}-{case}"), [method.as_bytes(), b"\n", &encoded].concat());
        }
    }
    if case == "full" && seen.insert(kind.to_owned()) {
        corpora.add("msgpack_value", kind, [&[CUT], encoded.as_slice()].concat());
    }
}

/// The services whose methods have types in the target `msgpack_request`.
const SERVICES: &[&str] = &["Status.", "KVS.", "Catalog.", "Session."];

/// Types of the recorded encodings, and what the target `msgpack_request` calls them.
const TYPES: &[(&str, &str)] = &[
    ("structs.RegisterRequest", "Catalog.Register"),
    ("structs.DeregisterRequest", "Catalog.Deregister"),
    ("structs.ServiceSpecificRequest", "Catalog.ServiceNodes"),
    ("structs.DCSpecificRequest", "Catalog.ListNodes"),
    ("structs.KVSRequest", "KVS.Apply"),
    ("structs.KeyRequest", "KVS.Get"),
    ("structs.KeyListRequest", "KVS.ListKeys"),
    ("structs.IndexedDirEntries", "KVS.Get reply"),
    ("structs.IndexedKeyList", "KVS.ListKeys reply"),
    ("structs.SessionRequest", "Session.Apply"),
    ("structs.SessionSpecificRequest", "Session.Get"),
    ("structs.NodeSpecificRequest", "Session.NodeSessions"),
    ("structs.IndexedSessions", "Session.List reply"),
    ("structs.IndexedNodes", "Catalog.ListNodes reply"),
    ("structs.IndexedServices", "Catalog.ListServices reply"),
    ("structs.IndexedServiceNodes", "Catalog.ServiceNodes reply"),
];

/// The bytes that hex digits stand for; none for anything else.
fn bytes(hex: &Value) -> Vec<u8> {
    let hex = hex.as_str().unwrap_or_default().as_bytes();
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    hex.chunks_exact(2).map_while(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}

/// A yamux frame as the recordings write it. A length of 0 with data means the data's.
fn frame(frame: &Value) -> Vec<u8> {
    let number = |field: &str| frame[field].as_u64().unwrap_or_default();
    let data = bytes(&frame["data"]);
    let length = if number("len") == 0 { data.len() as u64 } else { number("len") };
    let mut out = vec![number("v") as u8, number("type") as u8];
    out.extend_from_slice(&(number("flags") as u16).to_be_bytes());
    out.extend_from_slice(&(number("stream") as u32).to_be_bytes());
    out.extend_from_slice(&(length as u32).to_be_bytes());
    out.extend_from_slice(&data);
    out
}

/// What follows the header of a request, as every Go client writes it: the method's name comes last, and is short.
fn body(request: &[u8]) -> Option<&[u8]> {
    const KEY: &[u8] = b"\xadServiceMethod";
    let at = request.windows(KEY.len()).position(|window| window == KEY)? + KEY.len();
    let length = match *request.get(at)? {
        short @ 0xa0..=0xbf => usize::from(short & 0x1f),
        _ => return None,
    };
    request.get(at + 1 + length..)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_frame_is_its_header_and_its_data() {
        assert_eq!(frame(&json!({"type": 2, "flags": 1, "stream": 0, "len": 7})), [0, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7]);
        assert_eq!(
            frame(&json!({"type": 0, "flags": 0, "stream": 3, "len": 0, "data": "ab01"})),
            [0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 2, 0xab, 1]
        );
    }

    #[test]
    fn a_body_is_what_follows_the_header() {
        assert_eq!(
            body(b"\x82\xa3Seq\x01\xadServiceMethod\xa7KVS.Get\x81\xa3Key\xa1a"),
            Some(&b"\x81\xa3Key\xa1a"[..])
        );
        assert_eq!(body(b"\x82\xa3Seq\x01"), None);
    }

    #[test]
    fn every_golden_type_is_among_the_seeds_of_the_structures() -> Result<()> {
        let seeds = structure_seeds()?;
        let named = |seed: &Vec<u8>| seed.split(|byte| *byte == b'\n').next().map(<[u8]>::to_vec);
        let seeded: BTreeSet<_> = seeds.iter().filter_map(named).collect();
        let mut recorded = BTreeSet::new();
        for line in lines(ENCODINGS)?.iter().filter(|line| line.contains("\"msgpack_hex\":")) {
            let line: Value = serde_json::from_str(line)?;
            recorded.extend(line["type"].as_str().map(|name| name.as_bytes().to_vec()));
        }
        assert_eq!(seeded, recorded);
        assert!(recorded.len() > 190, "{} types", recorded.len());
        Ok(())
    }
}
