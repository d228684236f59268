//! A file put together.

use std::io::{self, Write};

use flate2::{Compression, write::GzEncoder};

use crate::{
    META, Meta, STATE, SUMS,
    sums::{Summed, Sums},
    tar,
};

/// Writes a file. `state` writes the state, which must have the size that `meta` says; `modified` is when, in seconds since the
/// epoch.
///
/// # Errors
/// The writer failed, or the state has another size.
pub fn write_archive<W: Write>(
    to: W,
    meta: &Meta,
    modified: u64,
    state: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<W> {
    // The fastest level: servers would rather be done. It costs a tenth more bytes than the default.
    let mut out = GzEncoder::new(to, Compression::fast());
    let mut sums = Sums::new();

    let mut facts = serde_json::to_vec(meta)?;
    facts.push(b'\n');
    sums.meta.update(&facts);
    part(&mut out, META, &facts, modified)?;

    let size = u64::try_from(meta.size).map_err(|_| wrong_size())?;
    out.write_all(&tar::header(STATE, size, modified))?;
    let mut summed = Summed { to: &mut out, sum: &mut sums.state, written: 0 };
    state(&mut summed)?;
    if summed.written != size {
        return Err(wrong_size());
    }
    pad(&mut out, size)?;

    let list = sums.list();
    part(&mut out, SUMS, list.as_bytes(), modified)?;
    out.write_all(&[0; 2 * tar::BLOCK])?;
    out.finish()
}

fn part(out: &mut impl Write, name: &str, bytes: &[u8], modified: u64) -> io::Result<()> {
    out.write_all(&tar::header(name, bytes.len() as u64, modified))?;
    out.write_all(bytes)?;
    pad(out, bytes.len() as u64)
}

fn pad(out: &mut impl Write, size: u64) -> io::Result<()> {
    out.write_all(&[0; tar::BLOCK][..tar::padding(size)])
}

fn wrong_size() -> io::Error {
    io::Error::other("the state has another size than was told")
}
