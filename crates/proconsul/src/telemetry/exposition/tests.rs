use std::time::{Duration, Instant};

use metrics::{Label, with_local_recorder};

use super::*;
use crate::telemetry::recent::{MARK_EVERY, MARK_SOON};

fn call(method: &'static str, errored: &'static str, ms: f64) {
    let labels = [
        ("method", method),
        ("errored", errored),
        ("request_type", "read"),
        ("rpc_type", "net/rpc"),
        ("leader", "true"),
    ];
    metrics::histogram!(metric::RPC_SERVER_CALL.name, &labels).record(ms);
}

#[test]
fn names_kinds_and_numbers_are_as_consul_exposes_them() {
    let memory = Memory::default();
    with_local_recorder(&memory, || {
        metrics::counter!(metric::RPC_REQUEST.name).increment(3);
        metrics::gauge!(metric::RPC_QUERIES_BLOCKING.name).set(2.5);
        metrics::counter!(metric::RPC_ROUTE_UNSERVED.name, "route" => "raft").increment(1);
        metrics::counter!(metric::RPC_ROUTE_UNSERVED.name, "route" => "grpc").increment(4);
        call("KVS.Get", "false", 2.0);
        call("KVS.Get", "false", 2.0);
        let _unused = metrics::histogram!(metric::CATALOG_REGISTER.name);
    });
    let labels = r#"errored="false",leader="true",method="KVS.Get",request_type="read",rpc_type="net/rpc""#;
    let help = |row: &metric::Metric| row.help;
    let expected = format!(
        "# HELP consul_catalog_register {}\n\
         # TYPE consul_catalog_register summary\n\
         consul_catalog_register{{quantile=\"0.5\"}} NaN\n\
         consul_catalog_register{{quantile=\"0.9\"}} NaN\n\
         consul_catalog_register{{quantile=\"0.99\"}} NaN\n\
         consul_catalog_register_sum 0\n\
         consul_catalog_register_count 0\n\
         # HELP consul_rpc_queries_blocking {}\n\
         # TYPE consul_rpc_queries_blocking gauge\n\
         consul_rpc_queries_blocking 2.5\n\
         # HELP consul_rpc_request {}\n\
         # TYPE consul_rpc_request counter\n\
         consul_rpc_request 3\n\
         # HELP consul_rpc_route_unserved {}\n\
         # TYPE consul_rpc_route_unserved counter\n\
         consul_rpc_route_unserved{{route=\"grpc\"}} 4\n\
         consul_rpc_route_unserved{{route=\"raft\"}} 1\n\
         # HELP consul_rpc_server_call {}\n\
         # TYPE consul_rpc_server_call summary\n\
         consul_rpc_server_call{{{labels},quantile=\"0.5\"}} 2\n\
         consul_rpc_server_call{{{labels},quantile=\"0.9\"}} 2\n\
         consul_rpc_server_call{{{labels},quantile=\"0.99\"}} 2\n\
         consul_rpc_server_call_sum{{{labels}}} 4\n\
         consul_rpc_server_call_count{{{labels}}} 2\n",
        help(&metric::CATALOG_REGISTER),
        help(&metric::RPC_QUERIES_BLOCKING),
        help(&metric::RPC_REQUEST),
        help(&metric::RPC_ROUTE_UNSERVED),
        help(&metric::RPC_SERVER_CALL),
    );
    assert_eq!(memory.exposition(), expected);
}

#[test]
fn a_label_stays_in_its_quotes_and_a_help_on_its_line() {
    let memory = Memory::default();
    with_local_recorder(&memory, || {
        let labels = vec![Label::new("a-b.c", "x\"} 1\nconsul_b 1\\")];
        metrics::counter!("a", labels).increment(1);
    });
    assert_eq!(
        memory.exposition(),
        "# HELP consul_a a\n# TYPE consul_a counter\nconsul_a{a_b_c=\"x\\\"} 1\\nconsul_b 1\\\\\"} 1\n"
    );
    assert_eq!(escaped("a \"b\"\n\\", false), "a \"b\"\\n\\\\");
}

