//! How far long work has come: a bar on a terminal, and nothing anywhere else.

use std::{
    io::{self, IsTerminal, Read},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Work that is done before this time shows no bar.
const SHOWN_AFTER: Duration = Duration::from_millis(300);

/// A bar for one piece of work.
#[derive(Clone)]
pub(super) struct Bar {
    bar: ProgressBar,
    begun: std::time::Instant,
}

impl Bar {
    /// Work on so many bytes; `None`: nobody knows how many there will be.
    pub(super) fn of_bytes(what: &'static str, size: Option<u64>) -> Self {
        let bar = ProgressBar::with_draw_target(size, ProgressDrawTarget::hidden());
        let template = match size {
            Some(_) => "{msg} {bar:30} {bytes}/{total_bytes} {bytes_per_sec} {eta}",
            None => "{msg} {bytes} {bytes_per_sec}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(what);
        Self { bar, begun: std::time::Instant::now() }
    }

    /// So many bytes more are done.
    pub(super) fn add(&self, bytes: usize) {
        if self.bar.is_hidden() && self.begun.elapsed() >= SHOWN_AFTER && io::stderr().is_terminal() {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.bar.inc(bytes as u64);
    }

    /// A reader that moves the bar.
    pub(super) fn follow<R: Read>(&self, reader: R) -> Followed<R> {
        Followed { reader, bar: self.clone() }
    }

    /// The work is done, or will not be: the bar goes.
    pub(super) fn done(&self) {
        self.bar.finish_and_clear();
    }
}

pub(super) struct Followed<R> {
    reader: R,
    bar: Bar,
}

impl<R: Read> Read for Followed<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(into)?;
        self.bar.add(read);
        Ok(read)
    }
}
