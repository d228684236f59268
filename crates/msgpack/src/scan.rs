//! Where a value ends, found while its bytes arrive.

use crate::error::DecodeError;
use crate::skip::{Open, SIZES, Token, key_token, token};

/// What the bytes so far amount to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scan {
    /// The value ends after the first `used` bytes of this chunk. The scanner is ready for the next value.
    Complete {
        /// Bytes of this chunk that belong to the value.
        used: usize,
    },
    /// All of this chunk belongs to the value, and more is due.
    More,
}

/// Finds the end of one value that comes in chunks of any size, without keeping its bytes.
///
/// It follows what Go's decoder consumes when it steps over a value, with one leniency: a map's key may be anything, since
/// a list or a map of numbers may be read from it. Lengths are counted down, never allocated; containers may nest
/// without end, up to [`crate::SKIP_DEPTH_MAX`] of them with something left to come.
///
/// A value's type can make Go consume *other* bytes than these, when the type and the bytes do not agree (a negative integer
/// for a string, for one). So when decoding what was found here is [`DecodeError::is_incomplete`], wait for more and
/// decode again.
///
/// ```
/// use proconsul_msgpack::{Scan, Scanner};
/// let mut scanner = Scanner::new();
/// assert_eq!(scanner.feed(&[0x92, 0x01])?, Scan::More);
/// assert_eq!(scanner.feed(&[0xa1, b'x', 0x80])?, Scan::Complete { used: 2 });
/// # Ok::<(), proconsul_msgpack::DecodeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Scanner {
    open: Open,
    /// Content bytes still to pass.
    pass: u64,
    /// A length whose bytes are still coming.
    length: Option<Length>,
    /// Whether the value's first byte has come.
    begun: bool,
}

/// A length on its way.
#[derive(Clone, Copy, Debug)]
struct Length {
    token: Token,
    bytes_left: u8,
    value: u64,
}

impl Default for Scanner {
    fn default() -> Self {
        Self::new()
    }
}

impl Scanner {
    /// Ready for the first byte of a value.
    pub fn new() -> Self {
        Self { open: Open::one(), pass: 0, length: None, begun: false }
    }

    /// True between values: no byte of the next one has come.
    pub fn is_idle(&self) -> bool {
        !self.begun
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`DecodeError::NoValue`] at a byte that begins no value, [`DecodeError::TooDeep`]. Which text a Go peer would see for
    /// the first depends on the type wanted there: decode what has come to learn it. The scanner is of no use afterwards.
    pub fn feed(&mut self, chunk: &[u8]) -> Result<Scan, DecodeError> {
        let mut at = 0;
        loop {
            if self.pass > 0 {
                let here = self.pass.min((chunk.len() - at) as u64);
                self.pass -= here;
                at += here as usize; // at most what the chunk has
                if self.pass > 0 {
                    return Ok(Scan::More);
                }
            }
            if self.length.is_none() && self.open.is_done() {
                self.open = Open::one();
                self.begun = false;
                return Ok(Scan::Complete { used: at });
            }
            if self.length.is_none() {
                at = self.pass_small(chunk, at);
                if self.begun && self.open.is_done() {
                    continue;
                }
            }
            let Some(&byte) = chunk.get(at) else { return Ok(Scan::More) };
            at += 1;
            match self.length {
                Some(length) => self.grow(length, byte)?,
                None => self.begin(byte)?,
            }
        }
    }

    /// Passes the parts that lie in `chunk` whole and say by their first byte how long they are: nearly all there are.
    #[inline]
    fn pass_small(&mut self, chunk: &[u8], mut at: usize) -> usize {
        while let Some(&byte) = chunk.get(at) {
            let end = at + usize::from(SIZES[usize::from(byte)]);
            let long_key = byte >= 0xe0 && self.open.key_is_due();
            if end == at || end > chunk.len() || long_key {
                break;
            }
            at = end;
            self.begun = true;
            self.open.begin_part();
            if self.open.is_done() {
                break;
            }
        }
        at
    }

    /// The first byte of a part.
    #[inline]
    fn begin(&mut self, byte: u8) -> Result<(), DecodeError> {
        self.begun = true;
        let as_key = if self.open.key_is_due() { key_token(byte) } else { None };
        let token = as_key.unwrap_or_else(|| token(byte));
        self.open.begin_part();
        match token {
            Token::Content(len) => self.pass = len.into(),
            Token::Ext(len) => self.pass = u64::from(len) + 1,
            Token::List(count) => self.open.open_list(count.into())?,
            Token::Map(count) => self.open.open_map(count.into())?,
            Token::Length { width, .. } | Token::ListLength(width) | Token::MapLength(width) => {
                self.length = Some(Length { token, bytes_left: width, value: 0 });
            }
            Token::Nothing => return Err(DecodeError::NoValue(byte)),
        }
        Ok(())
    }

    /// One more byte of a length; the last one makes it count.
    fn grow(&mut self, mut length: Length, byte: u8) -> Result<(), DecodeError> {
        length.value = length.value << 8 | u64::from(byte);
        length.bytes_left -= 1;
        if length.bytes_left > 0 {
            self.length = Some(length);
            return Ok(());
        }
        self.length = None;
        match length.token {
            Token::Length { extra, .. } => self.pass = length.value + u64::from(extra),
            Token::MapLength(_) => self.open.open_map(length.value)?,
            _ => self.open.open_list(length.value)?,
        }
        Ok(())
    }
}
