//! How long a connection has been refusing our bytes.

use std::time::{Duration, Instant};

/// Keeps the write timeout for whoever owns the connection: a session whose output does not shrink for that long is
/// over. It only looks at facts it is told.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stall {
    since: Option<Instant>,
}

impl Stall {
    /// To be called after each attempt to write: `written` bytes went out, `waiting` bytes are left.
    pub fn after_write(&mut self, written: usize, waiting: usize, now: Instant) {
        self.since = match self.since {
            _ if waiting == 0 => None,
            Some(since) if written == 0 => Some(since),
            _ => Some(now),
        };
    }

    /// When the session is to be given up, if nothing is written before.
    pub fn deadline(&self, write_timeout: Duration) -> Option<Instant> {
        self.since.map(|since| since + write_timeout)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deadline_moves_with_every_byte_and_goes_with_the_last() {
        let (start, limit) = (Instant::now(), Duration::from_secs(10));
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut stall = Stall::default();
        assert_eq!(stall.deadline(limit), None);
        stall.after_write(0, 5, at(0));
        stall.after_write(0, 9, at(3));
        assert_eq!(stall.deadline(limit), Some(at(10)));
        stall.after_write(1, 8, at(4));
        assert_eq!(stall.deadline(limit), Some(at(14)));
        stall.after_write(8, 0, at(5));
        assert_eq!(stall.deadline(limit), None);
    }
}
