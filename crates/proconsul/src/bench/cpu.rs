//! What the server's process used, as the system tells it.
use std::fs;

use anyhow::{Context, Result};

/// Clock ticks a second in `/proc`; the same on every Linux that Rust runs on.
const TICKS_PER_SECOND: f64 = 100.0;
/// Bytes of a page, likewise.
const PAGE_BYTES: u64 = 4096;

/// What a process has used so far, and holds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Usage {
    /// User and system time in seconds.
    pub(super) cpu: f64,
    /// Resident memory in bytes.
    pub(super) resident: u64,
}

/// What the process has used; nothing where none was named.
///
/// # Errors
/// There is no such process here.
pub(super) fn of(pid: Option<u32>) -> Result<Option<Usage>> {
    let Some(pid) = pid else { return Ok(None) };
    let read = |file: &str| {
        fs::read_to_string(format!("/proc/{pid}/{file}")).with_context(|| format!("--pid {pid}: no such process here"))
    };
    usage(&read("stat")?, &read("statm")?).with_context(|| format!("--pid {pid}: its figures cannot be read")).map(Some)
}

fn usage(stat: &str, statm: &str) -> Option<Usage> {
    // The second field is the command's name in parentheses, and may hold anything.
    let (_, after) = stat.rsplit_once(") ")?;
    let mut fields = after.split(' ').skip(11).map(|field| field.parse::<f64>().ok());
    let (user, system) = (fields.next()??, fields.next()??);
    let pages: u64 = statm.split(' ').nth(1)?.parse().ok()?;
    Some(Usage { cpu: (user + system) / TICKS_PER_SECOND, resident: pages * PAGE_BYTES })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_found_behind_any_name() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 3 0 100 1000000 500";
        let usage = usage(stat, "1000 300 200 1 0 5 0").expect("it is well-formed");
        assert_eq!((usage.cpu, usage.resident), (3.0, 300 * 4096));
        assert!(super::usage("nonsense", "").is_none());
    }

    #[test]
    fn this_very_process_can_be_looked_at() {
        let usage = of(Some(std::process::id())).expect("it runs").expect("it was named");
        assert!(usage.resident > 0);
        assert!(of(None).expect("nothing is read").is_none());
    }
}
