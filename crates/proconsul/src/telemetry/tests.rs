use std::{collections::BTreeSet, thread, time::Duration};

use metrics::{CounterFn, GaugeFn, HistogramFn, Key, Recorder, with_local_recorder};
use proconsul_netrpc::client::{CallError, Client};
use proconsul_server::{Config, LimitMode, PortAt, RequestRates, Server};
use proconsul_types::metric::{self, Kind};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{
    recorder::{Memory, SERIES_MAX, Series},
    series::{BOUNDS, BUCKETS, Count, Level, SHOWN, STRIPES, Samples, bucket},
};

#[test]
fn counts_of_many_threads_add_up() {
    let (count, samples) = (Count::default(), Samples::default());
    thread::scope(|scope| {
        for _ in 0..2 * STRIPES {
            scope.spawn(|| {
                for _ in 0..1_000 {
                    count.increment(3);
                    samples.record(0.5);
                }
            });
        }
    });
    let times = 2_000 * STRIPES as u64;
    assert_eq!(count.value(), 3 * times);
    let summary = samples.summary();
    assert_eq!((summary.count(), summary.sum), (times, times as f64 / 2.0));
}

#[test]
fn a_counter_never_goes_back() {
    let count = Count::default();
    count.increment(5);
    count.absolute(7);
    count.absolute(6);
    assert_eq!(count.value(), 7);
}

#[test]
fn a_gauge_is_what_was_set_last_and_changes_since() {
    let level = Level::default();
    level.set(10.0);
    level.increment(2.5);
    level.decrement(0.5);
    assert_eq!(level.value(), 12.0);
}

#[test]
fn samples_are_summed_and_sorted_into_buckets() {
    let samples = Samples::default();
    for bound in BOUNDS {
        samples.record(bound);
    }
    samples.record_many(2.0 * BOUNDS[BOUNDS.len() - 1], 2);
    samples.record(f64::NAN);
    samples.record(f64::INFINITY);
    let summary = samples.summary();
    let mut expected = [1; BUCKETS];
    expected[BUCKETS - 1] = 2;
    assert_eq!(summary.buckets, expected);
    assert_eq!((summary.min, summary.max), (BOUNDS[0], 1_200_000.0));
    // Stripes are added up in another order.
    assert!((summary.sum - BOUNDS.iter().sum::<f64>() - 2_400_000.0).abs() < 1e-3, "{}", summary.sum);
}

#[test]
fn a_sample_is_counted_where_a_search_would_find_its_place() {
    let near = |bound: f64| [bound.next_down(), bound, bound.next_up(), bound * 1.2, bound / 1.2];
    let powers = (-80..80).map(|power| 2f64.powi(power));
    let odd = [0.0, -0.0, -1.0, f64::MIN, f64::MAX, f64::MIN_POSITIVE, 1e-320, 1.0, 1e300];
    for value in BOUNDS.into_iter().chain(powers).flat_map(near).chain(odd) {
        assert_eq!(bucket(value), BOUNDS.partition_point(|bound| *bound < value), "{value}");
    }
}

#[test]
fn a_dump_has_a_line_for_each_series_sorted_by_name_and_labels() {
    let memory = Memory::default();
    with_local_recorder(&memory, || {
        for route in ["raft", "grpc"] {
            metrics::counter!(metric::RPC_ROUTE_UNSERVED.name, "route" => route).increment(2);
        }
        metrics::gauge!(metric::RPC_QUERIES_BLOCKING.name).set(3);
        let call = metrics::histogram!(metric::CATALOG_REGISTER.name);
        call.record(0.25);
        call.record(1.5);
        let _unused = metrics::histogram!(metric::CATALOG_DEREGISTER.name);
    });
    assert_eq!(
        memory.dump(),
        "metrics since the start, 5 series\n\
         histogram  catalog.deregister count 0\n\
         histogram  catalog.register count 2 sum 1.750 min 0.250 mean 0.875 max 1.500 ms; <=1: 1 <=10: 1\n\
         gauge      rpc.queries_blocking 3\n\
         counter    rpc.route.unserved{route=\"grpc\"} 2\n\
         counter    rpc.route.unserved{route=\"raft\"} 2\n"
    );
}

