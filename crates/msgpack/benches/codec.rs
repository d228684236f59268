//! The hot path of a call: a request header, and a `KVS.Get` with its reply. Bytes per second are of the encoded form.
#![allow(missing_docs)]

use std::hint::black_box;

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use proconsul_msgpack::{Decoder, GoStr, Scanner, Wire, encode_into, from_bytes, from_slice, to_vec};

#[derive(Debug, Default, Wire)]
struct RequestHeader<'a> {
    service_method: &'a str,
    seq: u64,
}

#[derive(Clone, Debug, Default, Wire)]
struct QueryOptions {
    token: GoStr,
    min_query_index: u64,
    max_query_time: i64,
    allow_stale: bool,
    require_consistent: bool,
    use_cache: bool,
    max_stale_duration: i64,
    max_age: i64,
    must_revalidate: bool,
    stale_if_error: i64,
    filter: GoStr,
    allow_not_modified_response: bool,
}

#[derive(Clone, Debug, Default, Wire)]
struct KeyRequest {
    datacenter: GoStr,
    key: GoStr,
    #[wire(embed)]
    options: QueryOptions,
}

#[derive(Clone, Debug, Default, Wire)]
struct RaftIndex {
    create_index: u64,
    modify_index: u64,
}

#[derive(Clone, Debug, Default, Wire)]
struct DirEntry {
    lock_index: u64,
    key: GoStr,
    flags: u64,
    value: Option<Bytes>,
    session: GoStr,
    #[wire(embed)]
    index: RaftIndex,
}

#[derive(Clone, Debug, Default, Wire)]
struct QueryMeta {
    index: u64,
    last_contact: i64,
    known_leader: bool,
    consistency_level: GoStr,
    not_modified: bool,
    backend: u64,
    #[wire("ResultsFilteredByACLs")]
    results_filtered_by_acls: bool,
}

#[derive(Clone, Debug, Default, Wire)]
struct IndexedDirEntries {
    #[wire(nil_when_empty)]
    entries: Vec<DirEntry>,
    #[wire(embed)]
    meta: QueryMeta,
}

fn request() -> KeyRequest {
    let options = QueryOptions { min_query_index: 70_000, max_query_time: 300_000_000_000, ..QueryOptions::default() };
    KeyRequest { datacenter: "dc1".into(), key: "service/web/config".into(), options }
}

fn reply(value_bytes: usize) -> IndexedDirEntries {
    let index = RaftIndex { create_index: 100, modify_index: 70_001 };
    let value = Some(Bytes::from(vec![b'v'; value_bytes]));
    let entry = DirEntry { key: "service/web/config".into(), value, index, ..DirEntry::default() };
    let meta = QueryMeta { index: 70_001, known_leader: true, ..QueryMeta::default() };
    IndexedDirEntries { entries: vec![entry], meta }
}

fn header(c: &mut Criterion) {
    let header = RequestHeader { service_method: "KVS.Get", seq: 70_000 };
    let bytes = to_vec(&header).unwrap_or_default();
    let mut group = c.benchmark_group("request header");
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    let mut out = Vec::with_capacity(1024);
    group.bench_function("encode", |b| {
        b.iter(|| {
            out.clear();
            encode_into(&mut out, black_box(&header))
        })
    });
    group.bench_function("decode", |b| b.iter(|| Decoder::new(black_box(&bytes)).decode::<RequestHeader<'_>>()));
    group.bench_function("scan", |b| b.iter(|| Scanner::new().feed(black_box(&bytes))));
    group.finish();
}

fn kvs_get(c: &mut Criterion) {
    let request = request();
    let bytes = Bytes::from(to_vec(&request).unwrap_or_default());
    let mut out = Vec::with_capacity(1 << 17);
    let mut group = c.benchmark_group("KVS.Get request");
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function("encode", |b| {
        b.iter(|| {
            out.clear();
            encode_into(&mut out, black_box(&request))
        })
    });
    group.bench_function("decode", |b| b.iter(|| from_slice::<KeyRequest>(black_box(&bytes))));
    group.bench_function("scan", |b| b.iter(|| Scanner::new().feed(black_box(&bytes))));
    group.finish();

    for size in [64, 65_536] {
        let reply = reply(size);
        let bytes = Bytes::from(to_vec(&reply).unwrap_or_default());
        let mut group = c.benchmark_group(format!("KVS.Get reply of {size} bytes"));
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function("encode", |b| {
            b.iter(|| {
                out.clear();
                encode_into(&mut out, black_box(&reply))
            })
        });
        group.bench_function("decode by copy", |b| b.iter(|| from_slice::<IndexedDirEntries>(black_box(&bytes))));
        group.bench_function("decode by reference", |b| b.iter(|| from_bytes::<IndexedDirEntries>(black_box(&bytes))));
        group.finish();
    }
}

criterion_group!(benches, header, kvs_get);
criterion_main!(benches);
