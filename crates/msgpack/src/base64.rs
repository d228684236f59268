//! Standard base64 with padding: how Go's JSON writes byte strings.

use std::fmt;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Shows bytes as base64.
#[derive(Debug)]
pub struct Base64<'a>(pub &'a [u8]);

impl fmt::Display for Base64<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.chunks(3) {
            let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
            let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
            let letters = [18, 12, 6, 0].map(|shift| char::from(ALPHABET[(bits >> shift & 63) as usize]));
            for (at, letter) in letters.into_iter().enumerate() {
                fmt::Write::write_char(f, if at > chunk.len() { '=' } else { letter })?;
            }
        }
        Ok(())
    }
}

/// The bytes of base64, or `None` if it is not.
pub fn parse(text: &str) -> Option<Vec<u8>> {
    let text = text.as_bytes();
    let kept = text.strip_suffix(b"==").or(text.strip_suffix(b"=")).unwrap_or(text);
    if !text.len().is_multiple_of(4) || kept.len() % 4 == 1 {
        return None;
    }
    let mut out = Vec::with_capacity(kept.len() / 4 * 3 + 2);
    for chunk in kept.chunks(4) {
        let mut bits = 0u32;
        for letter in chunk {
            bits = bits << 6 | ALPHABET.iter().position(|known| known == letter)? as u32;
        }
        bits <<= 6 * (4 - chunk.len());
        out.extend_from_slice(&bits.to_be_bytes()[1..chunk.len()]);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_pairs_both_ways() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(Base64(bytes.as_bytes()).to_string(), text);
            assert_eq!(parse(text).as_deref(), Some(bytes.as_bytes()));
        }
        assert_eq!(Base64(&[0xff, 0xfe, 0xfb]).to_string(), "//77");
    }

    #[test]
    fn what_is_no_base64() {
        for text in ["Z", "Zg", "Zg=", "Zm9v=", "Zm9*", "====", "Z===", "Zm=v", "é=="] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