#[test]
fn a_dump_shows_a_bucket_for_a_decade_and_leaves_none_out() {
    assert!(SHOWN.iter().all(|shown| BOUNDS.contains(shown)) && BOUNDS.is_sorted_by(|one, next| one < next));
    let memory = Memory::default();
    with_local_recorder(&memory, || {
        let all = metrics::histogram!("a");
        BOUNDS.iter().for_each(|bound| all.record(*bound));
        all.record(1e9);
    });
    let line = memory.dump().lines().nth(1).expect("a series").to_owned();
    let shown = " <=0.01: 7 <=0.1: 6 <=1: 6 <=10: 6 <=100: 6 <=1000: 6 <=60000: 9 more: 4";
    assert!(line.ends_with(shown), "{line}");
}

#[test]
fn a_label_cannot_make_a_line_of_its_own() {
    let memory = Memory::default();
    let key = Key::from_parts("a", vec![metrics::Label::new("reason", "x\ncounter b 1")]);
    let _handle = memory.register_counter(&key, &metadata());
    assert_eq!(memory.dump().lines().count(), 2);
}

#[test]
fn series_past_the_bound_are_not_kept_and_said_to_be_missing() {
    let memory = Memory::default();
    for number in 0..SERIES_MAX + 3 {
        memory.register_counter(&Key::from_name(format!("n{number}")), &metadata()).increment(1);
    }
    let dump = memory.dump();
    assert_eq!(memory.all().len(), SERIES_MAX);
    assert!(dump.ends_with("\n3 times a series was not kept: 2048 are the most\n"), "{dump}");
    // What is kept still counts.
    memory.register_counter(&Key::from_name("n0"), &metadata()).increment(1);
    assert!(memory.dump().contains("counter    n0 2\n"));
}

#[test]
fn a_name_of_another_kind_records_nothing() {
    let memory = Memory::default();
    memory.register_counter(&Key::from_name("n"), &metadata()).increment(1);
    memory.register_gauge(&Key::from_name("n"), &metadata()).set(5.0);
    assert_eq!(memory.dump(), "metrics since the start, 1 series\ncounter    n 1\n");
}

/// A server does all it can; what it has recorded then is what the table says: names, kinds, labels.
#[test]
fn what_a_server_emits_stands_in_the_table() {
    let memory = Memory::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    with_local_recorder(&memory, || runtime.block_on(use_a_server()));
    let mut seen = BTreeSet::new();
    for (key, series) in memory.all() {
        let row = metric::find(key.name()).unwrap_or_else(|| panic!("{} has no row in METRICS", key.name()));
        let kind = match series {
            Series::Counter(_) => Kind::Counter,
            Series::Gauge(_) => Kind::Gauge,
            Series::Histogram(_) => Kind::Histogram,
        };
        let labels: Vec<&str> = key.labels().map(metrics::Label::key).collect();
        assert_eq!((kind, labels.as_slice()), (row.kind, row.labels), "{}", row.name);
        seen.insert(row.name);
    }
    let missing: Vec<_> = metric::METRICS.iter().map(|row| row.name).filter(|name| !seen.contains(name)).collect();
    assert!(missing.is_empty(), "nobody emits {missing:?}: {}", memory.dump());
    let requests = format!("counter    {} 2\n", metric::RPC_REQUEST.name);
    assert!(memory.dump().contains(&requests), "{}", memory.dump());
}

async fn use_a_server() {
    // Every write is over the limit, and let through.
    let request_limits = RequestRates { mode: LimitMode::Permissive, read_rate: RequestRates::ANY, write_rate: 0.0 };
    let config = Config { server_port: 0, grpc: PortAt::Off, grpc_tls: PortAt::Off, request_limits, ..Config::dev() };
    let server = Server::start(config).await.expect("a server");
    let address = server.rpc_address();
    for method in ["Catalog.Register", "Catalog.Deregister"] {
        let mut io = TcpStream::connect(address).await.expect("a connection");
        io.write_all(&[0]).await.expect("written");
        let answer = Client::new(io).call_raw(method, b"\x80", None).await;
        assert!(matches!(&answer, Ok(_) | Err(CallError::Answered(_))), "{method}: {answer:?}");
    }
    // No route; a route that nobody serves; a route, and then what does not belong there.
    for bytes in [&b"\xff"[..], b"\x01\xffjunk", b"\x04this is no frame of yamux"] {
        let mut io = TcpStream::connect(address).await.expect("a connection");
        io.write_all(bytes).await.expect("written");
        io.shutdown().await.expect("said all");
        // Closed or reset, as it has not read all that was sent.
        let _ended = io.read_to_end(&mut Vec::new()).await;
    }
    server.stop(Duration::from_secs(5)).await;
}

fn metadata() -> metrics::Metadata<'static> {
    metrics::Metadata::new("", metrics::Level::INFO, None)
}
