//! What is kept, as lines for people: one for each series, sorted by name and labels.
use std::fmt::{self, Write as _};

use metrics::Key;
use proconsul_types::metric::{self, Unit};

use super::{
    Memory,
    recorder::{SERIES_MAX, Series},
    series::{BOUNDS, SHOWN, Summary},
};

impl Memory {
    /// All that was recorded since the start.
    pub(crate) fn dump(&self) -> String {
        let mut lines: Vec<(String, Series)> =
            self.all().into_iter().map(|(key, series)| (name(&key), series)).collect();
        lines.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        let mut text = format!("metrics since the start, {} series\n", lines.len());
        for (name, series) in lines {
            // Writing to a String does not fail.
            let _ = match series {
                Series::Counter(count) => writeln!(text, "counter    {name} {}", count.value()),
                Series::Gauge(level) => writeln!(text, "gauge      {name} {}", level.value()),
                Series::Histogram(samples) => {
                    let unit = unit(&name);
                    writeln!(text, "histogram  {name} {}", Shown { summary: samples.summary(), unit })
                }
            };
        }
        let turned_away = self.turned_away();
        if turned_away > 0 {
            let _ = writeln!(text, "{turned_away} times a series was not kept: {SERIES_MAX} are the most");
        }
        text
    }
}

/// A series as it is written: the metric's name, then its labels, sorted.
fn name(key: &Key) -> String {
    let mut labels: Vec<String> = key.labels().map(|label| format!("{}={:?}", label.key(), label.value())).collect();
    labels.sort_unstable();
    if labels.is_empty() { key.name().to_owned() } else { format!("{}{{{}}}", key.name(), labels.join(",")) }
}

/// What is written behind the numbers of a series.
fn unit(name: &str) -> &'static str {
    let name = name.split('{').next().unwrap_or(name);
    metric::find(name).map_or(Unit::Count, |metric| metric.unit).as_str()
}

/// `count 3 sum 1.5 min 0.2 mean 0.5 max 1 ms, up to 0.1: 0, ...`; buckets without samples are left out.
struct Shown {
    summary: Summary,
    unit: &'static str,
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { summary, unit } = self;
        let count = summary.count();
        write!(f, "count {count}")?;
        if count == 0 {
            return Ok(());
        }
        let mean = summary.sum / count as f64;
        let gap = if unit.is_empty() { "" } else { " " };
        write!(f, " sum {:.3} min {:.3} mean {mean:.3} max {:.3}{gap}{unit};", summary.sum, summary.min, summary.max)?;
        let mut from = 0;
        for bound in SHOWN {
            let to = BOUNDS.partition_point(|other| *other <= bound);
            let samples: u64 = summary.buckets[from..to].iter().sum();
            if samples > 0 {
                write!(f, " <={bound}: {samples}")?;
            }
            from = to;
        }
        let more: u64 = summary.buckets[from..].iter().sum();
        if more > 0 {
            write!(f, " more: {more}")?;
        }
        Ok(())
    }
}
