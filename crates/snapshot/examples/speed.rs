//! How fast a store of many keys is saved and restored: `cargo run --release -p proconsul-snapshot --example speed [KEYS]`.

use std::{
    convert::Infallible,
    env, io,
    time::{Duration, Instant},
};

use proconsul_msgpack::GoStr;
use proconsul_snapshot::{Meta, read_archive, write_archive};
use proconsul_state::{
    Entry, Snapshot, Tables,
    snapshot::{Restore, snapshot_bytes, write_snapshot},
};
use proconsul_structs::kvs::{DirEntry, KvOp, KvsRequest};

/// How many keys there are if nothing is said.
const KEYS: usize = 1_000_000;

fn main() {
    let keys = env::args().nth(1).and_then(|keys| keys.parse().ok()).unwrap_or(KEYS);
    let mut tables = Tables::new();
    for number in 0..keys {
        let key = format!("services/{}/instances/{number}/config", number % 997);
        let value = format!("{{\"address\": \"10.0.{}.{}\", \"weight\": {number}}}", number % 251, number % 253);
        let dir_ent = DirEntry { key: GoStr::from(key), value: Some(value.into()), ..DirEntry::default() };
        let request = KvsRequest { op: KvOp::Set, dir_ent, ..KvsRequest::default() };
        tables.advance(1 + number as u64, &Entry::Kvs(Box::new(request)));
    }
    let snapshot = Snapshot { index: keys as u64, tables };
    let size = snapshot_bytes(&snapshot).expect("it is counted");
    println!("{keys} keys, {} MiB of state", size >> 20);

    let mut state = Vec::with_capacity(size as usize);
    timed("state written", size, || write_snapshot(&snapshot, &mut state).expect("a vector takes all"));
    let mut file = Vec::new();
    let meta = Meta { index: snapshot.index, size: size as i64, ..Meta::default() };
    timed("file written (size counted first, packed)", size, || {
        snapshot_bytes(&snapshot).expect("it is counted");
        let state = |to: &mut dyn io::Write| write_snapshot(&snapshot, to).map_err(io::Error::other);
        write_archive(&mut file, &meta, 0, state).expect("a vector takes all");
    });
    println!("{:45} {:8.1} MiB", "file", file.len() as f64 / f64::from(1 << 20));
    timed("state restored", size, || {
        let mut restore = Restore::new();
        state.chunks(64 * 1024).for_each(|piece| restore.feed(piece).expect("it was just written"));
        restore.finish().expect("it is whole")
    });
    timed("file verified", size, || read_archive(&file[..], |_| Ok::<(), Infallible>(())).expect("it is whole"));
    let restored = timed("file restored", size, || {
        let mut restore = Restore::new();
        read_archive(&file[..], |piece| restore.feed(piece)).expect("it is whole");
        restore.finish().expect("it is whole")
    });
    assert_eq!(restored.tables.kv_len(), keys);
}

fn timed<T>(what: &str, bytes: u64, work: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let done = work();
    let took: Duration = begun.elapsed();
    println!("{what:45} {:8.0} MB/s  {took:.2?}", bytes as f64 / 1e6 / took.as_secs_f64());
    done
}
