//! From tables to records.

use std::io::{self, Write};

use bytes::Bytes;
use proconsul_msgpack::{EncodeError, GoStr, encode_into};
use proconsul_proto::pbpeering;
use proconsul_structs::acl::{AclAuthMethod, AclBindingRule, AclPolicy, AclRole};
use proconsul_structs::config_entry::{ConfigEntry, ConfigEntryRequest};
use proconsul_structs::connect_ca::{CaConfiguration, CaConsulProviderState, CaRoot};
use proconsul_structs::federation::{FederationState, FederationStateOp, FederationStateRequest};
use proconsul_structs::intention::Intention;
use proconsul_structs::operator::AutopilotConfig;
use proconsul_structs::prepared_query::PreparedQuery;
use proconsul_structs::raft::{IndexEntry, MessageType, RaftIndex, SnapshotHeader};
use proconsul_structs::system_metadata::SystemMetadataEntry;
use proconsul_structs::{Shared, kvs::DirEntry, peering};
use prost::Message;
use serde::Serialize;

use crate::tables::Tables;
use crate::{Record, Snapshot};

/// Records go to the writer in pieces of about this size.
const PIECE_BYTES: usize = 64 * 1024;

/// Why a snapshot was not written.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// The writer failed.
    #[error("the snapshot was not written to its end")]
    Io(#[from] io::Error),
    /// A string or list is longer than MessagePack can tell.
    #[error("the snapshot has a record that cannot be written")]
    Encode(#[from] EncodeError),
}

/// Writes the tables of one moment. They are not copied: what is in hand is one record, and a piece of the output.
///
/// # Errors
/// The writer failed, or a record is beyond what MessagePack can tell.
pub fn write_snapshot(snapshot: &Snapshot, to: impl Write) -> Result<(), SaveError> {
    let mut out = Out { piece: Vec::with_capacity(2 * PIECE_BYTES), to };
    encode_into(&mut out.piece, &SnapshotHeader { last_index: snapshot.tables.last_index() })?;
    out.tables(&snapshot.tables)?;
    out.to.write_all(&out.piece)?;
    Ok(())
}

/// How many bytes [`write_snapshot`] writes: an archive tells it in front of them.
///
/// # Errors
/// A record is beyond what MessagePack can tell.
pub fn snapshot_bytes(snapshot: &Snapshot) -> Result<u64, SaveError> {
    let mut count = Count(0);
    write_snapshot(snapshot, &mut count)?;
    Ok(count.0)
}

/// Counts what is written, and forgets it.
struct Count(u64);

impl Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Out<W> {
    piece: Vec<u8>,
    to: W,
}

impl<W: Write> Out<W> {
    fn record<T: Serialize + ?Sized>(&mut self, kind: MessageType, value: &T) -> Result<(), SaveError> {
        self.piece.push(kind.into());
        encode_into(&mut self.piece, value)?;
        if self.piece.len() >= PIECE_BYTES {
            self.to.write_all(&self.piece)?;
            self.piece.clear();
        }
        Ok(())
    }

    fn each<R: Record + Serialize>(&mut self, kind: MessageType, tables: &Tables) -> Result<(), SaveError> {
        tables.saved_records().in_order::<R>().try_for_each(|record| self.record(kind, &**record))
    }

    fn each_message<R: Record + Message, P: From<Bytes> + Serialize>(
        &mut self,
        kind: MessageType,
        tables: &Tables,
    ) -> Result<(), SaveError> {
        let mut records = tables.saved_records().in_order::<R>();
        records.try_for_each(|record| self.record(kind, &P::from(Bytes::from(record.encode_to_vec()))))
    }

    /// Every table, in the order of `SNAPSHOT_RECORDS`.
    fn tables(&mut self, tables: &Tables) -> Result<(), SaveError> {
        self.catalog(tables)?;
        self.acl(tables)?;
        self.kv(tables)?;
        self.each::<PreparedQuery>(MessageType::PreparedQuery, tables)?;
        self.each::<AutopilotConfig>(MessageType::Autopilot, tables)?;
        self.each::<Intention>(MessageType::Intention, tables)?;
        self.each::<CaRoot>(MessageType::ConnectCa, tables)?;
        self.each::<CaConsulProviderState>(MessageType::ConnectCaProviderState, tables)?;
        self.each::<CaConfiguration>(MessageType::ConnectCaConfig, tables)?;
        self.config_entries(tables)?;
        self.federation_states(tables)?;
        self.each::<SystemMetadataEntry>(MessageType::SystemMetadata, tables)?;
        for (key, value) in tables.saved_indexes() {
            self.record(MessageType::Index, &IndexEntry { key: GoStr::from(key), value })?;
        }
        self.each_message::<pbpeering::Peering, peering::Peering>(MessageType::PeeringWrite, tables)?;
        self.each_message::<pbpeering::PeeringTrustBundle, peering::PeeringTrustBundle>(
            MessageType::PeeringTrustBundleWrite,
            tables,
        )?;
        self.each_message::<pbpeering::PeeringSecrets, peering::PeeringSecrets>(
            MessageType::PeeringSecretsWrite,
            tables,
        )?;
        for resource in tables.all_resources() {
            self.record(MessageType::ResourceOperation, &Bytes::from(resource.encode_to_vec()))?;
        }
        self.record(MessageType::ChunkingState, &tables.saved_chunking())
    }

    fn catalog(&mut self, tables: &Tables) -> Result<(), SaveError> {
        for record in tables.saved_virtual_ips() {
            self.record(MessageType::ServiceVirtualIp, &record)?;
        }
        for record in tables.saved_free_virtual_ips() {
            self.record(MessageType::FreeVirtualIp, &record)?;
        }
        for record in tables.saved_registrations() {
            self.record(MessageType::Register, &record)?;
        }
        for coordinate in tables.saved_coordinates() {
            self.record(MessageType::CoordinateBatchUpdate, &[&**coordinate])?;
        }
        for session in tables.saved_sessions() {
            self.record(MessageType::Session, &**session)?;
        }
        Ok(())
    }

    fn acl(&mut self, tables: &Tables) -> Result<(), SaveError> {
        for token in tables.saved_records().tokens_in_order() {
            self.record(MessageType::AclTokenSet, &**token)?;
        }
        self.each::<AclPolicy>(MessageType::AclPolicySet, tables)?;
        self.each::<AclRole>(MessageType::AclRoleSet, tables)?;
        self.each::<AclBindingRule>(MessageType::AclBindingRuleSet, tables)?;
        self.each::<AclAuthMethod>(MessageType::AclAuthMethodSet, tables)
    }

    fn kv(&mut self, tables: &Tables) -> Result<(), SaveError> {
        for entry in tables.saved_kv() {
            self.record(MessageType::Kvs, &**entry)?;
        }
        let mut tombstones = tables.saved_tombstones();
        while let Some((key, deleted)) = tombstones.advance() {
            let raft_index = RaftIndex { create_index: 0, modify_index: *deleted };
            let entry = DirEntry { key: GoStr::from(key), raft_index, ..DirEntry::default() };
            self.record(MessageType::Tombstone, &entry)?;
        }
        Ok(())
    }

    fn config_entries(&mut self, tables: &Tables) -> Result<(), SaveError> {
        for entry in tables.saved_records().in_order::<ConfigEntry>() {
            let request = ConfigEntryRequest { entry: (**entry).clone(), ..no_operation() };
            self.record(MessageType::ConfigEntry, &request)?;
        }
        Ok(())
    }

    fn federation_states(&mut self, tables: &Tables) -> Result<(), SaveError> {
        for state in tables.saved_records().in_order::<FederationState>() {
            let state = Some(Shared(state.clone()));
            let request = FederationStateRequest { op: FederationStateOp::Upsert, state, ..Default::default() };
            self.record(MessageType::FederationState, &request)?;
        }
        Ok(())
    }
}

/// A request that says nothing of what to do, as in snapshots.
fn no_operation() -> ConfigEntryRequest {
    ConfigEntryRequest { op: GoStr::EMPTY.into(), ..ConfigEntryRequest::default() }
}
