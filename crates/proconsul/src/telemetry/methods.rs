//! Calls by method, added up from the samples of `rpc.server.call`.
use std::{collections::BTreeMap, time::Instant};

use metrics::Key;
use proconsul_admin::{Recorded, view::MethodView};
use proconsul_types::metric;

use super::{Memory, recent::Read, series::Summary};

/// What is known of a method.
#[derive(Default)]
struct Sum {
    calls: u64,
    errors: u64,
    recent: Summary,
}

impl Memory {
    /// Every method that was called, by name.
    pub(crate) fn methods(&self) -> Vec<MethodView> {
        let reading = self.read(Instant::now());
        let mut methods: BTreeMap<String, Sum> = BTreeMap::new();
        for (key, read) in reading.series {
            let Read::Histogram { all, recent } = read else { continue };
            let Some(method) = label(&key, "method").filter(|_| key.name() == metric::RPC_SERVER_CALL.name) else {
                continue;
            };
            let sum = methods.entry(method.to_owned()).or_default();
            sum.calls += all.count();
            sum.errors += if label(&key, "errored") == Some("true") { all.count() } else { 0 };
            sum.recent.add(&recent);
        }
        let seconds = reading.recent.as_secs_f64();
        let view = |(method, sum): (String, Sum)| MethodView {
            method,
            calls: sum.calls,
            errors: sum.errors,
            rate: if seconds > 0.0 { sum.recent.count() as f64 / seconds } else { 0.0 },
            p50_ms: sum.recent.quantile(0.5),
            p99_ms: sum.recent.quantile(0.99),
        };
        methods.into_iter().map(view).filter(|method| method.calls > 0).collect()
    }
}

impl Recorded for Memory {
    fn metrics_text(&self) -> String {
        self.exposition()
    }

    fn methods(&self) -> Vec<MethodView> {
        self.methods()
    }
}

fn label<'a>(key: &'a Key, name: &str) -> Option<&'a str> {
    key.labels().find(|label| label.key() == name).map(metrics::Label::value)
}
