//! Resources of the second generation: a message of a registered type, under the type, a tenancy and a name.
//!
//! Whoever writes one has made its unique id and generation before it goes to the log; here it gets its version, which is the
//! entry's index as text. Every write compares versions, and none changes a unique id.
//!
//! Source: Consul 1.21, `internal/storage/raft` and `internal/storage/inmem`.

use std::sync::Arc;

use proconsul_msgpack::GoStr;
use proconsul_proto::pbstorage::{self, log};
use proconsul_proto_public::pbresource::{Id, Resource, Tenancy, Type};
use proconsul_structs::peering::StorageLog;
use proconsul_types::WireText;
use prost::Message;

use super::Tables;
use super::transaction::Transaction;
use crate::radix::Radix;
use crate::watch::{Change, Watch, WatchSet};
use crate::{Outcome, ResourceChange, ResourceEvent};

/// Any partition, or any namespace, in a [`ResourceQuery`].
pub const WILDCARD: &str = "*";

/// What ends each part of a resource's place.
const END: u8 = 0;

/// Resources, by where they are and by whom they belong to.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct ResourceTable {
    by_place: Radix<Arc<Resource>>,
    /// The owner's place and unique id, then the resource's own place.
    by_owner: Radix<Arc<Resource>>,
}

/// Why a resource is not there to be read.
#[derive(Clone, Debug, PartialEq)]
pub enum ResourceMissing {
    /// There is none by that name, or it has another unique id.
    NotFound,
    /// It is there in another version of its type than was asked for.
    OtherVersion(Arc<Resource>),
}

/// Which resources a list is of: those of one type, whatever the type's version, in one tenancy or all, whose names begin so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceQuery {
    group: String,
    kind: String,
    tenancy: Tenancy,
    name_prefix: String,
}

impl ResourceQuery {
    /// A partition or namespace of `*` is all of them.
    pub fn new(kind: &Type, tenancy: &Tenancy, name_prefix: &str) -> Self {
        ResourceQuery {
            group: kind.group.clone(),
            kind: kind.kind.clone(),
            tenancy: tenancy.clone(),
            name_prefix: name_prefix.to_owned(),
        }
    }

    /// How the places of all its resources begin: as much as is known before the first wildcard.
    fn place(&self) -> Vec<u8> {
        let mut place = compose([&*self.group, &*self.kind]);
        for part in [&self.tenancy.partition, &self.tenancy.namespace] {
            if part == WILDCARD {
                return place;
            }
            place.extend_from_slice(part.as_bytes());
            place.push(END);
        }
        place.extend_from_slice(self.name_prefix.as_bytes());
        place
    }

    /// What its answer depends on.
    pub fn watch(&self) -> Watch {
        Watch::Resources(GoStr::from(self.place()))
    }

    /// Whether a resource is in it.
    pub fn matches(&self, resource: &Resource) -> bool {
        let Some(id) = &resource.id else { return false };
        let (kind, tenancy) = (id.r#type.as_ref(), id.tenancy.as_ref());
        let is = |wanted: &str, has: Option<&str>| wanted == WILDCARD || wanted == has.unwrap_or_default();
        kind.map_or(("", ""), |kind| (&kind.group, &kind.kind)) == (&*self.group, &*self.kind)
            && is(&self.tenancy.partition, tenancy.map(|tenancy| &*tenancy.partition))
            && is(&self.tenancy.namespace, tenancy.map(|tenancy| &*tenancy.namespace))
            && id.name.starts_with(&self.name_prefix)
    }
}

/// Parts of a place, each with its end.
fn compose<'a>(parts: impl IntoIterator<Item = &'a str>) -> Vec<u8> {
    let mut key = Vec::new();
    for part in parts {
        key.extend_from_slice(part.as_bytes());
        key.push(END);
    }
    key
}

