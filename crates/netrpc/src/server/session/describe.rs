//! What a session says of itself.
use std::time::Instant;

use super::{SessionServer, Stream};
use crate::server::{Description, STREAMS_DESCRIBED_MAX};

impl<IO, S, F> SessionServer<IO, S, F> {
    /// What the session does at `now`. The streams with a call in hand come first.
    pub(super) fn describe(&self, now: Instant) -> Description {
        let start = self.turn.connection.since();
        let streams =
            || self.session.iter().map(|(key, lodger)| (key, &lodger.stream)).filter(|(_, of)| !of.is_closed());
        let is_busy = |of: &Stream| of.pending().is_some();
        let busy_first = streams().filter(|(_, of)| is_busy(of)).chain(streams().filter(|(_, of)| !is_busy(of)));
        let described = busy_first.take(STREAMS_DESCRIBED_MAX).map(|(key, stream)| {
            let id = self.session.stream_id(key).map(|id| id.0);
            stream.describe(id, &self.turn.calls, start, now)
        });
        Description {
            calls: self.turn.served,
            errors: self.turn.errors,
            held_bytes: self.held,
            unsent_bytes: self.unsent.len() + self.session.backlog_bytes_total(),
            streams_total: streams().count(),
            streams: described.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::server::session::Lodger;

    /// Connections have thousands of them. With what is counted of each, they are as small as they were without.
    #[test]
    fn a_stream_is_small() {
        assert!(size_of::<Lodger>() <= 256, "{}", size_of::<Lodger>());
    }
}
