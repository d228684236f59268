//! What is kept, in Prometheus's text format 0.0.4.
//!
//! Names and kinds are those that Consul's exposition has (go-metrics with its Prometheus sink): the prefix `consul`, words
//! joined by `_`, samples as summaries with the quantiles 0.5, 0.9 and 0.99. Quantiles are of recent samples, and `NaN` where
//! there are none.
use std::{collections::BTreeMap, fmt::Write as _, time::Instant};

use metrics::Key;
use proconsul_types::metric;

use super::{Memory, recent::Read, series::Summary};

/// The quantiles of a summary, as Consul has them.
const QUANTILES: [(&str, f64); 3] = [("0.5", 0.5), ("0.9", 0.9), ("0.99", 0.99)];

impl Memory {
    /// Every metric.
    pub(crate) fn exposition(&self) -> String {
        let mut families: BTreeMap<String, BTreeMap<Vec<Label>, Read>> = BTreeMap::new();
        for (key, read) in self.read(Instant::now()).series {
            families.entry(key.name().to_owned()).or_default().insert(labels(&key), read);
        }
        let mut text = String::new();
        for (name, series) in &families {
            family(&mut text, name, series);
        }
        text
    }
}

/// A label's name and its value, as they are written.
type Label = (String, String);

/// All series of one metric.
fn family(text: &mut String, name: &str, series: &BTreeMap<Vec<Label>, Read>) {
    let Some(kind) = series.values().next().map(kind) else { return };
    let help = metric::find(name).map_or(name, |row| row.help);
    let name = exposed(name);
    // Writing to a String does not fail.
    let _ = writeln!(text, "# HELP {name} {}\n# TYPE {name} {kind}", escaped(help, false));
    // A metric has one kind here: what was recorded under its name as another would make the whole text unreadable.
    for (labels, read) in series.iter().filter(|(_, read)| self::kind(read) == kind) {
        match read {
            Read::Counter(count) => line(text, &name, labels, None, *count as f64),
            Read::Gauge(level) => line(text, &name, labels, None, *level),
            Read::Histogram { all, recent } => summary(text, &name, labels, all, recent),
        }
    }
}

fn summary(text: &mut String, name: &str, labels: &[Label], all: &Summary, recent: &Summary) {
    for (quantile, of) in QUANTILES {
        line(text, name, labels, Some(quantile), recent.quantile(of).unwrap_or(f64::NAN));
    }
    line(text, &format!("{name}_sum"), labels, None, all.sum);
    line(text, &format!("{name}_count"), labels, None, all.count() as f64);
}

fn line(text: &mut String, name: &str, labels: &[Label], quantile: Option<&str>, value: f64) {
    text.push_str(name);
    let quantile = quantile.map(|quantile| ("quantile", quantile));
    let labels = labels.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain(quantile);
    let mut before = '{';
    for (name, value) in labels {
        let _ = write!(text, "{before}{name}=\"{value}\"");
        before = ',';
    }
    if before == ',' {
        text.push('}');
    }
    let _ = match value {
        f64::INFINITY => writeln!(text, " +Inf"),
        f64::NEG_INFINITY => writeln!(text, " -Inf"),
        value => writeln!(text, " {value}"),
    };
}

fn kind(read: &Read) -> &'static str {
    match read {
        Read::Counter(_) => "counter",
        Read::Gauge(_) => "gauge",
        Read::Histogram { .. } => "summary",
    }
}

/// The labels of a series, sorted.
fn labels(key: &Key) -> Vec<Label> {
    let mut labels: Vec<Label> = key.labels().map(|label| (word(label.key()), escaped(label.value(), true))).collect();
    labels.sort_unstable();
    labels
}

/// A metric's name as Consul exposes it.
fn exposed(name: &str) -> String {
    format!("consul_{}", word(name))
}

/// A name with nothing in it that the format does not take.
fn word(name: &str) -> String {
    name.chars().map(|char| if char.is_ascii_alphanumeric() { char } else { '_' }).collect()
}

/// A text that stays on its line, and a value that stays in its quotes.
fn escaped(text: &str, quoted: bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '\\' => escaped.push_str("\\\\"),
            '\n' => escaped.push_str("\\n"),
            '"' if quoted => escaped.push_str("\\\""),
            char => escaped.push(char),
        }
    }
    escaped
}

#[cfg(test)]
mod tests;
