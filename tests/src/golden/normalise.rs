//! Makes outcomes comparable: absolute indexes, ids, times and addresses become placeholders that keep equality and order.
use std::collections::{BTreeSet, HashMap};

use regex::{Captures, Regex};
use serde_json::{Map, Value, json};

use super::{
    case::{Op, Step},
    target::Target,
    value::{from_hex, is_time},
};

/// Fields that hold an index, wherever they stand.
const INDEX_FIELDS: &[&str] = &["Index", "CreateIndex", "ModifyIndex", "LastIndex"];
/// A wire varint above this is a hash, which no two servers share.
const BIG: u64 = 1 << 52;

/// Normalises one case's outcomes, as the recordings' own were.
pub fn outcomes(target: &Target, steps: &[Step], outcomes: Vec<Value>) -> Vec<Value> {
    let mut indexes = BTreeSet::new();
    for (step, outcome) in steps.iter().zip(&outcomes) {
        visit_indexes(step, outcome, &mut Vec::new(), &mut |index| _ = indexes.insert(index));
    }
    let ranks = indexes.into_iter().zip(1..).collect();
    let mut pass = Pass { ranks, texts: Texts::new(target), step: &steps[0] };
    let replaced = steps.iter().zip(outcomes).map(|(step, outcome)| {
        pass.step = step;
        pass.value(outcome, &mut Vec::new())
    });
    replaced.collect()
}

struct Pass<'a> {
    ranks: HashMap<u64, usize>,
    texts: Texts,
    step: &'a Step,
}

/// The last part of a key that may be a picked path.
fn field_name(path: &[String]) -> &str {
    path.last().map_or("", |key| key.rsplit('.').next().unwrap_or(key))
}

/// Whether the value at `path` is an index. Paths leave list positions out; those of `idx` begin below `reply` or `messages`.
fn is_index(step: &Step, path: &[String]) -> bool {
    let below = path.get(1..).unwrap_or_default().join(".");
    INDEX_FIELDS.contains(&field_name(path)) || step.idx.contains(&below)
}

fn visit_indexes(step: &Step, value: &Value, path: &mut Vec<String>, found: &mut impl FnMut(u64)) {
    match value {
        Value::Number(number) if is_index(step, path) => {
            if let Some(index @ 2..) = number.as_u64() {
                found(index);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| visit_indexes(step, item, path, found)),
        Value::Object(fields) => {
            for (key, field) in fields {
                path.push(key.clone());
                visit_indexes(step, field, path, found);
                path.pop();
            }
        }
        _ => {}
    }
}

impl Pass<'_> {
    fn value(&mut self, value: Value, path: &mut Vec<String>) -> Value {
        if let Some(placeholder) = whole_field(field_name(path), &value) {
            return json!(placeholder);
        }
        match value {
            Value::Number(ref number) => match number.as_u64() {
                Some(index @ 2..) if is_index(self.step, path) => json!(format!("I{}", self.ranks[&index])),
                Some(BIG..) if matches!(self.step.op, Op::Grpc | Op::StreamRecv) => json!("<BIG>"),
                _ => value,
            },
            Value::String(text) => self.texts.normalise(&text).into(),
            Value::Array(items) => items.into_iter().map(|item| self.value(item, path)).collect(),
            Value::Object(fields) => self.object(fields, path),
            Value::Null | Value::Bool(_) => value,
        }
    }

    fn object(&mut self, fields: Map<String, Value>, path: &mut Vec<String>) -> Value {
        if let (1, Some(hex)) = (fields.len(), fields.get("$hex").and_then(Value::as_str)) {
            return time(hex).map_or_else(|| json!({ "$hex": without_soa_serial(hex) }), |time| json!(time));
        }
        let replaced = fields.into_iter().map(|(key, field)| {
            let new_key = self.texts.normalise(&key);
            path.push(key);
            let field = self.value(field, path);
            path.pop();
            (new_key, field)
        });
        Value::Object(replaced.collect())
    }
}

/// Fields that two servers never share, whatever they hold, unless it is nothing.
fn whole_field(name: &str, value: &Value) -> Option<&'static str> {
    let placeholder = match name {
        "SerialNumber" => "<SERIAL>",
        "Hash" => "<HASH>",
        "Build" => "<BUILD>",
        "Version" => "<VERSION>",
        _ => return None,
    };
    let empty = match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Number(number) => number.as_u64() == Some(0),
        _ => false,
    };
    (!empty).then_some(placeholder)
}

