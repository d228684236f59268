//! Snapshots in Consul's form: a header, then one record after another, each a type byte and one MessagePack value.
//!
//! [`write_snapshot`] writes the tables of one moment without copying them, in the order of
//! [`SNAPSHOT_RECORDS`](proconsul_structs::raft::SNAPSHOT_RECORDS). [`Restore`] takes the bytes back in pieces of any size and
//! makes tables of them; nobody sees these until all is read, so that a file that is cut short, or has a record that this
//! program does not know, changes nothing. [`Records`] finds the records alone. The archive around the bytes, with its
//! checksums, is the crate `proconsul-snapshot`.
//!
//! Source: `agent/consul/fsm/snapshot.go`, `snapshot_ce.go`; `golden/snapshots`.

mod records; // records in a stream of bytes
mod restore; // from records to tables
mod save; // from tables to records
#[cfg(test)]
mod tests;

pub use records::{Item, RECORD_BYTES_MAX, Records, RecordsError};
pub use restore::{Restore, RestoreError};
pub use save::{SaveError, snapshot_bytes, write_snapshot};