/// Where the resource with this id is: all that is in it but the version of its type and the unique id.
fn place_of(id: &Id) -> Vec<u8> {
    let (kind, tenancy) = (id.r#type.as_ref(), id.tenancy.as_ref());
    compose([
        kind.map_or("", |kind| &kind.group),
        kind.map_or("", |kind| &kind.kind),
        tenancy.map_or("", |tenancy| &tenancy.partition),
        tenancy.map_or("", |tenancy| &tenancy.namespace),
        &*id.name,
    ])
}

/// The same with the unique id: what those are filed under who belong to it.
fn place_of_owner(id: &Id) -> Vec<u8> {
    let mut place = place_of(id);
    place.extend_from_slice(id.uid.as_bytes());
    place.push(END);
    place
}

fn group_version(id: &Id) -> &str {
    id.r#type.as_ref().map_or("", |kind| &kind.group_version)
}

impl ResourceTable {
    fn insert(&mut self, place: &[u8], resource: Arc<Resource>) {
        let owned = owned_place(&resource, place);
        let old = self.by_place.insert(place, Arc::clone(&resource));
        if let Some(old) = old.and_then(|old| owned_place(&old, place)).filter(|old| Some(old) != owned.as_ref()) {
            self.by_owner.remove(&old);
        }
        if let Some(owned) = owned {
            self.by_owner.insert(&owned, resource);
        }
    }

    fn remove(&mut self, place: &[u8]) -> Option<Arc<Resource>> {
        let old = self.by_place.remove(place)?;
        if let Some(owned) = owned_place(&old, place) {
            self.by_owner.remove(&owned);
        }
        Some(old)
    }
}

fn owned_place(resource: &Resource, place: &[u8]) -> Option<Vec<u8>> {
    resource.owner.as_ref().map(|owner| [&*place_of_owner(owner), place].concat())
}

impl Tables {
    /// One resource by its id. Without a unique id in it, whichever has the name.
    ///
    /// # Errors
    /// It is not there, or not in this version of its type.
    pub fn resource(&self, id: &Id) -> Result<Arc<Resource>, ResourceMissing> {
        let held = self.resources.by_place.get(&place_of(id)).ok_or(ResourceMissing::NotFound)?;
        let stored = held.id.as_ref();
        if !id.uid.is_empty() && stored.is_none_or(|stored| stored.uid != id.uid) {
            return Err(ResourceMissing::NotFound);
        }
        if stored.map_or("", group_version) != group_version(id) {
            return Err(ResourceMissing::OtherVersion(Arc::clone(held)));
        }
        Ok(Arc::clone(held))
    }

    /// The resources of a query, in order of their places. Watches them.
    pub fn list_resources<'a>(
        &'a self,
        query: &'a ResourceQuery,
        watches: &mut WatchSet,
    ) -> impl Iterator<Item = &'a Arc<Resource>> {
        watches.add(|| query.watch());
        self.resources.by_place.values_below(&query.place()).filter(|resource| query.matches(resource))
    }

    /// As [`list_resources`](Self::list_resources), from behind one of them on: for a reader who goes through a snapshot in
    /// turns.
    pub fn resources_behind<'a>(
        &'a self,
        query: &'a ResourceQuery,
        last: Option<&Id>,
    ) -> impl Iterator<Item = &'a Arc<Resource>> {
        let below = query.place();
        let values = match last {
            Some(last) => self.resources.by_place.values_behind(&place_of(last)),
            None => self.resources.by_place.values_below(&below),
        };
        let within = move |resource: &&Arc<Resource>| {
            resource.id.as_ref().is_some_and(|id| place_of(id).starts_with(&below)) || resource.id.is_none()
        };
        values.take_while(within).filter(|resource| query.matches(resource))
    }

    /// The resources that belong to one, in order of their places. Its unique id counts.
    pub fn resources_of(&self, owner: &Id) -> impl Iterator<Item = &Arc<Resource>> {
        self.resources.by_owner.values_below(&place_of_owner(owner))
    }

    /// Every resource, in order of places.
    pub fn all_resources(&self) -> impl Iterator<Item = &Arc<Resource>> {
        self.resources.by_place.values()
    }

    /// Puts a resource back as a snapshot has it.
    pub(crate) fn restore_resource(&mut self, resource: Resource) {
        let place = place_of(resource.id.as_ref().unwrap_or(&Id::default()));
        self.resources.insert(&place, Arc::new(resource));
    }
}

impl Transaction<'_> {
    pub(super) fn apply_resource(&mut self, message: &StorageLog) -> Result<Outcome, WireText> {
        let log = pbstorage::Log::decode(message.0.clone())
            .map_err(|cause| WireText::other(format!("failed to decode request: {cause}")))?;
        match (log.r#type(), log.request) {
            (pbstorage::LogType::Write, Some(log::Request::Write(write))) => {
                self.write_resource(write.resource.unwrap_or_default()).map(Outcome::Resource)
            }
            (pbstorage::LogType::Delete, Some(log::Request::Delete(delete))) => {
                self.delete_resource(&delete).map(|()| Outcome::Nothing)
            }
            (kind, _) => Err(WireText::other(format!("unexpected request type: {}", kind.as_str_name()))),
        }
    }

    /// Stores a resource if what is stored has the version that it says, and is the same one.
    fn write_resource(&mut self, mut resource: Resource) -> Result<Arc<Resource>, WireText> {
        let version = std::mem::replace(&mut resource.version, self.index.to_string());
        let id = resource.id.get_or_insert_default();
        if is_retired(id) {
            return Ok(Arc::new(resource));
        }
        let place = place_of(id);
        match self.tables.resources.by_place.get(&place) {
            None if !version.is_empty() => return Err(WireText::RESOURCE_CAS_FAILURE),
            Some(held) if uid(held) != id.uid => return Err(WireText::RESOURCE_WRONG_UID),
            Some(held) if held.version != version => return Err(WireText::RESOURCE_CAS_FAILURE),
            _ => {}
        }
        let resource = Arc::new(resource);
        self.tables.resources.insert(&place, Arc::clone(&resource));
        self.resource_changed(place, ResourceChange::Written, Arc::clone(&resource));
        Ok(resource)
    }

    /// Removes a resource if it has the version given. One that is not there, or is another by that name, is as good as removed.
    fn delete_resource(&mut self, delete: &pbstorage::DeleteRequest) -> Result<(), WireText> {
        let none = Id::default();
        let id = delete.id.as_ref().unwrap_or(&none);
        let place = place_of(id);
        let Some(held) = self.tables.resources.by_place.get(&place) else { return Ok(()) };
        if is_retired(id) || uid(held) != id.uid {
            return Ok(());
        }
        if held.version != delete.version {
            return Err(WireText::RESOURCE_CAS_FAILURE);
        }
        if let Some(removed) = self.tables.resources.remove(&place) {
            self.resource_changed(place, ResourceChange::Removed, removed);
        }
        Ok(())
    }

    fn resource_changed(&mut self, place: Vec<u8>, what: ResourceChange, resource: Arc<Resource>) {
        self.changes.note(Change::Resource(GoStr::from(place)));
        self.resource = Some(ResourceEvent { index: self.index, what, resource });
    }
}

fn uid(resource: &Resource) -> &str {
    resource.id.as_ref().map_or("", |id| &id.uid)
}

/// Types that Consul no longer stores: writes of them are answered and forgotten.
fn is_retired(id: &Id) -> bool {
    let Some(kind) = &id.r#type else { return false };
    match &*kind.group_version {
        "v2" => kind.group == "hcp",
        "v2beta1" => matches!(&*kind.group, "auth" | "catalog" | "mesh" | "multicluster" | "tenancy"),
        _ => false,
    }
}
