//! What the store costs: reads from a snapshot, a write among many keys, and finding who waits.
//!
//! Run with `cargo bench -p proconsul-state`.

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use proconsul_msgpack::GoStr;
use proconsul_state::{Change, Entry, Outcome, Peer, Store, Watch, WatchIndex, WatchSet};
use proconsul_structs::catalog::RegisterRequest;
use proconsul_structs::kvs::{DirEntry, KvOp, KvsRequest};
use proconsul_structs::service::NodeService;
use std::hint::black_box;

const KEYS: u32 = 100_000;
const KEYS_PER_FOLDER: u32 = 100;
const INSTANCES: u32 = 100;

fn key(n: u32) -> GoStr {
    GoStr::from(format!("config/{:05}/{:03}", n / KEYS_PER_FOLDER, n % KEYS_PER_FOLDER))
}

fn set(n: u32, value: u64) -> Entry {
    let dir_ent = DirEntry { key: key(n), value: Some(value.to_string().into()), ..DirEntry::default() };
    Entry::Kvs(Box::new(KvsRequest { op: KvOp::Set, dir_ent, ..KvsRequest::default() }))
}

fn register(n: u32) -> Entry {
    let web = GoStr::from("web");
    let service = NodeService { id: web.clone(), service: web, port: 80, ..NodeService::default() };
    Entry::Register(Box::new(RegisterRequest {
        node: GoStr::from(format!("node-{n:04}")),
        address: GoStr::from("10.0.0.1"),
        service: Some(service),
        ..RegisterRequest::default()
    }))
}

fn full_store() -> (Store, u64) {
    let (store, mut index) = (Store::new(), 0);
    for entry in (0..KEYS).map(|n| set(n, 0)).chain((0..INSTANCES).map(register)) {
        index += 1;
        assert_eq!(store.apply(index, &entry).outcome, Outcome::Nothing);
    }
    (store, index)
}

fn reads(c: &mut Criterion) {
    let (store, _) = full_store();
    let snapshot = store.snapshot();
    let mut n = 0;
    let mut next = || {
        n = (n + 7_919) % KEYS;
        n
    };
    c.bench_function("snapshot", |b| b.iter(|| black_box(store.snapshot())));
    c.bench_function("tables clone", |b| b.iter(|| black_box(snapshot.tables.clone())));
    c.bench_function("kv get among 100k", |b| {
        b.iter_batched(
            || key(next()),
            |key| black_box(snapshot.kv_get(&key, &mut WatchSet::off()).map(|read| read.index())),
            BatchSize::SmallInput,
        )
    });
    c.bench_function("kv list of 100 among 100k", |b| {
        let folder = GoStr::from("config/00500/");
        b.iter(|| black_box(snapshot.kv_list(&folder, &mut WatchSet::off()).1.len()))
    });
    c.bench_function("service nodes of 100 instances", |b| {
        b.iter(|| black_box(snapshot.service_nodes(Peer::LOCAL, b"web", &mut WatchSet::off()).1.len()))
    });
}

fn writes(c: &mut Criterion) {
    let (store, mut index) = full_store();
    c.bench_function("kv set among 100k", |b| {
        b.iter_batched(
            || {
                index += 1;
                (index, set((index as u32).wrapping_mul(7_919) % KEYS, index))
            },
            |(index, entry)| black_box(store.apply(index, &entry)),
            BatchSize::SmallInput,
        )
    });
    let (store, mut index) = full_store();
    c.bench_function("64 kv sets at once among 100k", |b| {
        b.iter_batched(
            || -> Vec<(u64, Entry)> {
                index += 64;
                (index - 64..index).map(|n| (n, set((n as u32).wrapping_mul(7_919) % KEYS, n))).collect()
            },
            |entries| black_box(store.apply_all(entries.iter().map(|(index, entry)| (*index, entry)))),
            BatchSize::SmallInput,
        )
    });
    let (store, mut index) = full_store();
    c.bench_function("register what is registered", |b| {
        let entry = register(5);
        b.iter(|| {
            index += 1;
            black_box(store.apply(index, &entry))
        })
    });
}

fn watches(c: &mut Criterion) {
    let mut waiting = WatchIndex::new();
    for n in 0..KEYS {
        waiting.insert(&Watch::Key(key(n)), n);
    }
    for n in (0..KEYS).step_by(KEYS_PER_FOLDER as usize) {
        waiting.insert(&Watch::Prefix(GoStr::from(format!("config/{:05}/", n / KEYS_PER_FOLDER))), n);
    }
    let (store, index) = full_store();
    let changes = store.apply(index + 1, &set(70_007, 1)).changes;
    assert!(changes.iter().any(|change| *change == Change::Key(key(70_007))));
    let mut found = Vec::new();
    c.bench_function("find 2 of 101k watches", |b| {
        b.iter(|| {
            found.clear();
            waiting.affected(&changes, &mut found);
            assert_eq!(found.len(), 2);
        })
    });
}

criterion_group!(benches, reads, writes, watches);
criterion_main!(benches);
