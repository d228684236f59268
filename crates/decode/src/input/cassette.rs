//! Cassettes: one JSON object per line, a chunk of bytes or an end of a connection. `tests/golden/README.md` has the form.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Read},
    time::Duration,
};

use serde::Deserialize;

use super::{InputError, Item, drain};
use crate::{ConnId, Decoder, Direction};

/// The longest line that is read.
pub const LINE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// A line.
#[derive(Debug, Deserialize)]
struct Line {
    conn: u64,
    #[serde(default)]
    ms: f64,
    #[serde(default)]
    dir: Option<String>,
    #[serde(default)]
    hex: Option<String>,
    #[serde(default)]
    event: Option<String>,
}

pub(super) fn read(source: impl Read, each: &mut dyn FnMut(Item)) -> Result<(), InputError> {
    let mut source = BufReader::new(source);
    let mut decoder = Decoder::default();
    let mut ended = HashMap::new();
    let mut text = Vec::new();
    for number in 1.. {
        text.clear();
        let length = source.by_ref().take(LINE_BYTES_MAX as u64 + 1).read_until(b'\n', &mut text)?;
        if length == 0 {
            break;
        }
        if length > LINE_BYTES_MAX {
            return Err(InputError::Form(format!("line {number} is longer than {LINE_BYTES_MAX} bytes")));
        }
        if text.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        if let Err(why) = line(&text, &mut decoder, &mut ended) {
            each(Item::Note(format!("line {number} is passed over: {why}")));
        }
        drain(&mut decoder, each);
    }
    decoder.finish();
    drain(&mut decoder, each);
    Ok(())
}

/// One line; `ended` has the connections that have begun, and which of their directions have ended.
fn line(text: &[u8], decoder: &mut Decoder, ended: &mut HashMap<u64, [bool; 2]>) -> Result<(), String> {
    let line: Line = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    let at = Duration::try_from_secs_f64(line.ms / 1000.0).map_err(|_| format!("{} is no time", line.ms))?;
    let conn = ConnId(line.conn);
    let direction = match line.dir.as_deref() {
        Some("to_server") => Some(Direction::ToServer),
        Some("to_client") => Some(Direction::ToClient),
        Some(other) => return Err(format!("{other:?} is no direction")),
        None => None,
    };
    if line.event.as_deref() == Some("open") || !ended.contains_key(&line.conn) {
        let midway = line.event.as_deref() != Some("open");
        ended.insert(line.conn, [false; 2]);
        decoder.open(conn, at, None, midway);
    }
    if let (Some(direction), Some(hex)) = (direction, &line.hex) {
        decoder.bytes(conn, at, direction, &bytes(hex)?);
    }
    match (line.event.as_deref(), direction) {
        (None | Some("open"), _) => {}
        (Some("end"), Some(direction)) => {
            let both = ended.entry(line.conn).or_default();
            both[direction.index()] = true;
            decoder.half_end(conn, at, direction);
            if *both == [true; 2] {
                decoder.end(conn, at);
            }
        }
        (Some("end"), None) => decoder.end(conn, at),
        (Some(other), _) => return Err(format!("{other:?} is no event")),
    }
    Ok(())
}

fn bytes(hex: &str) -> Result<Vec<u8>, String> {
    let pair = |pair: &[u8]| {
        let digits = std::str::from_utf8(pair).ok().filter(|digits| digits.len() == 2 && !digits.starts_with('+'))?;
        u8::from_str_radix(digits, 16).ok()
    };
    hex.as_bytes().chunks(2).map(pair).collect::<Option<_>>().ok_or_else(|| "its hex is none".to_owned())
}
