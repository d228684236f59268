//! Flow control of one stream: how much each side may still send.
//!
//! Only payload of data frames counts. Both directions start at 256 KiB; a window update adds to that.

/// What both ends may send on a new stream before any window update.
pub const INITIAL_WINDOW_BYTES: u32 = 256 * 1024;

/// More data came than was granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowExceeded {
    /// What the window allowed.
    pub granted: u32,
}

/// What we may still send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SendWindow(u32);

impl SendWindow {
    /// The window of a new stream.
    pub fn new() -> Self {
        Self(INITIAL_WINDOW_BYTES)
    }

    /// Bytes that may be sent now.
    pub fn available(self) -> u32 {
        self.0
    }

    /// The peer grants `delta` more. Saturates: a peer that grants more than 4 GiB has granted enough.
    pub fn grant(&mut self, delta: u32) {
        self.0 = self.0.saturating_add(delta);
    }

    /// Takes as much of `wanted` bytes as may be sent, and returns it.
    pub fn take(&mut self, wanted: usize) -> usize {
        let taken = u32::try_from(wanted).unwrap_or(u32::MAX).min(self.0);
        self.0 -= taken;
        taken as usize
    }
}

impl Default for SendWindow {
    fn default() -> Self {
        Self::new()
    }
}

/// What the peer may still send, and what of it we still hold.
///
/// `granted + held` never exceeds the stream's full window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecvWindow {
    granted: u32,
    held: u32,
}

impl RecvWindow {
    /// The window of a new stream once its first frame has announced the full window.
    pub fn new(full: u32) -> Self {
        Self { granted: full, held: 0 }
    }

    /// A data frame of `length` bytes has begun.
    ///
    /// # Errors
    /// It is longer than what was granted; nothing is taken then.
    pub fn take(&mut self, length: u32) -> Result<(), WindowExceeded> {
        self.granted = self.granted.checked_sub(length).ok_or(WindowExceeded { granted: self.granted })?;
        self.held += length;
        Ok(())
    }

    /// The reader is done with `bytes` of what came.
    pub fn consumed(&mut self, bytes: usize) {
        self.held = self.held.saturating_sub(u32::try_from(bytes).unwrap_or(u32::MAX));
    }

    /// What to grant now, if it is at least half of the `full` window: less is not worth a frame.
    pub fn update_due(&mut self, full: u32) -> Option<u32> {
        let delta = full.saturating_sub(self.held).saturating_sub(self.granted);
        if delta < full / 2 {
            return None;
        }
        self.granted += delta;
        Some(delta)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_is_due_from_half_the_window_on_and_grants_all_that_was_consumed() {
        let mut window = RecvWindow::new(1000);
        window.take(800).expect("granted");
        window.consumed(499);
        assert_eq!(window.update_due(1000), None);
        window.consumed(101);
        assert_eq!(window.update_due(1000), Some(600));
        assert_eq!(window.update_due(1000), None);
        assert_eq!(window.take(801), Err(WindowExceeded { granted: 800 }));
        window.take(800).expect("what was left and what was granted");
    }

    #[test]
    fn consuming_more_than_came_grants_no_more_than_the_full_window() {
        let mut window = RecvWindow::new(1000);
        window.take(600).expect("granted");
        window.consumed(usize::MAX);
        assert_eq!(window.update_due(1000), Some(600));
        assert_eq!(window.take(1001), Err(WindowExceeded { granted: 1000 }));
    }

    #[test]
    fn a_send_window_gives_what_it_has_and_saturates() {
        let mut window = SendWindow::new();
        assert_eq!(window.take(300_000), 262_144);
        assert_eq!(window.take(1), 0);
        window.grant(u32::MAX);
        window.grant(u32::MAX);
        assert_eq!(window.take(usize::MAX), u32::MAX as usize);
    }
}
