//! Resources: who may write what over what, what a list is of, and random histories held against a plain list.

use super::*;
use crate::{ResourceChange, ResourceEvent, ResourceMissing, ResourceQuery, WILDCARD};
use proconsul_proto::pbstorage::{self, log::Request};
use proconsul_proto_public::pbresource::{Id, Resource, Tenancy, Type};
use proconsul_structs::peering::StorageLog;
use proptest::collection::vec;
use proptest::prelude::*;
use prost::Message;

const CAS_FAILURE: &str = "CAS operation failed because the given version doesn't match what is stored";
const WRONG_UID: &str = "write failed because the given uid doesn't match what is stored";

fn kind(name: &str) -> Type {
    Type { group: "demo".into(), group_version: "v1".into(), kind: name.into() }
}

fn tenancy(partition: &str, namespace: &str) -> Tenancy {
    Tenancy { partition: partition.into(), namespace: namespace.into() }
}

fn id(name: &str) -> Id {
    Id {
        uid: "u".into(),
        name: name.into(),
        r#type: Some(kind("Artist")),
        tenancy: Some(tenancy("default", "default")),
    }
}

fn log(request: Request) -> Entry {
    let kind = match request {
        Request::Write(_) => pbstorage::LogType::Write,
        Request::Delete(_) => pbstorage::LogType::Delete,
    };
    let log = pbstorage::Log { r#type: kind.into(), request: Some(request) };
    Entry::Resource(Box::new(StorageLog(log.encode_to_vec().into())))
}

fn write_of(resource: Resource) -> Entry {
    log(Request::Write(pbstorage::WriteRequest { resource: Some(resource) }))
}

pub(super) fn write(name: &str, version: &str, owner: Option<Id>) -> Entry {
    write_of(Resource { id: Some(id(name)), owner, version: version.into(), ..Default::default() })
}

fn remove(id: Id, version: &str) -> Entry {
    log(Request::Delete(pbstorage::DeleteRequest { id: Some(id), version: version.into() }))
}

fn names<'a>(resources: impl Iterator<Item = &'a std::sync::Arc<Resource>>) -> Vec<&'a str> {
    resources.map(|resource| resource.id.as_ref().map_or("", |id| &*id.name)).collect()
}

#[test]
fn a_write_compares_versions_and_unique_ids() {
    let mut world = World::default();
    assert_eq!(world.refused(&write("a", "1", None)), CAS_FAILURE, "there is none to have a version");
    let Outcome::Resource(written) = world.outcome(&write("a", "", None)) else { panic!("it answers what it stored") };
    assert_eq!(written.version, "2", "the version is the entry's index");
    assert_eq!(world.refused(&write("a", "", None)), CAS_FAILURE);
    assert_eq!(world.refused(&write("a", "7", None)), CAS_FAILURE);
    let other = Resource { id: Some(Id { uid: "w".into(), ..id("a") }), version: "2".into(), ..Default::default() };
    assert_eq!(world.refused(&write_of(other)), WRONG_UID);
    world.done(&write("a", "2", None));
    assert_eq!(world.refused(&remove(id("a"), "2")), CAS_FAILURE);
    assert_eq!(world.tables.resource(&id("a")).map(|found| found.version.clone()), Ok("6".into()));
}

#[test]
fn what_is_not_there_or_is_another_is_as_good_as_removed() {
    let mut world = World::default();
    world.done(&write("a", "", None));
    let applied = world.apply(&remove(id("b"), "9"));
    assert_eq!((applied.outcome, applied.resource), (Outcome::Nothing, None));
    let applied = world.apply(&remove(Id { uid: "w".into(), ..id("a") }, "9"));
    assert!(applied.outcome == Outcome::Nothing && applied.changes.is_empty());
    let held = world.tables.resource(&id("a")).expect("it is still there");
    let applied = world.apply(&remove(id("a"), "1"));
    let event = ResourceEvent { index: 4, what: ResourceChange::Removed, resource: held };
    assert_eq!(applied.resource, Some(event), "it tells what was removed");
    assert_eq!(world.tables.resource(&id("a")), Err(ResourceMissing::NotFound));
}