fn time(hex: &str) -> Option<&'static str> {
    let bytes = from_hex(hex).filter(|bytes| is_time(bytes))?;
    let is_zero = bytes[1..13].iter().all(|byte| *byte == 0);
    Some(if is_zero { "<ZEROTIME>" } else { "<TIME>" })
}

/// A DNS message with the serial of its SOA record, which is the time of day, blotted out.
fn without_soa_serial(hex: &str) -> String {
    let serial = from_hex(hex).and_then(|bytes| soa_serial_at(&bytes));
    match serial {
        Some(at) => format!("{}********{}", &hex[..2 * at], &hex[2 * at + 8..]),
        None => hex.to_owned(),
    }
}

fn soa_serial_at(message: &[u8]) -> Option<usize> {
    const HEADER: usize = 12;
    const SOA: [u8; 4] = [0, 6, 0, 1]; // type and class
    let records = message.get(HEADER..)?;
    let at = HEADER + records.windows(SOA.len()).rposition(|four| four == SOA)?;
    let data = at + SOA.len() + 4 + 2; // ttl and length
    let serial = skip_name(message, skip_name(message, data)?)?;
    (message.len() >= serial + 20).then_some(serial)
}

fn skip_name(message: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match *message.get(at)? {
            0 => return Some(at + 1),
            0xc0.. => return Some(at + 2),
            length => at += 1 + usize::from(length),
        }
    }
}

/// The rules for texts, with the ids seen so far in the case.
struct Texts {
    uuid: Regex,
    uuids: HashMap<String, usize>,
    rules: Vec<(Regex, String)>,
}

impl Texts {
    fn new(target: &Target) -> Self {
        let mut rules =
            vec![(r"(?s)-----BEGIN ([A-Z0-9 ]+)-----.*?-----END [A-Z0-9 ]+-----\n?".to_owned(), "<PEM $1>".to_owned())];
        rules.push((r"\b(?:[0-9a-f]{2}:){7,}[0-9a-f]{2}\b".into(), "<KEYID>".into()));
        let ports = [
            (Some(target.rpc), "<RPC>"),
            (target.rpc2, "<RPC2>"),
            (target.grpc, "<GRPC>"),
            (target.grpc_tls, "<GRPCTLS>"),
        ];
        for (address, placeholder) in ports {
            if let Some(address) = address {
                rules.push((format!(r"\b{}\b", regex::escape(&address.to_string())), placeholder.into()));
            }
        }
        rules.push((r"\b127\.0\.0\.\d+:\d+\b".into(), "<ADDR>".into()));
        rules.push((r"\b240\.0\.0\.\d+\b".into(), "<VIP>".into()));
        rules.push((regex::escape(&target.node), "<NODE>".into()));
        rules.push((r"\b(?:current modify index|reset index:) \d+".into(), "<IDX>".into()));
        let date = r"\b\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2}|(?: [+-]\d{4} [A-Z]+(?: m=[+-][\d.]+)?))?";
        rules.push((date.into(), "<TIME>".into()));
        let compile = |pattern: &str| Regex::new(pattern).expect("the patterns are constants or escaped");
        Self {
            uuid: compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"),
            uuids: HashMap::new(),
            rules: rules.into_iter().map(|(pattern, to)| (compile(&pattern), to)).collect(),
        }
    }

    fn normalise(&mut self, text: &str) -> String {
        let mut text = text.to_owned();
        for (pattern, to) in &self.rules {
            if pattern.is_match(&text) {
                text = pattern.replace_all(&text, to).into_owned();
            }
        }
        let Self { uuid, uuids, .. } = self;
        let numbered = uuid.replace_all(&text, |found: &Captures<'_>| {
            let id = &found[0];
            if id.starts_with("00000000-") || id.starts_with("11111111-2222") {
                return id.to_owned();
            }
            let next = uuids.len() + 1;
            format!("<UUID{}>", uuids.entry(id.to_owned()).or_insert(next))
        });
        numbered.into_owned()
    }
}

#[cfg(test)]
mod tests;
