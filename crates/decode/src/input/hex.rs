//! Bytes as text: hex by itself, or as `xxd`, `hexdump -C`, `tcpdump -X` and programs print it.
//!
//! A line that begins with `>` went to the server, one that begins with `<` to the client; after `#` is a comment. What tcpdump
//! prints are packets, and is read as a capture is.

use std::{io::Read, time::Duration};

use super::{InputError, Item, Options, drain, guess_direction, packet, tcp::Tcp};
use crate::{ConnId, Decoder, Direction};

/// The longest text that is read.
pub const TEXT_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// What a text holds.
#[derive(Debug, Default, PartialEq)]
struct Text {
    /// Bytes of one connection, with the direction where a line says it.
    pieces: Vec<(Option<Direction>, Vec<u8>)>,
    /// Packets, with the time where tcpdump printed it.
    packets: Vec<(Duration, Vec<u8>)>,
}

pub(super) fn read(source: impl Read, options: &Options, each: &mut dyn FnMut(Item)) -> Result<(), InputError> {
    let mut text = Vec::new();
    source.take(TEXT_BYTES_MAX + 1).read_to_end(&mut text)?;
    if text.len() as u64 > TEXT_BYTES_MAX {
        return Err(InputError::Form(format!("a text of more than {TEXT_BYTES_MAX} bytes")));
    }
    let Text { pieces, packets } = parse(&String::from_utf8_lossy(&text)).map_err(InputError::Form)?;
    let mut decoder = Decoder::default();
    if !packets.is_empty() {
        let mut tcp = Tcp::new(&options.ports);
        let begun = packets.first().map_or(Duration::ZERO, |(at, _)| *at);
        for (at, bytes) in &packets {
            if let Some(segment) = packet::of_ip(bytes) {
                tcp.segment(&mut decoder, at.saturating_sub(begun), &segment);
            }
            drain(&mut decoder, each);
        }
        tcp.finish(&mut decoder, &mut |note| each(Item::Note(note)));
        drain(&mut decoder, each);
    }
    if !pieces.is_empty() {
        let conn = ConnId(0);
        decoder.open_excerpt(conn, Duration::ZERO);
        for (said, bytes) in &pieces {
            let direction = said.or(options.direction).unwrap_or_else(|| guess_direction(&pieces[0].1));
            decoder.bytes(conn, Duration::ZERO, direction, bytes);
            drain(&mut decoder, each);
        }
    }
    decoder.finish();
    drain(&mut decoder, each);
    if pieces.is_empty() && packets.is_empty() {
        return Err(InputError::Form("there is no hex in it".to_owned()));
    }
    Ok(())
}

/// Reads all lines. The error says which line is not understood, and why.
fn parse(text: &str) -> Result<Text, String> {
    let mut whole = Text::default();
    let mut at = Duration::ZERO;
    for (number, line) in text.lines().enumerate() {
        if let Some(time) = clock(line) {
            at = time;
            continue;
        }
        let (direction, line) = match line.trim_start().split_at_checked(1) {
            Some((">", rest)) => (Some(Direction::ToServer), rest),
            Some(("<", rest)) => (Some(Direction::ToClient), rest),
            _ => (None, line),
        };
        let (offset, digits) = without_offset(line.trim_end());
        let bytes = digits_of(digits).map_err(|why| format!("line {}: {why}", number + 1))?;
        if bytes.is_empty() {
            continue;
        }
        match offset {
            // tcpdump's offsets begin anew with every packet.
            Some(Offset::Packet(0)) => whole.packets.push((at, bytes)),
            Some(Offset::Packet(_)) if !whole.packets.is_empty() => {
                let (_, packet) = whole.packets.last_mut().ok_or("a packet that has not begun")?;
                packet.extend_from_slice(&bytes);
            }
            _ => match whole.pieces.last_mut() {
                Some((last, piece)) if direction.is_none() || *last == direction => piece.extend_from_slice(&bytes),
                _ => whole.pieces.push((direction, bytes)),
            },
        }
    }
    Ok(whole)
}

/// What stands before the digits of a line.
#[derive(Debug, PartialEq)]
enum Offset {
    /// `0x0010:`, as tcpdump has it.
    Packet(u64),
    /// Any other.
    Other,
}

/// A line without its offset, and without the text or comment at its end.
fn without_offset(line: &str) -> (Option<Offset>, &str) {
    if let Some((head, rest)) = line.trim_start().split_once(':')
        && (rest.is_empty() || rest.starts_with(char::is_whitespace))
    {
        let (packet, number) = match head.strip_prefix("0x") {
            Some(number) => (true, number),
            None => (false, head),
        };
        if number.len() >= 4
            && let Ok(offset) = u64::from_str_radix(number, 16)
        {
            let rest = rest.trim_start();
            let digits = rest.split_once("  ").map_or(rest, |(digits, _text)| digits);
            return (Some(if packet { Offset::Packet(offset) } else { Offset::Other }), digits);
        }
    }
    if let Some((digits, _text)) = line.split_once('|') {
        let digits = digits.trim_start();
        let after = digits.split_once(char::is_whitespace).map_or("", |(_, rest)| rest);
        return (Some(Offset::Other), after);
    }
    let line = line.split('#').next().unwrap_or_default();
    // The last line of hexdump is an offset alone.
    let alone = line.trim();
    if alone.len() == 8 && alone.starts_with("0000") && alone.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return (Some(Offset::Other), "");
    }
    (None, line)
}

/// The bytes of hex digits, whatever stands between the pairs.
fn digits_of(text: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    for word in text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ':' | ';' | '[' | ']' | '{' | '}' | '"')) {
        for word in word.split("\\x") {
            let word = word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")).unwrap_or(word);
            let pairs = word.as_bytes().chunks(2);
            for pair in pairs {
                let digits = std::str::from_utf8(pair).ok().filter(|digits| digits.len() == 2);
                let byte = digits.filter(|digits| !digits.starts_with('+'));
                let byte = byte.and_then(|digits| u8::from_str_radix(digits, 16).ok());
                bytes.push(byte.ok_or_else(|| format!("{:?} is no hex", word.chars().take(40).collect::<String>()))?);
            }
        }
    }
    Ok(bytes)
}

/// The time at the beginning of tcpdump's line about a packet: `12:34:56.789012 IP …`, maybe with a date before it.
fn clock(line: &str) -> Option<Duration> {
    let about = line.contains(" IP ") || line.contains(" IP6 ");
    let word = line.split_whitespace().take(2).find(|word| word.matches(':').count() == 2).filter(|_| about)?;
    let mut parts = word.splitn(3, ':');
    let hours: u64 = parts.next()?.parse().ok().filter(|hours| *hours < 24)?;
    let minutes: u64 = parts.next()?.parse().ok().filter(|minutes| *minutes < 60)?;
    let seconds: f64 = parts.next()?.parse().ok().filter(|seconds| (0.0..61.0).contains(seconds))?;
    Some(Duration::from_secs(hours * 3600 + minutes * 60) + Duration::from_secs_f64(seconds))
}

#[cfg(test)]
mod tests;