#[test]
fn a_read_goes_by_the_unique_id_if_it_has_one_and_by_the_version_of_the_type() {
    let mut world = World::default();
    world.done(&write("a", "", None));
    let named = Id { uid: String::new(), ..id("a") };
    assert!(world.tables.resource(&named).is_ok());
    assert_eq!(world.tables.resource(&Id { uid: "w".into(), ..id("a") }), Err(ResourceMissing::NotFound));
    let newer = Id { r#type: Some(Type { group_version: "v2".into(), ..kind("Artist") }), ..named };
    assert!(matches!(world.tables.resource(&newer), Err(ResourceMissing::OtherVersion(_))));
}

#[test]
fn what_belongs_to_one_is_found_by_its_unique_id() {
    let mut world = World::default();
    let owner = || Some(id("owner"));
    world.done(&write("b", "", owner()));
    world.done(&write("a", "", owner()));
    world.done(&write("c", "", None));
    assert_eq!(names(world.tables.resources_of(&id("owner"))), ["a", "b"]);
    assert!(names(world.tables.resources_of(&Id { uid: "w".into(), ..id("owner") })).is_empty());
    world.done(&write("b", "1", None));
    assert_eq!(names(world.tables.resources_of(&id("owner"))), ["a"]);
    world.done(&remove(id("a"), "2"));
    assert!(names(world.tables.resources_of(&id("owner"))).is_empty());
}

#[test]
fn a_retired_type_is_answered_and_forgotten() {
    let mut world = World::default();
    let retired = Type { group: "mesh".into(), group_version: "v2beta1".into(), kind: "TCPRoute".into() };
    let gone = Id { r#type: Some(retired), ..id("a") };
    let applied = world.apply(&write_of(Resource { id: Some(gone.clone()), ..Default::default() }));
    assert!(matches!(applied.outcome, Outcome::Resource(_)) && applied.changes.is_empty());
    assert_eq!(world.tables.resource(&gone), Err(ResourceMissing::NotFound));
}

#[test]
fn an_entry_that_says_nothing_is_refused_or_harmless() {
    let mut world = World::default();
    let entry = |bytes: &'static [u8]| Entry::Resource(Box::new(StorageLog(bytes.into())));
    assert!(world.refused(&entry(b"\xff")).starts_with("failed to decode request: "));
    assert_eq!(world.refused(&entry(b"")), "unexpected request type: LOG_TYPE_UNSPECIFIED");
    world.done(&log(Request::Write(pbstorage::WriteRequest { resource: None })));
    world.done(&log(Request::Delete(pbstorage::DeleteRequest { id: None, version: "3".into() })));
}

/// What a plain list says.
#[derive(Clone, Debug, Default)]
struct Plain(Vec<Resource>);

impl Plain {
    fn write(&mut self, resource: &Resource, index: u64) -> Result<(), &'static str> {
        let stored = Resource { version: index.to_string(), ..resource.clone() };
        match self.find(resource.id.as_ref().expect("it has one")) {
            None if !resource.version.is_empty() => Err(CAS_FAILURE),
            None => {
                self.0.push(stored);
                Ok(())
            }
            Some(held) if held.id.as_ref().map(|id| &id.uid) != resource.id.as_ref().map(|id| &id.uid) => {
                Err(WRONG_UID)
            }
            Some(held) if held.version != resource.version => Err(CAS_FAILURE),
            Some(held) => {
                *held = stored;
                Ok(())
            }
        }
    }

    fn remove(&mut self, id: &Id, version: &str) -> Result<(), &'static str> {
        match self.find(id) {
            Some(held) if held.id.as_ref().is_some_and(|held| held.uid == id.uid) => {
                if held.version != version {
                    return Err(CAS_FAILURE);
                }
                self.0.retain(|held| held.id.as_ref() != Some(id));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn find(&mut self, id: &Id) -> Option<&mut Resource> {
        let same = |held: &Id| (&held.name, &held.tenancy, &held.r#type) == (&id.name, &id.tenancy, &id.r#type);
        self.0.iter_mut().find(|held| held.id.as_ref().is_some_and(same))
    }

    fn list(&self, kind: &Type, partition: &str, namespace: &str, prefix: &str) -> Vec<Resource> {
        let is = |wanted: &str, has: &str| wanted == WILDCARD || wanted == has;
        let wanted = |resource: &&Resource| {
            let (id, tenancy) = (resource.id.as_ref().expect("all have one"), resource.id.as_ref());
            let tenancy = tenancy.and_then(|id| id.tenancy.as_ref()).expect("all have one");
            id.r#type.as_ref() == Some(kind)
                && is(partition, &tenancy.partition)
                && is(namespace, &tenancy.namespace)
                && id.name.starts_with(prefix)
        };
        let mut list: Vec<Resource> = self.0.iter().filter(wanted).cloned().collect();
        list.sort_by_key(sorted);
        list
    }
}

fn sorted(resource: &Resource) -> (String, String, String) {
    let id = resource.id.clone().unwrap_or_default();
    let tenancy = id.tenancy.unwrap_or_default();
    (tenancy.partition, tenancy.namespace, id.name)
}

fn any_kind() -> impl Strategy<Value = Type> {
    prop_oneof![Just(kind("Artist")), Just(kind("Art"))]
}

fn any_part() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just(""), Just("a"), Just("ab")]
}

fn any_id() -> impl Strategy<Value = Id> {
    let name = prop_oneof![Just("a"), Just("ab"), Just("b")];
    (any_kind(), any_part(), any_part(), name, prop_oneof![9 => Just("u"), 1 => Just("w")]).prop_map(
        |(kind, partition, namespace, name, uid)| Id {
            uid: uid.into(),
            name: name.into(),
            r#type: Some(kind),
            tenancy: Some(tenancy(partition, namespace)),
        },
    )
}

proptest! {
    #[test]
    fn any_history_is_as_in_a_plain_list(
        steps in vec((any_id(), prop::option::of(any_id()), any::<bool>(), prop::bool::weighted(0.7)), 1..60),
        asked in vec((any_kind(), any_part(), any_part(), any_part(), 0u8..4), 1..8),
    ) {
        let (mut world, mut plain) = (World::default(), Plain::default());
        let queries: Vec<_> = asked.into_iter().map(|(kind, partition, namespace, prefix, wild)| {
            let partition = if wild & 1 == 1 { WILDCARD } else { partition };
            let namespace = if wild & 2 == 2 { WILDCARD } else { namespace };
            (ResourceQuery::new(&kind, &tenancy(partition, namespace), prefix), kind, partition, namespace, prefix)
        }).collect();
        // What those would hold who heard every event, by query.
        let mut heard: Vec<Vec<Resource>> = vec![Vec::new(); queries.len()];
        for (id, owner, is_write, knows) in steps {
            let version = plain.find(&id).filter(|_| knows).map_or(String::new(), |held| held.version.clone());
            let index = world.index + 1;
            let (entry, expected) = if is_write {
                let resource = Resource { id: Some(id), owner, version, ..Default::default() };
                let expected = plain.write(&resource, index);
                (write_of(resource), expected)
            } else {
                let expected = plain.remove(&id, &version);
                (remove(id, &version), expected)
            };
            let applied = world.apply(&entry);
            match (&applied.outcome, expected) {
                (Outcome::Error(text), Err(expected)) => prop_assert_eq!(text.as_str(), expected),
                (Outcome::Resource(_) | Outcome::Nothing, Ok(())) => {}
                other => prop_assert!(false, "{:?}", other),
            }
            for ((query, kind, partition, namespace, prefix), heard) in queries.iter().zip(&mut heard) {
                let expected = plain.list(kind, partition, namespace, prefix);
                let mut watches = WatchSet::new();
                let listed: Vec<Resource> =
                    world.tables.list_resources(query, &mut watches).map(|found| (**found).clone()).collect();
                prop_assert_eq!(&listed, &expected);
                if let Some(event) = applied.resource.as_ref().filter(|event| {
                    watches.is_affected(&applied.changes) && query.matches(&event.resource)
                }) {
                    heard.retain(|held| held.id != event.resource.id);
                    if event.what == ResourceChange::Written {
                        heard.push((*event.resource).clone());
                        heard.sort_by_key(sorted);
                    }
                }
                prop_assert_eq!(&*heard, &expected, "an event was not heard");
                // A reader who goes through in turns sees the same.
                let mut last: Option<Id> = None;
                let mut turns = Vec::new();
                loop {
                    let next = world.tables.resources_behind(query, last.as_ref()).next().cloned();
                    let Some(next) = next else { break };
                    last = next.id.clone();
                    turns.push((*next).clone());
                }
                prop_assert_eq!(&turns, &expected);
            }
        }
        let mut owners: Vec<Id> = plain.0.iter().filter_map(|held| held.owner.clone()).collect();
        owners.dedup();
        for owner in owners {
            let mut expected: Vec<Id> =
                plain.0.iter().filter(|held| held.owner.as_ref() == Some(&owner)).filter_map(|held| held.id.clone()).collect();
            let mut found: Vec<Id> = world.tables.resources_of(&owner).filter_map(|held| held.id.clone()).collect();
            let order = |id: &Id| format!("{id:?}");
            expected.sort_by_key(order);
            found.sort_by_key(order);
            prop_assert_eq!(found, expected);
        }
    }
}
