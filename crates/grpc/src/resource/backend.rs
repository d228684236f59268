//! What is stored, as the methods see it.
use std::{fmt, sync::Arc};

use bytes::Bytes;
use proconsul_proto::pbstorage::{self, log::Request};
use proconsul_proto_public::pbresource::{Id, Resource, Type};
use proconsul_services::Context;
use proconsul_state::{Entry, Outcome, ResourceMissing, ResourceQuery, Snapshot, WatchSet};
use proconsul_structs::peering::StorageLog;
use proconsul_types::{GoQuoted, WireText};
use prost::Message;
use tonic::metadata::MetadataMap;

use crate::{append::append, options};

/// The key under which a caller says how new what it reads has to be.
const CONSISTENCY_KEY: &str = "x-consul-consistency-mode";

/// How new what is read has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Consistency {
    /// What this server has.
    Eventual,
    /// All that was written before the call.
    Strong,
}

impl Consistency {
    /// As the caller says it.
    pub(super) fn asked(metadata: &MetadataMap) -> Self {
        match metadata.get(CONSISTENCY_KEY) {
            Some(mode) if mode == "consistent" => Self::Strong,
            _ => Self::Eventual,
        }
    }
}

/// Why something was not read or written.
#[derive(Clone, Debug)]
pub(super) enum StorageError {
    /// There is no such resource.
    NotFound,
    /// It was changed since the version given.
    CasFailure,
    /// It has another unique id.
    WrongUid,
    /// It is stored in another version of its type than is asked for.
    OtherVersion { requested: Type, stored: Arc<Resource> },
    /// Anything else, in the words of whoever said it.
    Other(String),
}

impl fmt::Display for StorageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => WireText::RESOURCE_NOT_FOUND.fmt(f),
            Self::CasFailure => WireText::RESOURCE_CAS_FAILURE.fmt(f),
            Self::WrongUid => WireText::RESOURCE_WRONG_UID.fmt(f),
            Self::OtherVersion { requested, stored } => {
                let stored = stored.id.as_ref().and_then(|id| id.r#type.as_ref());
                let stored = stored.map_or("", |kind| &kind.group_version);
                let (requested, stored) = (GoQuoted(&requested.group_version), GoQuoted(stored));
                write!(f, "resource was requested with GroupVersion={requested}, but stored with GroupVersion={stored}")
            }
            Self::Other(text) => f.write_str(text),
        }
    }
}

impl From<WireText> for StorageError {
    fn from(text: WireText) -> Self {
        if text == WireText::RESOURCE_CAS_FAILURE {
            Self::CasFailure
        } else if text == WireText::RESOURCE_WRONG_UID {
            Self::WrongUid
        } else {
            Self::Other(text.to_string())
        }
    }
}

/// The store and the log of a server that leads alone: all that was written before a call is in its store, so that both kinds of
/// consistency are answered from there.
#[derive(Clone)]
pub(super) struct Backend {
    pub(super) context: Arc<Context>,
}

impl Backend {
    pub(super) fn new(context: &Arc<Context>) -> Self {
        Self { context: Arc::clone(context) }
    }

    pub(super) fn snapshot(&self) -> Arc<Snapshot> {
        self.context.store.snapshot()
    }

    /// One resource.
    pub(super) async fn read(&self, _: Consistency, id: &Id) -> Result<Arc<Resource>, StorageError> {
        self.snapshot().resource(id).map_err(|missing| match missing {
            ResourceMissing::NotFound => StorageError::NotFound,
            ResourceMissing::OtherVersion(stored) => {
                StorageError::OtherVersion { requested: id.r#type.clone().unwrap_or_default(), stored }
            }
        })
    }

    /// The resources of a list.
    pub(super) async fn list(&self, _: Consistency, query: &ResourceQuery) -> Vec<Arc<Resource>> {
        self.snapshot().list_resources(query, &mut WatchSet::off()).cloned().collect()
    }

    /// The resources that belong to one.
    pub(super) fn list_by_owner(&self, owner: &Id) -> Vec<Arc<Resource>> {
        self.snapshot().resources_of(owner).cloned().collect()
    }

    /// Writes a resource over the version that it says, and returns it with the version that it has now.
    pub(super) async fn write_cas(&self, resource: Resource) -> Result<Arc<Resource>, StorageError> {
        match self.append(Request::Write(pbstorage::WriteRequest { resource: Some(resource) })).await? {
            Outcome::Resource(resource) => Ok(resource),
            _ => Err(unexpected()),
        }
    }

    /// Removes a resource that has this version.
    pub(super) async fn delete_cas(&self, id: Id, version: String) -> Result<(), StorageError> {
        match self.append(Request::Delete(pbstorage::DeleteRequest { id: Some(id), version })).await? {
            Outcome::Nothing => Ok(()),
            _ => Err(unexpected()),
        }
    }

    async fn append(&self, request: Request) -> Result<Outcome, StorageError> {
        let kind = match request {
            Request::Write(_) => pbstorage::LogType::Write,
            Request::Delete(_) => pbstorage::LogType::Delete,
        };
        let log = pbstorage::Log { r#type: kind.into(), request: Some(request) };
        let entry = Entry::Resource(Box::new(StorageLog(Bytes::from(log.encode_to_vec()))));
        drop(log);
        match append(&self.context, entry).await {
            Ok(Outcome::Error(text)) => Err(text.into()),
            Ok(outcome) => Ok(outcome),
            Err(fault) => Err(StorageError::Other(options::text(&fault))),
        }
    }
}

fn unexpected() -> StorageError {
    StorageError::Other("unexpected response from Raft apply".to_owned())
}
