//! Checksums, as sha256sum writes them.

use std::io::{self, Write};

use ring::digest::{Context, SHA256};

use crate::{META, STATE, error::Damage};

/// Of the parts that have one.
pub(crate) struct Sums {
    pub(crate) meta: Context,
    pub(crate) state: Context,
}

impl Sums {
    pub(crate) fn new() -> Self {
        Sums { meta: Context::new(&SHA256), state: Context::new(&SHA256) }
    }

    /// The list. Consul's is in any order.
    pub(crate) fn list(self) -> String {
        format!("{}  {META}\n{}  {STATE}\n", hex(self.meta), hex(self.state))
    }

    /// That a list has these sums, and no others.
    pub(crate) fn verify(self, list: &[u8]) -> Result<(), Damage> {
        let sums = [(META, hex(self.meta)), (STATE, hex(self.state))];
        let mut seen = [false; 2];
        let list = std::str::from_utf8(list).map_err(|_| Damage::SumsLine)?;
        for line in list.lines() {
            let (sum, name) = line.split_once(char::is_whitespace).ok_or(Damage::SumsLine)?;
            let name = name.trim();
            let at = sums.iter().position(|(known, _)| *known == name);
            let at = at.ok_or_else(|| Damage::UnknownSum(name.into()))?;
            if !sum.eq_ignore_ascii_case(&sums[at].1) {
                return Err(Damage::WrongSum(name.into()));
            }
            seen[at] = true;
        }
        match seen {
            [true, true] => Ok(()),
            [false, _] => Err(Damage::MissingSum(META)),
            _ => Err(Damage::MissingSum(STATE)),
        }
    }
}

fn hex(sum: Context) -> String {
    sum.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Passes on what is written, and sums it up.
pub(crate) struct Summed<'s, W> {
    pub(crate) to: W,
    pub(crate) sum: &'s mut Context,
    pub(crate) written: u64,
}

impl<W: Write> Write for Summed<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.to.write(bytes)?;
        self.sum.update(bytes.get(..taken).unwrap_or(bytes));
        self.written += taken as u64;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
