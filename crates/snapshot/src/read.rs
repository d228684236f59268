//! A file taken apart.

use std::io::{self, ErrorKind, Read};

use flate2::read::MultiGzDecoder;

use crate::{
    META, Meta, STATE, SUMS,
    error::{ArchiveError, Damage},
    sums::Sums,
    tar::{self, BLOCK, Kind},
};

/// The largest `meta.json` that is taken: it names the cluster's servers, and has some hundred bytes for each.
pub const META_BYTES_MAX: usize = 1024 * 1024;
/// The largest `SHA256SUMS` that is taken: two lines.
pub const SUMS_BYTES_MAX: usize = 4096;
/// The most that is said about a file in front of it.
const FACTS_BYTES_MAX: usize = 4096;

/// Bytes of a gzip header, the part that is always there.
const GZIP_HEADER_BYTES: usize = 10;
/// The state is handed on in pieces of this size.
const PIECE_BYTES: usize = 64 * 1024;

/// Reads a file. `state` is given the state piece by piece; what it made of them counts only if this returns the metadata.
///
/// # Errors
/// The file does not come, is none, is not what was written, or `state` says no.
pub fn read_archive<E>(
    input: impl Read,
    mut state: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<Meta, ArchiveError<E>> {
    let mut parts = Parts { input: MultiGzDecoder::new(gzip(input)?), piece: vec![0; PIECE_BYTES] };
    let (mut meta, mut list, mut sums, mut read) = (Meta::default(), Vec::new(), Sums::new(), 0);
    let mut told = None;
    while let Some(header) = parts.header()? {
        let size = told.take().unwrap_or(header.size);
        match (header.kind, &*header.name) {
            (Kind::Pax, _) => told = tar::pax_size(&parts.small("a header", size, FACTS_BYTES_MAX)?),
            (Kind::File, META) => {
                let facts = parts.small(META, size, META_BYTES_MAX)?;
                sums.meta.update(&facts);
                meta = serde_json::from_slice(&facts).map_err(|cause| Damage::Meta(cause.to_string()))?;
            }
            (Kind::File, STATE) => {
                read += size;
                parts.each_piece(size, |piece| {
                    sums.state.update(piece);
                    state(piece).map_err(ArchiveError::State)
                })?;
            }
            (Kind::File, SUMS) => list.extend(parts.small(SUMS, size, SUMS_BYTES_MAX)?),
            (_, name) => return Err(Damage::UnexpectedFile(name.into()).into()),
        }
    }
    sums.verify(&list)?;
    parts.end()?;
    if i64::try_from(read) != Ok(meta.size) {
        return Err(Damage::Size { read, told: meta.size }.into());
    }
    Ok(meta)
}

/// What is compressed, its first bytes looked at.
fn gzip<E, R: Read>(mut input: R) -> Result<impl Read, ArchiveError<E>> {
    let mut header = Vec::with_capacity(GZIP_HEADER_BYTES);
    input.by_ref().take(GZIP_HEADER_BYTES as u64).read_to_end(&mut header).map_err(ArchiveError::Io)?;
    match &header[..] {
        [] => Err(Damage::Empty.into()),
        short if short.len() < GZIP_HEADER_BYTES => Err(Damage::Short.into()),
        [0x1f, 0x8b, 8, ..] => Ok(io::Cursor::new(header).chain(input)),
        _ => Err(Damage::NotGzip.into()),
    }
}

/// The parts of a tar.
struct Parts<R> {
    input: R,
    piece: Vec<u8>,
}

impl<R: Read> Parts<R> {
    /// The next part's header; `None` behind the last part.
    fn header<E>(&mut self) -> Result<Option<tar::Header>, ArchiveError<E>> {
        let mut block = [0; BLOCK];
        if !self.fill(&mut block)? {
            return Ok(None);
        }
        match tar::read(&block)? {
            Some(header) => Ok(Some(header)),
            // A second block of zeros follows, as a rule.
            None => match self.fill(&mut block)? {
                true if tar::read(&block)?.is_some() => Err(Damage::Tar.into()),
                _ => Ok(None),
            },
        }
    }

    /// Hands on a part and passes what fills its last block.
    fn each_piece<E>(
        &mut self,
        size: u64,
        mut visit: impl FnMut(&[u8]) -> Result<(), ArchiveError<E>>,
    ) -> Result<(), ArchiveError<E>> {
        let mut left = size;
        while left > 0 {
            let most = usize::try_from(left).unwrap_or(PIECE_BYTES).min(self.piece.len());
            let read = retried(&mut self.input, &mut self.piece[..most])?;
            if read == 0 {
                return Err(Damage::Cut.into());
            }
            left -= read as u64;
            visit(&self.piece[..read])?;
        }
        let mut padding = [0; BLOCK];
        let padding = &mut padding[..tar::padding(size)];
        match padding.is_empty() || self.fill(padding)? {
            true => Ok(()),
            false => Err(Damage::Cut.into()),
        }
    }

    /// A part that is kept whole.
    fn small<E>(&mut self, name: &'static str, size: u64, max: usize) -> Result<Vec<u8>, ArchiveError<E>> {
        if size > max as u64 {
            return Err(Damage::TooLarge { name, max }.into());
        }
        let mut bytes = Vec::new();
        self.each_piece(size, |piece| {
            bytes.extend_from_slice(piece);
            Ok(())
        })?;
        Ok(bytes)
    }

    /// Fills a block; false if there is nothing at all.
    fn fill<E>(&mut self, block: &mut [u8]) -> Result<bool, ArchiveError<E>> {
        let mut at = 0;
        while at < block.len() {
            match retried(&mut self.input, &mut block[at..])? {
                0 if at == 0 => return Ok(false),
                0 => return Err(Damage::Cut.into()),
                read => at += read,
            }
        }
        Ok(true)
    }

    /// That there is nothing more, and that the compressor's own checksum is right, which it tells at its end.
    fn end<E>(&mut self) -> Result<(), ArchiveError<E>> {
        match retried(&mut self.input, &mut self.piece)? {
            0 => Ok(()),
            more => Err(Damage::Trailing(more).into()),
        }
    }
}

/// Reads once; what the decompressor says of the bytes is damage, what the input says is not.
fn retried<E>(input: &mut impl Read, into: &mut [u8]) -> Result<usize, ArchiveError<E>> {
    loop {
        return match input.read(into) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Err(Damage::Cut.into()),
            Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::InvalidData) => {
                Err(Damage::Gzip(error.to_string()).into())
            }
            Err(error) => Err(ArchiveError::Io(error)),
            Ok(read) => Ok(read),
        };
    }
}
