//! The samples that the goldens were recorded over; also in `tests/interop/go/cmd/bexprgolden/main.go`.

use std::collections::{BTreeMap, HashMap};

use proconsul_bexpr::selectable;

#[derive(Clone, Debug, Default)]
pub(crate) struct Address {
    pub(crate) address: String,
    pub(crate) port: i64,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Weights {
    pub(crate) passing: i64,
    pub(crate) warning: i64,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Upstream {
    pub(crate) name: String,
    pub(crate) port: i64,
    pub(crate) tags: Vec<String>,
    pub(crate) at: Address,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum SampleKind {
    #[default]
    Plain,
    ConnectProxy,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Sample {
    pub(crate) name: String,
    pub(crate) kind: SampleKind,
    pub(crate) on: bool,
    pub(crate) int: i64,
    pub(crate) int8: i8,
    pub(crate) int16: i16,
    pub(crate) int32: i32,
    pub(crate) uint: u64,
    pub(crate) uint8: u8,
    pub(crate) uint16: u16,
    pub(crate) uint32: u32,
    pub(crate) float32: f32,
    pub(crate) float64: f64,
    pub(crate) tags: Vec<String>,
    pub(crate) ports: Vec<i64>,
    pub(crate) flags: Vec<bool>,
    pub(crate) ratios: Vec<f64>,
    pub(crate) lists: Vec<Vec<String>>,
    pub(crate) meta: BTreeMap<String, String>,
    pub(crate) counts: HashMap<String, i64>,
    pub(crate) addresses: BTreeMap<String, Address>,
    pub(crate) groups: BTreeMap<String, Vec<String>>,
    pub(crate) nested: BTreeMap<String, BTreeMap<String, String>>,
    pub(crate) weights: Weights,
    pub(crate) upstreams: Vec<Upstream>,
    pub(crate) matrix: Vec<Vec<Upstream>>,
    pub(crate) optional: Option<Box<Weights>>,
    pub(crate) tagged: String,
}

selectable! { impl Address { "Address" => address, "Port" => port } }
selectable! { impl Weights { "Passing" => passing, "Warning" => warning } }
selectable! { impl Upstream { "Name" => name, "Port" => port, "Tags" => tags, "At" => at } }
selectable! {
    impl Sample {
        "Name" => name,
        "On" => on,
        "Int" => int,
        "Int8" => int8,
        "Int16" => int16,
        "Int32" => int32,
        "Uint" => uint,
        "Uint8" => uint8,
        "Uint16" => uint16,
        "Uint32" => uint32,
        "Float32" => float32,
        "Float64" => float64,
        "Tags" => tags,
        "Ports" => ports,
        "Flags" => flags,
        "Ratios" => ratios,
        "Lists" => lists,
        "Meta" => meta,
        "Counts" => counts,
        "Addresses" => addresses,
        "Groups" => groups,
        "Nested" => nested,
        "Weights" => weights,
        "Upstreams" => upstreams,
        "Matrix" => matrix,
        "Optional" => optional,
        "tagged" => tagged,
        "alias" => tagged;
        "Kind": Str = |sample| match sample.kind {
            SampleKind::Plain => "",
            SampleKind::ConnectProxy => "connect-proxy",
        },
    }
}

fn strings(values: &[&str]) -> Vec<String> {
    values.iter().map(|value| (*value).to_owned()).collect()
}

fn map<T: Clone>(entries: &[(&str, T)]) -> BTreeMap<String, T> {
    entries.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect()
}

fn texts(entries: &[(&str, &str)]) -> BTreeMap<String, String> {
    entries.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn address(address: &str, port: i64) -> Address {
    Address { address: address.to_owned(), port }
}

fn upstream(name: &str, port: i64, tags: &[&str], at: Address) -> Upstream {
    Upstream { name: name.to_owned(), port, tags: strings(tags), at }
}

fn weights(passing: i64, warning: i64) -> Weights {
    Weights { passing, warning }
}

pub(crate) fn samples() -> Vec<Sample> {
    vec![full(), Sample { optional: Some(Box::default()), ..Sample::default() }, odd()]
}

fn full() -> Sample {
    let bare = |name, port| upstream(name, port, &[], Address::default());
    Sample {
        name: "web-1".to_owned(),
        kind: SampleKind::ConnectProxy,
        on: true,
        int: 8080,
        int8: -8,
        int16: 16,
        int32: -32,
        uint: 10,
        uint8: 255,
        uint16: 65535,
        uint32: 7,
        float32: 1.5,
        float64: 0.1,
        tags: strings(&["primary", "v1", "caf\u{e9}"]),
        ports: vec![80, 443],
        flags: vec![true],
        ratios: vec![0.5, 2.0],
        lists: vec![strings(&["a", "b"]), vec![]],
        meta: texts(&[("env", "prod"), ("a.b", "dotted"), ("", "empty"), ("zone", "us-east-1a")]),
        counts: map(&[("hits", 3), ("zero", 0)]).into_iter().collect(),
        addresses: map(&[("lan", address("10.0.0.1", 80)), ("wan", address("1.2.3.4", 443))]),
        groups: map(&[("admin", strings(&["root", "ops"])), ("none", vec![])]),
        nested: map(&[("x", texts(&[("y", "z")]))]),
        weights: weights(10, 1),
        upstreams: vec![
            upstream("db", 5432, &["sql"], address("db.local", 1)),
            upstream("cache", 6379, &[], address("cache.local", 2)),
        ],
        matrix: vec![vec![bare("m1", 1)], vec![bare("m2", 2), bare("m3", 3)]],
        optional: Some(Box::new(weights(1, 2))),
        tagged: "tag".to_owned(),
    }
}

fn odd() -> Sample {
    Sample {
        name: "D\u{fc}sseldorf \"two\"\nline \u{65e5}\u{672c}".to_owned(),
        kind: SampleKind::Plain,
        on: false,
        int: -1,
        int8: 127,
        int16: -32768,
        int32: 2_147_483_647,
        uint: 0,
        uint8: 0,
        uint16: 1,
        uint32: 4_294_967_295,
        float32: -0.25,
        float64: 1e300,
        tags: strings(&[""]),
        ports: vec![-1],
        flags: vec![false, true],
        ratios: vec![-1.0],
        lists: vec![],
        meta: texts(&[("env", ""), ("caf\u{e9}", "ol\u{e9}"), ("k v", "x"), ("quote\"d", "q")]),
        counts: map(&[("hits", -3)]).into_iter().collect(),
        addresses: map(&[("lan", address("::1", 0))]),
        groups: map(&[("admin", vec![])]),
        nested: map(&[("x", texts(&[])), ("", texts(&[("", "deep")]))]),
        weights: weights(0, 0),
        upstreams: vec![upstream("db", 3306, &["sql", "old"], Address::default())],
        matrix: vec![],
        optional: Some(Box::new(weights(0, 7))),
        tagged: "not".to_owned(),
    }
}
