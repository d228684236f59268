//! Consul's snapshot files: a gzipped tar of `meta.json`, `state.bin` and `SHA256SUMS`.
//!
//! [`write_archive`] and [`read_archive`] stream: what is in hand is a block or two, whatever the size of the state. What is in
//! `state.bin` is for whoever reads it, piece by piece, and counts only once [`read_archive`] has returned: the checksums
//! come last.
//!
//! ```
//! use proconsul_snapshot::{Meta, read_archive, write_archive};
//!
//! let meta = Meta { index: 7, term: 2, size: 5, ..Meta::default() };
//! let mut file = Vec::new();
//! write_archive(&mut file, &meta, 0, |to| to.write_all(b"state")).expect("a vector takes all");
//!
//! let mut state = Vec::new();
//! let read = read_archive(&file[..], |piece| {
//!     state.extend_from_slice(piece);
//!     Ok::<(), std::convert::Infallible>(())
//! });
//! assert_eq!(read.expect("it is whole").index, 7);
//! assert_eq!(state, b"state");
//! ```
//!
//! Source: `snapshot/archive.go`, `snapshot/snapshot.go`; `golden/snapshots`.

mod error; // why a file is none
mod meta; // what a file says of itself
mod read; // a file taken apart
mod sums; // checksums, as sha256sum writes them
mod tar; // the little of tar that is needed
mod write; // a file put together

pub use error::{ArchiveError, Damage};
pub use meta::{Configuration, Meta, Server};
pub use read::{META_BYTES_MAX, SUMS_BYTES_MAX, read_archive};
pub use write::write_archive;

/// Names of the parts, in the order in which they are written.
const META: &str = "meta.json";
const STATE: &str = "state.bin";
const SUMS: &str = "SHA256SUMS";
