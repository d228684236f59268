//! The admin page in a real browser: it is opened, a call is seen counted, a connection is ended.
//!
//! Needs Chromium (or Chrome) on the machine, or what `PROCONSUL_BROWSER` names. Without one the tests say that they were
//! skipped; with `PROCONSUL_REQUIRE_BROWSER=1`, as on the build machine, they fail.
mod browser; // a headless browser, driven over a pipe
mod looks; // widths, colours, names: what a page owes its readers
mod page; // one page in it
mod server; // the binary, with an admin listener
mod works; // calls counted, connections ended, names of peers shown as text

use std::time::Duration;

/// What any one step may take on a machine that does much else.
const PROMPTLY: Duration = Duration::from_secs(30);
