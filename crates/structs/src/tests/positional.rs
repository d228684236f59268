//! A recorded map as the list that Go would also accept: fields in order of declaration, at every depth.

use std::collections::HashMap;

use serde_json::Value;

const NIL: u8 = 0xc0;

/// Facts of `types.json`: for each structure its fields in order of declaration, with their wire kinds.
pub(super) struct Shapes(HashMap<String, Vec<(String, String)>>);

impl Shapes {
    pub(super) fn read() -> Self {
        let all: Value = serde_json::from_str(&super::golden("types.json")).expect("the golden file is JSON");
        let types = all["types"].as_array().expect("it lists types");
        let maps = types.iter().filter(|of| of["kind"] == "struct" && of["wire"] == "map");
        Self(maps.map(|of| (text(&of["name"]), fields(&of["fields"]))).collect())
    }

    /// `bytes` of wire kind `kind`, with every map that stands for a structure turned into a list.
    pub(super) fn positional(&self, kind: &str, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let rest = self.copy(kind, bytes, &mut out);
        assert!(rest.is_empty(), "one value was recorded");
        out
    }

    fn copy<'a>(&self, kind: &str, bytes: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
        let inside = |name: &str| kind.strip_prefix(name)?.strip_prefix('<')?.strip_suffix('>');
        if bytes[0] == NIL {
            return verbatim(bytes, out);
        }
        if let Some(kind) = inside("opt") {
            return self.copy(kind, bytes, out);
        }
        if let Some(kind) = inside("list") {
            let (count, mut rest) = length(bytes);
            out.extend_from_slice(&bytes[..bytes.len() - rest.len()]);
            for _ in 0..count {
                rest = self.copy(kind, rest, out);
            }
            return rest;
        }
        if let Some(kind) = inside("map").and_then(|kinds| kinds.strip_prefix("str,")) {
            let (count, mut rest) = length(bytes);
            out.extend_from_slice(&bytes[..bytes.len() - rest.len()]);
            for _ in 0..count {
                rest = verbatim(rest, out);
                rest = self.copy(kind, rest, out);
            }
            return rest;
        }
        match self.0.get(kind) {
            Some(fields) => self.structure(fields, bytes, out),
            None => verbatim(bytes, out),
        }
    }

    fn structure<'a>(&self, fields: &[(String, String)], bytes: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
        let (count, mut rest) = length(bytes);
        let mut values: HashMap<String, &[u8]> = HashMap::new();
        for _ in 0..count {
            let (_, after) = length(rest);
            let (key, value) = after.split_at(length(rest).0);
            rest = &value[end(value)..];
            values.insert(String::from_utf8_lossy(key).into_owned(), value);
        }
        out.push(0xdc);
        out.extend_from_slice(&(fields.len() as u16).to_be_bytes());
        for (key, kind) in fields {
            // A field that was left out because it is empty still has its place.
            self.copy(kind, values.get(key.as_str()).copied().unwrap_or(&[NIL]), out);
        }
        rest
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn fields(list: &Value) -> Vec<(String, String)> {
    let mut fields: Vec<_> = list.as_array().map(|all| all.iter().collect()).unwrap_or_default();
    fields.sort_by_key(|field: &&Value| field["d"].as_u64());
    fields.into_iter().map(|field| (text(&field["k"]), text(&field["w"]))).collect()
}

fn verbatim<'a>(bytes: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
    let (value, rest) = bytes.split_at(end(bytes));
    out.extend_from_slice(value);
    rest
}

/// The length that a raw, list or map announces, and what follows its header. Only forms that Go writes.
fn length(bytes: &[u8]) -> (usize, &[u8]) {
    let number = |digits: &[u8]| digits.iter().fold(0, |sum, digit| (sum << 8) | usize::from(*digit));
    match bytes[0] {
        of @ 0x80..=0x9f => (usize::from(of & 0x0f), &bytes[1..]),
        of @ 0xa0..=0xbf => (usize::from(of & 0x1f), &bytes[1..]),
        0xda | 0xdc | 0xde => (number(&bytes[1..3]), &bytes[3..]),
        0xdb | 0xdd | 0xdf => (number(&bytes[1..5]), &bytes[5..]),
        of => panic!("{of:#x} announces no length"),
    }
}

/// Where the first value ends.
fn end(bytes: &[u8]) -> usize {
    let values = |count: usize, rest: &[u8]| {
        let mut at = bytes.len() - rest.len();
        for _ in 0..count {
            at += end(&bytes[at..]);
        }
        at
    };
    match bytes[0] {
        0x00..=0x7f | 0xe0..=0xff | 0xc0 | 0xc2 | 0xc3 => 1,
        0xcc | 0xd0 => 2,
        0xcd | 0xd1 => 3,
        0xca | 0xce | 0xd2 => 5,
        0xcb | 0xcf | 0xd3 => 9,
        0xa0..=0xbf | 0xda | 0xdb => {
            let (len, rest) = length(bytes);
            bytes.len() - rest.len() + len
        }
        0x80..=0x8f | 0xde | 0xdf => {
            let (pairs, rest) = length(bytes);
            values(2 * pairs, rest)
        }
        _ => {
            let (count, rest) = length(bytes);
            values(count, rest)
        }
    }
}
