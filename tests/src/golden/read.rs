//! The reading steps: bytes, a reply, an archive.
use std::{io::Read, ops::Range, time::Instant};

use serde_json::{Value, json};

use super::{call, case::Step, link::Conn, narrow, value::to_hex};

/// How much `recv` takes when its step does not say.
const RECV_BYTES: usize = 4096;
/// A block of a tar file.
const TAR_BLOCK: usize = 512;

/// Step `recv`.
pub(super) fn recv(conn: &mut Conn, step: &Step, deadline: Instant) -> Value {
    let limit = step.want.or(step.max).unwrap_or(RECV_BYTES);
    let then = conn.read_until(deadline, |read| read.len() >= limit).word();
    let bytes = conn.take(limit);
    if step.quiet {
        return json!({"some": !bytes.is_empty(), "then": then});
    }
    if is_http2_settings(&bytes) {
        return json!({"http2": "settings", "then": then});
    }
    if bytes.is_empty() && step.want.is_none() {
        return json!({ "then": then });
    }
    json!({"hex": to_hex(&bytes), "then": then})
}

/// Whether bytes begin with a SETTINGS frame: its type, no flags, stream 0, and whole settings.
fn is_http2_settings(bytes: &[u8]) -> bool {
    match bytes {
        [high, middle, low, 4, 0, 0, 0, 0, 0, ..] => {
            let length = u32::from_be_bytes([0, *high, *middle, *low]);
            length.is_multiple_of(6)
        }
        _ => false,
    }
}

/// Step `recv_reply`.
pub(super) fn recv_reply(conn: &mut Conn, step: &Step, deadline: Instant) -> Value {
    match call::read_on_conn(conn, deadline) {
        Ok(reply) => {
            let mut body = reply.body;
            narrow::narrow(step, &mut body);
            json!({"header": reply.header, "body": body})
        }
        Err(then) => json!({"then": then.word()}),
    }
}

/// Step `recv_tar`.
pub(super) fn recv_tar(conn: &mut Conn, deadline: Instant) -> Value {
    let mut archive = Vec::new();
    let unpacked = flate2::bufread::GzDecoder::new(conn.stream(deadline)).read_to_end(&mut archive);
    let files = match unpacked {
        Ok(_) => json!(tar_names(&archive)),
        Err(error) => json!({"failed": error.to_string()}),
    };
    let then = conn.read_until(deadline, |read| !read.is_empty());
    let then = if conn.unread().is_empty() { then.word() } else { "more" };
    json!({"files": files, "then": then})
}

fn tar_names(archive: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    let mut at = 0;
    while let Some(header) = archive.get(at..at + TAR_BLOCK) {
        let text = |range: Range<usize>| {
            let field = &header[range];
            let end = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
            String::from_utf8_lossy(&field[..end]).trim().to_owned()
        };
        let name = text(0..100);
        if name.is_empty() {
            break;
        }
        names.push(name);
        let Ok(size) = usize::from_str_radix(&text(124..136), 8) else { break };
        at += TAR_BLOCK + size.next_multiple_of(TAR_BLOCK);
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_frames_are_told_from_other_bytes() {
        assert!(is_http2_settings(&[0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 5, 0, 0, 64, 0]));
        assert!(!is_http2_settings(&[0, 0, 6, 4, 1, 0, 0, 0, 0]), "an acknowledgement");
        assert!(!is_http2_settings(&[0, 0, 6, 4]));
    }

    #[test]
    fn names_are_read_from_tar_headers() {
        let mut archive = vec![0; 5 * TAR_BLOCK];
        archive[..5].copy_from_slice(b"a.txt");
        archive[124..135].copy_from_slice(b"00000000003");
        archive[2 * TAR_BLOCK..][..5].copy_from_slice(b"b.txt");
        archive[2 * TAR_BLOCK + 124..][..11].copy_from_slice(b"00000000000");
        assert_eq!(tar_names(&archive), ["a.txt", "b.txt"]);
    }
}
