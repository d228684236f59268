//! What is printed: a row for each scenario.
use std::time::Duration;

use anyhow::Result;
use hdrhistogram::Histogram;
use serde_json::{Value, json};

use super::cpu::Usage;
use crate::print;

/// Latencies up to this are told apart.
const LATENCY_US_MAX: u64 = 600_000_000;

/// Latencies in microseconds, to three digits.
///
/// # Errors
/// The bounds make no histogram.
pub(super) fn latencies() -> Result<Histogram<u64>> {
    Ok(Histogram::new_with_max(LATENCY_US_MAX, 3)?)
}

/// One scenario, measured.
pub(super) struct Row {
    pub(super) scenario: &'static str,
    pub(super) shape: String,
    pub(super) calls: u64,
    pub(super) errors: u64,
    pub(super) took: Duration,
    pub(super) latency: Histogram<u64>,
    /// Before and after.
    pub(super) usage: Option<(Usage, Usage)>,
    /// Facts of this scenario's own, in a person's words and by a program's name.
    pub(super) facts: Vec<(&'static str, String, Value)>,
}

impl Row {
    fn cpu_us(&self) -> Option<f64> {
        self.usage.map(|(before, after)| (after.cpu - before.cpu) * 1e6 / self.calls.max(1) as f64)
    }

    fn rate(&self) -> f64 {
        self.calls as f64 / self.took.as_secs_f64().max(1e-9)
    }

    fn json(&self) -> Value {
        let mut all = json!({
            "scenario": self.scenario,
            "shape": self.shape,
            "calls": self.calls,
            "errors": self.errors,
            "seconds": self.took.as_secs_f64(),
            "calls_per_second": self.rate(),
            "latency_us": {
                "p50": self.latency.value_at_quantile(0.5),
                "p90": self.latency.value_at_quantile(0.9),
                "p99": self.latency.value_at_quantile(0.99),
                "max": self.latency.max(),
            },
        });
        if let (Some(cpu), Some((before, after))) = (self.cpu_us(), self.usage) {
            all["cpu_us_per_call"] = json!(cpu);
            all["resident_bytes"] = json!(after.resident);
            all["resident_growth_bytes"] = json!(after.resident as i64 - before.resident as i64);
        }
        for (name, _, value) in &self.facts {
            all[*name] = value.clone();
        }
        all
    }

    fn cells(&self) -> Vec<String> {
        let quantile = |at| us(self.latency.value_at_quantile(at));
        let facts: Vec<&str> = self.facts.iter().map(|(_, words, _)| words.as_str()).collect();
        vec![
            self.scenario.to_owned(),
            self.shape.clone(),
            self.calls.to_string(),
            self.errors.to_string(),
            format!("{:.0}", self.rate()),
            quantile(0.5),
            quantile(0.9),
            quantile(0.99),
            us(self.latency.max()),
            self.cpu_us().map_or_else(|| "–".to_owned(), |cpu| format!("{cpu:.2} µs")),
            facts.join(", "),
        ]
    }
}

/// Microseconds as people read them.
fn us(us: u64) -> String {
    match us {
        0..1_000 => format!("{us} µs"),
        1_000..1_000_000 => format!("{:.2} ms", us as f64 / 1e3),
        _ => format!("{:.2} s", us as f64 / 1e6),
    }
}

/// Rows as they come: at once for programs, together for people.
pub(super) struct Report {
    json: bool,
    rows: Vec<Vec<String>>,
}

impl Report {
    pub(super) fn new(json: bool) -> Self {
        Self { json, rows: Vec::new() }
    }

    pub(super) fn add(&mut self, row: Row) {
        if self.json {
            print::value(&row.json(), true);
        } else {
            self.rows.push(row.cells());
        }
    }

    pub(super) fn end(self) {
        if !self.json {
            let header =
                ["SCENARIO", "SHAPE", "CALLS", "ERRORS", "CALLS/S", "P50", "P90", "P99", "MAX", "CPU/CALL", ""];
            print::table(&header, self.rows);
        }
    }
}
