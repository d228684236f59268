//! Numbers for people, and a peer's words made harmless.

/// How much of a peer's words a table shows.
pub(super) const WORDS_CHARS_MAX: usize = 60;

/// A time in two units at most: `7ms`, `3.4s`, `2m05s`, `1h02m`, `3d04h`.
pub(super) fn duration(ms: u64) -> String {
    let seconds = ms / 1000;
    match seconds {
        0 => format!("{ms}ms"),
        1..=59 => format!("{}.{}s", seconds, ms % 1000 / 100),
        60..=3599 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        3600..=86_399 => format!("{}h{:02}m", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{}d{:02}h", seconds / 86_400, seconds % 86_400 / 3600),
    }
}

/// A time that may be short: `0.04ms`, `12.3ms`, then as [`duration`].
pub(super) fn milliseconds(ms: f64) -> String {
    match ms {
        _ if !ms.is_finite() || ms < 0.0 => "-".to_owned(),
        _ if ms < 1.0 => format!("{ms:.2}ms"),
        _ if ms < 1000.0 => format!("{ms:.1}ms"),
        _ => duration(ms as u64),
    }
}

/// An amount of bytes with one decimal: `512B`, `1.2KiB`, `3.4MiB`.
pub(super) fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes}B");
    }
    let mut amount = bytes as f64 / 1024.0;
    let mut unit = 0;
    // 1023.95 would be written 1024.0.
    while amount >= 1023.95 && unit + 1 < UNITS.len() {
        amount /= 1024.0;
        unit += 1;
    }
    format!("{amount:.1}{}", UNITS[unit])
}

/// A peer's words for a terminal: no control characters, no more than [`WORDS_CHARS_MAX`].
pub(super) fn words(text: &str) -> String {
    // What turns the direction of writing is no control character, and changes what a line seems to say.
    let harmful = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    let clean = |letter: char| if harmful(letter) { '\u{fffd}' } else { letter };
    let mut letters = text.chars().map(clean);
    let mut shown: String = letters.by_ref().take(WORDS_CHARS_MAX).collect();
    if letters.next().is_some() {
        shown.pop();
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_two_units_at_most() {
        for (ms, expected) in [
            (0, "0ms"),
            (999, "999ms"),
            (1000, "1.0s"),
            (59_999, "59.9s"),
            (60_000, "1m00s"),
            (3_599_999, "59m59s"),
            (3_600_000, "1h00m"),
            (86_399_999, "23h59m"),
            (90_000_000, "1d01h"),
            (u64::MAX, "213503982334d14h"),
        ] {
            assert_eq!(duration(ms), expected, "{ms}");
        }
        for (ms, expected) in
            [(0.0, "0.00ms"), (0.042, "0.04ms"), (12.34, "12.3ms"), (1500.0, "1.5s"), (-1.0, "-"), (f64::NAN, "-")]
        {
            assert_eq!(milliseconds(ms), expected, "{ms}");
        }
    }

    #[test]
    fn bytes_have_a_unit_that_keeps_them_short() {
        for (amount, expected) in [
            (0, "0B"),
            (1023, "1023B"),
            (1024, "1.0KiB"),
            (1_048_575, "1.0MiB"),
            (1_048_576, "1.0MiB"),
            (5 << 30, "5.0GiB"),
            (u64::MAX, "16.0EiB"),
        ] {
            assert_eq!(bytes(amount), expected, "{amount}");
        }
    }

    #[test]
    fn a_peers_words_cannot_move_the_cursor() {
        assert_eq!(words("a\x1b[2J\r\nb"), "a\u{fffd}[2J\u{fffd}\u{fffd}b");
        assert_eq!(words("a\u{202e}b"), "a\u{fffd}b");
        let long = words(&"x".repeat(1000));
        assert_eq!(long.chars().count(), WORDS_CHARS_MAX);
        assert!(long.ends_with('…'));
        assert_eq!(words(&"x".repeat(WORDS_CHARS_MAX)), "x".repeat(WORDS_CHARS_MAX));
    }
}
