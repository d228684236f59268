//! The terminal: keys come, answers come, and what there was before is restored at the end, however that comes.
use std::{future::Future, pin::Pin, thread, time::Duration};

use anyhow::{Context, Result};
use proconsul_admin::{
    client::{Client, ClientError},
    view::Snapshot,
};
use ratatui::{
    DefaultTerminal,
    crossterm::event::{self, Event},
};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::mpsc,
    time::{self, MissedTickBehavior},
};

use super::{
    SNAPSHOT, Watch, render,
    state::{Action, State},
};

/// How often the thread of keys looks whether it is still wanted.
const KEYS_POLL: Duration = Duration::from_millis(100);

/// Keys that were pressed and not looked at yet.
const KEYS_WAITING_MAX: usize = 64;

/// Restores the terminal, also when something panics: ratatui's hook does so before the message.
struct Restore;

impl Drop for Restore {
    fn drop(&mut self) {
        ratatui::restore();
    }
}

/// Shows it until somebody quits.
///
/// # Errors
/// No answer to the first question; a terminal that cannot be drawn on.
pub(in crate::who) async fn full_screen(client: &Client, watch: &Watch) -> Result<()> {
    // Before the screen is taken: what is wrong is told where it stays.
    let first = client.get(SNAPSHOT).await.map_err(crate::who::explain)?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let _restore = Restore;
    let terminal = ratatui::try_init().context("the terminal cannot be drawn on; try --json")?;
    tokio::select! {
        shown = show(terminal, client, watch, State::new(first)) => shown,
        _ = terminate.recv() => Ok(()),
        _ = hangup.recv() => Ok(()),
    }
}

type Asking<'a> = Pin<Box<dyn Future<Output = Answer> + 'a>>;

/// What a question brought.
enum Answer {
    Snapshot(Result<Snapshot, ClientError>),
    Killed(u64, Result<bool, ClientError>),
}

async fn show(mut terminal: DefaultTerminal, client: &Client, watch: &Watch, mut state: State) -> Result<()> {
    let mut events = events();
    let mut ticks = time::interval(watch.interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.tick().await; // the first is now, and there is a snapshot
    let mut shown = 1;
    let mut asking: Option<Asking<'_>> = None;
    loop {
        terminal.draw(|frame| render::draw(frame, &state))?;
        if watch.count.is_some_and(|count| shown >= count) {
            return Ok(());
        }
        tokio::select! {
            event = events.recv() => match event {
                None => return Ok(()), // the terminal is gone
                Some(Event::Key(key)) => match state.on_key(key) {
                    Action::Quit => return Ok(()),
                    Action::Kill(id) => asking = Some(Box::pin(async move {
                        Answer::Killed(id, client.kill(id, watch.token.as_ref()).await)
                    })),
                    Action::Refresh if asking.is_none() => asking = Some(snapshot(client)),
                    Action::Refresh | Action::Nothing => {}
                },
                Some(_) => {} // resized: it is drawn again
            },
            _ = ticks.tick(), if asking.is_none() && !state.paused => asking = Some(snapshot(client)),
            answer = answered(&mut asking) => {
                asking = None;
                match answer {
                    Answer::Snapshot(Ok(snapshot)) => {
                        state.update(snapshot);
                        shown += 1;
                    }
                    Answer::Snapshot(Err(error)) => state.trouble = Some(format!("{error}; trying again")),
                    Answer::Killed(id, Ok(true)) => {
                        state.message = Some(format!("connection {id} was ended"));
                        asking = Some(snapshot(client));
                    }
                    Answer::Killed(id, Ok(false)) => state.message = Some(format!("connection {id} had gone already")),
                    Answer::Killed(id, Err(error)) => {
                        state.message = Some(format!("connection {id} was not ended: {:#}", crate::who::explain(error)));
                    }
                }
            }
        }
    }
}

fn snapshot(client: &Client) -> Asking<'_> {
    Box::pin(async { Answer::Snapshot(client.get(SNAPSHOT).await) })
}

/// The answer to what is being asked; never, if nothing is.
async fn answered(asking: &mut Option<Asking<'_>>) -> Answer {
    match asking {
        Some(asking) => asking.await,
        None => std::future::pending().await,
    }
}

/// What happens at the terminal. Reading it blocks, so a thread of its own does; it ends when nobody listens any more.
fn events() -> mpsc::Receiver<Event> {
    let (sender, receiver) = mpsc::channel(KEYS_WAITING_MAX);
    thread::spawn(move || {
        while !sender.is_closed() {
            let event = match event::poll(KEYS_POLL) {
                Ok(false) => continue,
                Ok(true) => event::read(),
                Err(error) => Err(error),
            };
            let Ok(event) = event else { return };
            if sender.blocking_send(event).is_err() {
                return;
            }
        }
    });
    receiver
}
