//! The figures of all rounds.

use anyhow::Result;
use serde_json::Value;

use super::loads::Load;

/// Whose figures they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Ours,
    /// The least Go server on HashiCorp's modules.
    Floor,
    /// A server that was there already.
    Against,
}

struct Sample {
    load: &'static Load,
    side: Side,
    line: Value,
}

/// Every line of the generator, in the order in which they came, and what failed.
#[derive(Default)]
pub(crate) struct Samples {
    all: Vec<Sample>,
    failures: Vec<String>,
}

impl Samples {
    pub(crate) fn add(&mut self, load: &'static Load, side: Side, line: Result<Value>) {
        match line {
            Ok(line) => self.all.push(Sample { load, side, line }),
            Err(error) => {
                eprintln!("{side:?}: {error:#}");
                self.failures.push(format!("{side:?}: {error:#}"));
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty() && self.failures.is_empty()
    }

    pub(crate) fn failures(&self) -> &[String] {
        &self.failures
    }

    /// The loads that were measured, in order.
    pub(crate) fn loads(&self) -> Vec<&'static Load> {
        let mut loads: Vec<&'static Load> = Vec::new();
        for sample in &self.all {
            if !loads.iter().any(|load| std::ptr::eq(*load, sample.load)) {
                loads.push(sample.load);
            }
        }
        loads
    }

    /// The median of one figure over the rounds, if any round has it.
    pub(crate) fn median(&self, load: &Load, side: Side, key: &str) -> Option<f64> {
        let of_it = self.all.iter().filter(|sample| sample.side == side && std::ptr::eq(sample.load, load));
        median(of_it.filter_map(|sample| sample.line[key].as_f64()).collect())
    }
}

/// The middle value; of an even number, the mean of the two.
fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        n if n % 2 == 1 => Some(values[middle]),
        _ => Some((values[middle - 1] + values[middle]) / 2.0),
    }
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn a_median_is_the_middle_whatever_the_order() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 3.0, 2.0]), Some(2.5));
    }
}
