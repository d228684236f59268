//! Many cases on one server, one after another, and a report that people can read.
use std::{collections::BTreeMap, fmt};

use anyhow::Result;

use super::{
    case::Case,
    compare::{self, Difference},
    lists::{Deviation, Ours},
    needs::{Needs, Served},
    run,
    target::Target,
};

/// The group whose case prepares a fresh server; it runs before anything else.
const SETUP_GROUP: &str = "setup";

/// How a case went.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// As recorded.
    Passed,
    /// Otherwise, as listed in `DEVIATIONS.md`.
    Deviates(String),
    /// Otherwise, in a case whose recording is no rule.
    Informational(Vec<Difference>),
    /// Not run: something is missing.
    Waiting(Vec<String>),
    /// Not run, as listed in `DEVIATIONS.md`.
    Skipped(String),
    /// Otherwise.
    Failed(Vec<Difference>),
    /// Could not be run to its end, or its deviation is no more.
    Broken(String),
}

impl Verdict {
    /// Whether the case was replayed to its end.
    pub fn ran(&self) -> bool {
        !matches!(self, Self::Waiting(_) | Self::Skipped(_) | Self::Broken(_))
    }

    /// Whether somebody has to look at it.
    pub fn is_bad(&self) -> bool {
        matches!(self, Self::Failed(_) | Self::Broken(_))
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |out: &mut fmt::Formatter<'_>, differences: &[Difference]| {
            differences.iter().try_for_each(|difference| write!(out, "\n  {difference}"))
        };
        match self {
            Self::Passed => Ok(()),
            Self::Deviates(why) => write!(out, " deviates: {why}"),
            Self::Informational(differences) => list(out, differences),
            Self::Waiting(needs) => write!(out, " waits for {}", needs.join(", ")),
            Self::Skipped(why) => write!(out, " {why}"),
            Self::Failed(differences) => list(out, differences),
            Self::Broken(why) => write!(out, " {why}"),
        }
    }
}

/// One case's line in a report.
#[derive(Clone, Debug)]
pub struct Line {
    /// The variant it belongs to.
    pub variant: String,
    /// The case.
    pub case: String,
    /// How it went.
    pub verdict: Verdict,
    /// The first try differed, the second did not: timing, or a race worth knowing.
    pub second_try: bool,
}

impl fmt::Display for Line {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match &self.verdict {
            Verdict::Passed | Verdict::Deviates(_) => "PASS",
            Verdict::Informational(_) => "INFO",
            Verdict::Waiting(_) => "WAIT",
            Verdict::Skipped(_) => "SKIP",
            Verdict::Failed(_) | Verdict::Broken(_) => "FAIL",
        };
        let again = if self.second_try { " (second try)" } else { "" };
        write!(out, "{word} {} {}{again}{}", self.variant, self.case, self.verdict)
    }
}

/// How a run went.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// A line per case.
    pub lines: Vec<Line>,
}

impl Report {
    /// How many cases were replayed to their end.
    pub fn ran(&self) -> usize {
        self.lines.iter().filter(|line| line.verdict.ran()).count()
    }

    /// The lines that somebody has to look at.
    pub fn bad(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| line.verdict.is_bad())
    }

    /// How many cases came out right on the second try only.
    pub fn second_tries(&self) -> usize {
        self.lines.iter().filter(|line| line.second_try).count()
    }

    /// `N passed, N failed, N skipped`.
    pub fn summary(&self) -> String {
        let failed = self.bad().count();
        let passed = self.ran() - self.lines.iter().filter(|line| matches!(line.verdict, Verdict::Failed(_))).count();
        let skipped = self.lines.len() - passed - failed;
        format!("{passed} passed, {failed} failed, {skipped} skipped; {} on the second try", self.second_tries())
    }
}

/// A server and how to judge it.
pub struct Suite<'a> {
    /// The server.
    pub target: &'a Target,
    /// What it has.
    pub served: &'a Served,
    /// What cases need.
    pub needs: &'a Needs,
    /// What it does otherwise on purpose.
    pub deviations: &'a [Deviation],
    /// Whether the order of keys counts.
    pub strict: bool,
}

impl Suite<'_> {
    /// Runs the cases that can run, in order, the preparing ones first; `each` sees every line as it comes.
    pub fn run(&self, cases: &[Case], mut each: impl FnMut(&Line)) -> Report {
        let (setup, rest): (Vec<_>, Vec<_>) = cases.iter().partition(|case| case.group == SETUP_GROUP);
        let mut report = Report::default();
        for case in setup.into_iter().chain(rest) {
            let (verdict, second_try) = self.judge(case);
            let line = Line { variant: case.variant.clone(), case: case.name.clone(), verdict, second_try };
            each(&line);
            report.lines.push(line);
        }
        report
    }

    fn judge(&self, case: &Case) -> (Verdict, bool) {
        let deviations: Vec<_> = self.deviations.iter().filter(|row| row.case == case.name).collect();
        if let Some(row) = deviations.iter().find(|row| row.ours == Ours::Skipped) {
            return (Verdict::Skipped(row.why.clone()), false);
        }
        let missing = self.needs.missing(case, self.served);
        if !missing.is_empty() {
            if case.group == SETUP_GROUP
                && let Err(error) = run::warm_up(self.target, case, &|method| self.served.has(method))
            {
                return (Verdict::Broken(format!("{error:#}")), false);
            }
            return (Verdict::Waiting(missing), false);
        }
        let first = self.replay(case, &deviations);
        if !first.is_bad() {
            return (first, false);
        }
        // Cases clean up after themselves, and many turn on how fast an answer came on a busy machine: one more try tells.
        let second = self.replay(case, &deviations);
        if second.is_bad() { (first, false) } else { (second, true) }
    }

    fn replay(&self, case: &Case, deviations: &[&Deviation]) -> Verdict {
        match self.differences(case, deviations) {
            Err(error) => Verdict::Broken(format!("{error:#}")),
            Ok(differences) if !differences.is_empty() && case.informational => Verdict::Informational(differences),
            Ok(differences) if !differences.is_empty() => Verdict::Failed(differences),
            Ok(_) => match deviations {
                [] => Verdict::Passed,
                rows => Verdict::Deviates(rows.iter().map(|row| row.why.as_str()).collect::<Vec<_>>().join("; ")),
            },
        }
    }

    /// The differences that no deviation accounts for.
    fn differences(&self, case: &Case, deviations: &[&Deviation]) -> Result<Vec<Difference>> {
        let got = run::case(self.target, case)?;
        let mut by_step: BTreeMap<usize, Vec<Difference>> = BTreeMap::new();
        for difference in compare::outcomes(&case.outcome, &got, self.strict) {
            by_step.entry(difference.step).or_default().push(difference);
        }
        for row in deviations {
            let differs = by_step.remove(&row.step).is_some();
            anyhow::ensure!(differs, "step {} is as recorded: strike its line from DEVIATIONS.md", row.step);
            if let Ours::Is(ours) = &row.ours {
                let ours = compare::outcomes(std::slice::from_ref(ours), &got[row.step..=row.step], self.strict);
                anyhow::ensure!(
                    ours.is_empty(),
                    "step {} deviates otherwise than DEVIATIONS.md says: {}",
                    row.step,
                    ours[0]
                );
            }
        }
        Ok(by_step.into_values().flatten().collect())
    }
}

#[cfg(test)]
mod tests;
