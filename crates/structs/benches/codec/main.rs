//! Two large replies, written and read. `cargo xtask bench --only structs` runs this beside Go on the same bytes.
#![allow(missing_docs)]

mod replies;

use std::hint::black_box;

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use proconsul_msgpack::{encode_into, from_bytes, to_vec};
use serde::{Serialize, de::DeserializeOwned};

fn both<T: Serialize + DeserializeOwned>(c: &mut Criterion, name: &str, reply: &T) {
    let bytes = Bytes::from(to_vec(reply).expect("a reply of ours encodes"));
    let mut group = c.benchmark_group(name);
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    // A connection's buffer lives longer than a reply, on both sides.
    let mut out = Vec::with_capacity(bytes.len());
    group.bench_function("encode", |b| {
        b.iter(|| {
            out.clear();
            encode_into(&mut out, black_box(reply))
        })
    });
    group.bench_function("decode", |b| b.iter(|| from_bytes::<T>(black_box(&bytes))));
    group.finish();
}

fn replies(c: &mut Criterion) {
    both(c, "service-nodes", &replies::service_nodes());
    both(c, "keys", &replies::keys());
}

criterion_group!(benches, replies);
criterion_main!(benches);
