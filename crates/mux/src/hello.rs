//! What the first bytes of a TLS handshake say before a TLS library has them, as Go's sees them: one that has another opinion of
//! what is no TLS at all, and of clients that are too old, would answer them otherwise than Consul.

/// Bytes of a record's header.
const HEADER_BYTES: usize = 5;
/// Bytes up to the end of the version within a ClientHello: two headers, and the version.
const UP_TO_VERSION_BYTES: usize = HEADER_BYTES + 4 + 2;
/// Record types.
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
/// SSL 2 has no types: this is how its first message begins.
const SSL2: u8 = 0x80;
const CLIENT_HELLO: u8 = 1;
/// From here on, a version is none that will ever be: noise.
const MAJOR_VERSIONS_END: u8 = 0x10;
/// TLS 1.2, which clients of later versions name, too.
const TLS12: [u8; 2] = [3, 3];

/// The fatal alert `protocol_version`, as a record.
pub(crate) const PROTOCOL_VERSION_ALERT: &[u8] = &[ALERT, 3, 1, 0, 2, 2, 70];

/// What a client that was expected to begin a handshake has sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hello {
    /// Something that is for a TLS library to judge.
    Tls,
    /// No record of TLS. Go closes without a word.
    NotTls,
    /// A ClientHello that can do no more than TLS 1.1, or SSL. Go answers with [`PROTOCOL_VERSION_ALERT`].
    TooOld,
}

/// Judges the first bytes; `None` when more are needed.
pub(crate) fn judge(bytes: &[u8]) -> Option<Hello> {
    let header = bytes.get(..HEADER_BYTES)?;
    match header[0] {
        SSL2 => return Some(Hello::TooOld),
        ALERT | HANDSHAKE if header[1] < MAJOR_VERSIONS_END => {}
        _ => return Some(Hello::NotTls),
    }
    let length = usize::from(u16::from_be_bytes([header[3], header[4]]));
    // A ClientHello in tiny records: whoever does that is no client of old.
    let shows_version = header[0] == HANDSHAKE && HEADER_BYTES + length >= UP_TO_VERSION_BYTES;
    if !shows_version {
        return Some(Hello::Tls);
    }
    let bytes = bytes.get(..UP_TO_VERSION_BYTES)?;
    let is_old = bytes[HEADER_BYTES] == CLIENT_HELLO && bytes[UP_TO_VERSION_BYTES - 2..] < TLS12[..];
    Some(if is_old { Hello::TooOld } else { Hello::Tls })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A ClientHello's beginning, with the version within it.
    fn hello(version: [u8; 2]) -> Vec<u8> {
        [&[HANDSHAKE, 3, 1, 0, 200, CLIENT_HELLO, 0, 0, 196][..], &version].concat()
    }

    #[test]
    fn a_client_is_too_old_by_the_version_in_its_hello() {
        for (version, expected) in [
            ([3, 0], Hello::TooOld),
            ([3, 1], Hello::TooOld),
            ([3, 2], Hello::TooOld),
            ([3, 3], Hello::Tls),
            ([3, 4], Hello::Tls),
        ] {
            assert_eq!(judge(&hello(version)), Some(expected), "{version:?}");
        }
        assert_eq!(judge(&[SSL2, 46, 1, 3, 1]), Some(Hello::TooOld));
    }

    #[test]
    fn more_is_asked_for_until_the_version_is_there() {
        let hello = hello([3, 1]);
        for cut in 0..hello.len() {
            assert_eq!(judge(&hello[..cut]), None, "{cut} bytes");
        }
    }

    #[test]
    fn what_is_no_record_is_known_by_its_header() {
        for header in [[0, 0, 0, 0, 0], *b"GET /", [0xff; 5], [HANDSHAKE, 0x10, 0, 0, 1], [23, 3, 3, 0, 1]] {
            assert_eq!(judge(&header), Some(Hello::NotTls), "{header:02x?}");
            assert_eq!(judge(&header[..4]), None, "Go waits for all of a header");
        }
    }

    #[test]
    fn the_rest_is_for_the_library() {
        assert_eq!(judge(&[ALERT, 3, 1, 0, 2, 2, 70]), Some(Hello::Tls));
        assert_eq!(judge(&[HANDSHAKE, 3, 1, 0, 1, CLIENT_HELLO]), Some(Hello::Tls), "in pieces");
        assert_eq!(judge(&[HANDSHAKE, 3, 1, 0, 200, 2, 0, 0, 196, 3, 1]), Some(Hello::Tls), "no ClientHello");
    }
}
