//! The little of tar that is needed: files with short names, one after another.

use crate::error::Damage;

/// Everything is in blocks of this size.
pub(crate) const BLOCK: usize = 512;

/// Where in a header its fields are.
mod at {
    use std::ops::Range;

    pub(super) const NAME: Range<usize> = 0..100;
    pub(super) const MODE: Range<usize> = 100..108;
    pub(super) const UID: Range<usize> = 108..116;
    pub(super) const GID: Range<usize> = 116..124;
    pub(super) const SIZE: Range<usize> = 124..136;
    pub(super) const MTIME: Range<usize> = 136..148;
    pub(super) const SUM: Range<usize> = 148..156;
    pub(super) const KIND: usize = 156;
    pub(super) const MAGIC: Range<usize> = 257..265;
    pub(super) const DEV: [Range<usize>; 2] = [329..337, 337..345];
}

/// What a part's header says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) name: String,
    pub(crate) size: u64,
    pub(crate) kind: Kind,
}

/// What follows a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The file.
    File,
    /// Facts about the next file: large sizes are told so.
    Pax,
    /// Something else.
    Other,
}

/// A header for a file.
pub(crate) fn header(name: &str, size: u64, modified: u64) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    let text = name.as_bytes();
    block[..text.len()].copy_from_slice(text);
    octal(&mut block[at::MODE], 0o600);
    octal(&mut block[at::UID], 0);
    octal(&mut block[at::GID], 0);
    number(&mut block[at::SIZE], size);
    number(&mut block[at::MTIME], modified);
    block[at::KIND] = b'0';
    block[at::MAGIC].copy_from_slice(b"ustar\x0000");
    for dev in at::DEV {
        octal(&mut block[dev], 0);
    }
    let sum = checksum(&block);
    octal(&mut block[at::SUM.start..at::SUM.end - 1], sum);
    block[at::SUM.end - 1] = b' ';
    block
}

/// Zeros up to the next block.
pub(crate) fn padding(size: u64) -> usize {
    let over = (size % BLOCK as u64) as usize; // less than a block
    if over == 0 { 0 } else { BLOCK - over }
}

/// Reads a header; `None` for the zeros behind the last part.
pub(crate) fn read(block: &[u8; BLOCK]) -> Result<Option<Header>, Damage> {
    if block.iter().all(|byte| *byte == 0) {
        return Ok(None);
    }
    if parse(&block[at::SUM]).ok_or(Damage::Tar)? != checksum(block) {
        return Err(Damage::Tar);
    }
    let name: Vec<u8> = block[at::NAME].iter().copied().take_while(|byte| *byte != 0).collect();
    let kind = match block[at::KIND] {
        b'0' | 0 => Kind::File,
        b'x' => Kind::Pax,
        _ => Kind::Other,
    };
    let size = parse(&block[at::SIZE]).ok_or(Damage::Tar)?;
    Ok(Some(Header { name: String::from_utf8_lossy(&name).into_owned(), size, kind }))
}

/// The size in a file's facts, each of which is a line `LENGTH KEY=VALUE`.
pub(crate) fn pax_size(facts: &[u8]) -> Option<u64> {
    let facts = std::str::from_utf8(facts).ok()?;
    let size = facts.lines().filter_map(|line| line.split_once(' ')?.1.strip_prefix("size=")).next_back()?;
    size.parse().ok()
}

/// The sum of a header's bytes, its own field taken for blanks.
fn checksum(block: &[u8; BLOCK]) -> u64 {
    let own = |(at, byte): (usize, &u8)| if at::SUM.contains(&at) { b' ' } else { *byte };
    block.iter().enumerate().map(own).map(u64::from).sum()
}

fn octal(field: &mut [u8], number: u64) {
    let digits = format!("{number:0width$o}\0", width = field.len() - 1);
    field.copy_from_slice(digits.as_bytes());
}

/// In octal digits, or where they do not suffice in binary, as GNU tar writes it and everyone reads it.
fn number(field: &mut [u8], number: u64) {
    let digits = field.len() - 1;
    if number < 1 << (3 * digits) {
        return octal(field, number);
    }
    let bytes = number.to_be_bytes();
    let start = field.len() - bytes.len();
    field[start..].copy_from_slice(&bytes);
    field[0] = 0x80;
}

fn parse(field: &[u8]) -> Option<u64> {
    if let [0x80, high @ .., _, _, _, _, _, _, _, _] = field {
        let low: [u8; 8] = field.get(field.len() - 8..)?.try_into().ok()?;
        return high.iter().all(|byte| *byte == 0).then(|| u64::from_be_bytes(low));
    }
    let text = std::str::from_utf8(field).ok()?.trim_matches(['\0', ' ']);
    if text.is_empty() { Some(0) } else { u64::from_str_radix(text, 8).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_as_it_was_written() {
        for size in [0, 1, 0o77777777777, 1 << 33, 1 << 40, u64::MAX] {
            let block = header("state.bin", size, 1_795_363_072);
            let expected = Header { name: "state.bin".into(), size, kind: Kind::File };
            assert_eq!(read(&block), Ok(Some(expected)));
        }
    }

    #[test]
    fn a_header_that_was_changed_is_none() {
        let mut block = header("state.bin", 7, 0);
        block[0] ^= 1;
        assert_eq!(read(&block), Err(Damage::Tar));
        assert_eq!(read(&[0; BLOCK]), Ok(None));
    }

    #[test]
    fn a_large_size_may_be_told_in_front() {
        assert_eq!(pax_size(b"20 size=8589934592\n"), Some(8_589_934_592));
        assert_eq!(pax_size(b"11 path=ab\n"), None);
    }
}
