//! Snapshot files, and the states in them.
use proconsul_snapshot::{Meta, read_archive, write_archive};
use proconsul_state::{
    Snapshot,
    snapshot::{Restore, write_snapshot},
};

use super::pieces::pieces;

/// Input: how the bytes are cut, then the bytes of a `state.bin`.
///
/// They restore, or not, in whatever pieces they come, and to the same store; what was restored is saved, and restores as the same.
pub fn snapshot_state(data: &[u8]) {
    let Some((seed, bytes)) = data.split_first() else { return };
    let whole = restored(std::iter::once(bytes));
    let cut = restored(pieces(*seed, bytes));
    assert_eq!(whole.as_ref().map(|it| &it.tables), cut.as_ref().map(|it| &it.tables), "where a read ends matters");
    let Some(snapshot) = whole else { return };
    let saved = saved(&snapshot);
    let again = restored(std::iter::once(&saved[..])).expect("what was saved restores");
    assert_eq!(self::saved(&again), saved);
}

fn restored<'b>(pieces: impl Iterator<Item = &'b [u8]>) -> Option<Snapshot> {
    let mut restore = Restore::new();
    for piece in pieces {
        restore.feed(piece).ok()?;
    }
    restore.finish().ok()
}

fn saved(snapshot: &Snapshot) -> Vec<u8> {
    let mut saved = Vec::new();
    write_snapshot(snapshot, &mut saved).expect("a vector takes all");
    saved
}

/// The most that a state may have here: a file of a few bytes may hold very many zeros.
const STATE_BYTES_MAX: usize = 1 << 20;

/// Input: a snapshot file.
///
/// What is read is written again, and reads as the same.
pub fn snapshot_archive(data: &[u8]) {
    let Some((meta, state)) = read(data) else { return };
    let size = i64::try_from(state.len()).expect("it is short");
    let meta = Meta { size, ..meta };
    let file = write_archive(Vec::new(), &meta, 0, |to| to.write_all(&state)).expect("a vector takes all");
    assert_eq!(read(&file), Some((meta, state)));
}

fn read(file: &[u8]) -> Option<(Meta, Vec<u8>)> {
    let mut state = Vec::new();
    let meta = read_archive(file, |piece| {
        state.extend_from_slice(piece);
        if state.len() > STATE_BYTES_MAX { Err(()) } else { Ok(()) }
    });
    Some((meta.ok()?, state))
}