#[test]
fn numbers_are_written_as_the_format_has_them() {
    let memory = Memory::default();
    for (name, level) in [("a", f64::INFINITY), ("b", f64::NEG_INFINITY), ("c", f64::NAN), ("d", 1e15), ("e", 1e-6)] {
        with_local_recorder(&memory, || metrics::gauge!(name).set(level));
    }
    let text = memory.exposition();
    let values: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    let expected = ["consul_a +Inf", "consul_b -Inf", "consul_c NaN", "consul_d 1000000000000000", "consul_e 0.000001"];
    assert_eq!(values, expected);
}

#[test]
fn a_quantile_is_close_to_what_it_estimates() {
    let memory = Memory::default();
    with_local_recorder(&memory, || {
        for sample in 1..=10_000 {
            metrics::histogram!("a").record(f64::from(sample) / 100.0); // evenly up to 100 ms
        }
    });
    let Some((_, Read::Histogram { all, .. })) = memory.read(Instant::now()).series.pop() else { panic!("one series") };
    for (part, exact) in [(0.0, 0.01), (0.5, 50.0), (0.9, 90.0), (0.99, 99.0), (1.0, 100.0)] {
        let got = all.quantile(part).expect("there are samples");
        assert!((got - exact).abs() <= exact * 0.05, "{part}: {got} for {exact}");
    }
    assert_eq!(Summary::default().quantile(0.5), None);
}

#[test]
fn what_is_recent_is_of_the_last_minute_while_somebody_reads() {
    let memory = Memory::default();
    let start = Instant::now();
    let recent = |after: Duration| {
        let reading = memory.read(start + after);
        let count = reading.series.iter().map(|(_, read)| match read {
            Read::Histogram { recent, .. } => recent.count(),
            _ => 0,
        });
        (reading.recent.as_secs(), count.sum::<u64>())
    };
    let record = |count| with_local_recorder(&memory, || metrics::histogram!("a").record_many(1.0, count));
    record(5);
    assert_eq!(recent(Duration::from_secs(20)).1, 5, "all of it");
    let mut second = 20;
    while second < 600 {
        second += 1;
        record(1);
        let (window, samples) = recent(Duration::from_secs(second));
        assert!(second < 60 || (30..=60).contains(&window), "{second}: {window}");
        assert!(second < 60 || samples.abs_diff(window) <= 1, "one a second: {samples} in {window}");
    }
    // Nobody reads for an hour: then all of that is shown once, and soon it is the recent again.
    record(7);
    let hour = Duration::from_secs(4_200);
    assert!(recent(hour).0 >= 3_600);
    record(2);
    assert_eq!(recent(hour + MARK_SOON), (MARK_SOON.as_secs(), 2));
    assert_eq!(recent(hour + MARK_SOON + MARK_EVERY), (MARK_EVERY.as_secs(), 0));
}

#[test]
fn calls_are_added_up_by_method() {
    let memory = Memory::default();
    with_local_recorder(&memory, || {
        metrics::counter!(metric::RPC_REQUEST.name).increment(4);
        call("KVS.Get", "false", 1.0);
        call("KVS.Get", "true", 3.0);
        call("Status.Ping", "false", 0.02);
        let _uncalled = metrics::histogram!(metric::RPC_SERVER_CALL.name, "method" => "KVS.List");
    });
    let methods = memory.methods();
    let counts: Vec<(&str, u64, u64)> =
        methods.iter().map(|row| (row.method.as_str(), row.calls, row.errors)).collect();
    assert_eq!(counts, [("KVS.Get", 2, 1), ("Status.Ping", 1, 0)]);
    assert!(methods.iter().all(|row| row.rate > 0.0));
    let (p50, p99) = (methods[0].p50_ms.expect("calls"), methods[0].p99_ms.expect("calls"));
    assert!((1.0..=3.0).contains(&p50) && p50 <= p99 && p99 <= 3.0, "{p50} {p99}");
}
