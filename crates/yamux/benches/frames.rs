//! What a frame costs: received, and written.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use proconsul_yamux::{Config, Event, Flags, Header, Kind, Session, Side, StreamKey};
use std::hint::black_box;
use std::time::Instant;

const FRAMES: u32 = 256;

fn window(flags: Flags, stream: u32) -> [u8; 12] {
    Header { kind: Kind::WindowUpdate, flags, stream, length: 0 }.encode()
}

fn session_with_stream(now: Instant) -> (Session<u32>, StreamKey) {
    let mut session = Session::new(Side::Server, Config::default(), now);
    let syn = window(Flags::SYN, 1);
    match session.receive(&mut syn.as_slice(), now) {
        Ok(Some(Event::Opened(key))) => (session, key),
        other => panic!("expected a stream, got {other:?}"),
    }
}

fn receive_all(session: &mut Session<u32>, mut input: &[u8], now: Instant) {
    while let Some(event) = session.receive(&mut input, now).expect("the peer keeps the rules") {
        if let Event::Data { stream, bytes, .. } = black_box(event) {
            session.consumed(stream, bytes.len());
        }
    }
    session.output_mut().clear();
}

fn decode(c: &mut Criterion) {
    let now = Instant::now();
    let mut group = c.benchmark_group("receive");
    for payload in [64_usize, 1024] {
        let header = Header { kind: Kind::Data, flags: Flags::NONE, stream: 1, length: payload as u32 };
        let frame = [header.encode().as_slice(), &vec![7; payload]].concat();
        let input = frame.repeat(FRAMES as usize);
        let (mut session, _) = session_with_stream(now);
        group.throughput(Throughput::Elements(u64::from(FRAMES)));
        group.bench_function(format!("{FRAMES} data frames of {payload} bytes"), |b| {
            b.iter(|| receive_all(&mut session, black_box(&input), now));
        });
    }
    let life: Vec<u8> =
        (0..FRAMES).flat_map(|n| [window(Flags::SYN, 1 + 2 * n), window(Flags::RST, 1 + 2 * n)]).flatten().collect();
    let mut session = Session::<u32>::new(Side::Server, Config::default(), now);
    group.bench_function(format!("{FRAMES} streams opened and reset"), |b| {
        b.iter(|| {
            let mut input = black_box(life.as_slice());
            while let Some(event) = session.receive(&mut input, now).expect("legal") {
                if let Event::Reset(key) = event {
                    session.release(key);
                }
            }
            session.output_mut().clear();
        });
    });
    group.finish();
}

fn write(c: &mut Criterion) {
    let now = Instant::now();
    let mut group = c.benchmark_group("write");
    group.throughput(Throughput::Elements(u64::from(FRAMES)));
    for payload in [64_usize, 1024] {
        let bytes = vec![7; payload];
        let fresh = || {
            let (mut session, key) = session_with_stream(now);
            session.output_mut().reserve(FRAMES as usize * (payload + 12));
            (session, key)
        };
        group.bench_function(format!("{FRAMES} writes of {payload} bytes"), |b| {
            b.iter_batched_ref(
                fresh,
                |(session, key)| {
                    for _ in 0..FRAMES {
                        session.write(*key, black_box(&bytes));
                    }
                },
                BatchSize::SmallInput,
            );
        });
        group.bench_function(format!("{FRAMES} frames of {payload} bytes appended in place"), |b| {
            b.iter_batched_ref(
                fresh,
                |(session, key)| {
                    for _ in 0..FRAMES {
                        let frame = session.begin_data(*key);
                        session.output_mut().extend_from_slice(black_box(&bytes));
                        session.end_data(frame);
                    }
                },
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, decode, write);
criterion_main!(benches);
