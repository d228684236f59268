//! `proconsul top`: who is on the port, as of now, again and again.
//!
//! [`state`] decides what a key does and what stands where, [`render`] draws it, [`screen`] waits. Without a terminal the same
//! comes as text or as lines of JSON.
mod render; // what stands where, drawn
mod screen; // the terminal: keys, answers, and its state before
mod state; // what is shown, and what a key does
#[cfg(test)]
mod tests;
mod views; // rows and columns

use std::{
    io::{self, IsTerminal, Write},
    time::Duration,
};

use anyhow::Result;
use proconsul_admin::{Token, client::Client, view::Snapshot};

pub(super) use screen::full_screen;

use self::{state::State, views::View};
use crate::print;

/// It is not refreshed more often than this.
pub(super) const INTERVAL_MIN: Duration = Duration::from_millis(100);

/// What a snapshot is at.
const SNAPSHOT: &str = "/v1/snapshot";

/// How it is watched.
#[derive(Debug)]
pub(super) struct Watch {
    /// Between two snapshots.
    pub(super) interval: Duration,
    /// After so many it ends.
    pub(super) count: Option<u64>,
    /// For ending connections.
    pub(super) token: Option<Token>,
}

/// Whether there is a terminal to draw on.
pub(super) fn is_terminal() -> bool {
    io::stdout().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Prints each snapshot as one line of JSON.
///
/// # Errors
/// No answer.
pub(super) async fn json_lines(client: &Client, watch: &Watch) -> Result<()> {
    each(client, watch, watch.count, |snapshot| Ok(format!("{}\n", serde_json::to_string(snapshot)?))).await
}

/// Prints snapshots as text; one, if nobody says how many.
///
/// # Errors
/// No answer.
pub(super) async fn text(client: &Client, watch: &Watch) -> Result<()> {
    each(client, watch, watch.count.or(Some(1)), |snapshot| Ok(plain(snapshot))).await
}

async fn each(
    client: &Client,
    watch: &Watch,
    count: Option<u64>,
    show: impl Fn(&Snapshot) -> Result<String>,
) -> Result<()> {
    let mut ticks = tokio::time::interval(watch.interval);
    let mut shown = 0;
    while count.is_none_or(|count| shown < count) {
        ticks.tick().await;
        let snapshot: Snapshot = client.get(SNAPSHOT).await.map_err(super::explain)?;
        let mut out = io::stdout().lock();
        match out.write_all(show(&snapshot)?.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()), // who reads has seen enough
            written => written?,
        }
        shown += 1;
    }
    Ok(())
}

/// A snapshot as text: what the views of the screen show, one below the other.
fn plain(snapshot: &Snapshot) -> String {
    let state = State::new(snapshot.clone());
    let mut text = format!("{}\n{}\n", state.title(), state.totals());
    for view in View::ALL {
        let rows = state.rows_of(view);
        if !rows.is_empty() {
            let header: Vec<&str> = view.columns().iter().map(|column| column.name).collect();
            let table = print::aligned(&header, rows.into_iter().map(|row| row.cells));
            text += &format!("\n{}\n{table}\n", view.name());
        }
    }
    text
}
