//! What it costs to find out what a connection wants, without the reads and the handshake.

use criterion::{Criterion, criterion_group, criterion_main};
use proconsul_mux::{HTTP2_PREFACE, Posture, Stray, Verdict, alpn_names, by_alpn, by_first_bytes};
use std::hint::black_box;

/// A server with certificates that demands nothing.
const OPEN: Posture = Posture { inside_tls: false, native_tls: true, require_tls: false, http2_preface: true };

/// What comes first, and who sends it.
const FIRST: [(&str, &[u8]); 7] = [
    ("type byte alone", b"\x04"),
    ("type byte and a request", b"\x00\x82\xa3Seq\x01\xadServiceMethod\xabStatus.Ping\x80"),
    ("type byte of TLS and a ClientHello", b"\x03\x16\x03\x01\x00\xf0\x01\x00\x00\xec\x03\x03\0\0\0\0\0\0\0\0"),
    ("ClientHello", b"\x16\x03\x01\x00\xf0\x01\x00\x00\xec\x03\x03\0\0\0\0\0\0\0\0"),
    ("HTTP/2 preface", HTTP2_PREFACE),
    ("HTTP/1", b"GET /v1/status/leader HTTP/1.1\r\nHost: localhost:8300\r\n\r\n"),
    ("nothing known", b"\xee\xee\xee\xee\xee\xee\xee\xee\xee\xee\xee\xee\xee\xee\xee\xee"),
];

fn first_bytes(c: &mut Criterion) {
    let mut group = c.benchmark_group("first bytes");
    for (name, bytes) in FIRST {
        group.bench_function(name, |b| b.iter(|| by_first_bytes(black_box(bytes), black_box(OPEN))));
    }
    group.finish();
}

fn names(c: &mut Criterion) {
    let names: Vec<&str> = alpn_names(true).collect();
    c.bench_function("every ALPN name", |b| {
        b.iter(|| names.iter().filter(|name| black_box(by_alpn(black_box(name))) == Verdict::NativeTls).count());
    });
    c.bench_function("a stray by name", |b| b.iter(|| Stray::classify(black_box(b"SSH-2.0-OpenSSH_9.2\r\n"))));
}

criterion_group!(benches, first_bytes, names);
criterion_main!(benches);
