//! Versions, generations, unique ids, owners, status.
use super::*;
use crate::resource::{ResourceService, ulid::is_ulid};

async fn write_status(world: &World, of: &Resource, key: &str, version: &str) -> Result<Resource, tonic::Status> {
    let status = Status { observed_generation: of.generation.clone(), ..Default::default() };
    let request =
        WriteStatusRequest { id: of.id.clone(), version: version.into(), key: key.into(), status: Some(status) };
    let written = world.service.write_status(Request::new(request)).await?;
    Ok(written.into_inner().resource.unwrap())
}

#[tokio::test]
async fn a_resource_is_made_read_and_changed() {
    let world = World::new();
    let made = world.write(an_artist("a")).await.unwrap();
    let uid = id_of(&made).uid;
    assert!(is_ulid(&uid) && is_ulid(&made.generation));
    assert_eq!(made.version, "11", "the version is the entry's index");
    assert_eq!(world.read(id(artist(), "a")).await.unwrap(), made);
    let whole = Id { tenancy: None, ..id(artist(), "a") };
    assert_eq!(world.read(whole).await.unwrap(), made, "an empty tenancy is the default one");

    let changed = world.write(Resource { data: Some(artist_data("b")), ..an_artist("a") }).await.unwrap();
    assert_eq!((id_of(&changed).uid, &*changed.version), (uid, "12"));
    assert!(changed.generation > made.generation);
    let stale = refused(world.write(Resource { version: made.version.clone(), ..made.clone() })).await;
    let lost = "CAS operation failed because the given version doesn't match what is stored";
    assert_eq!(stale, (Code::Aborted, lost.into()));
    let another = Resource { id: Some(Id { uid: "u".into(), ..id(artist(), "a") }), ..an_artist("a") };
    let expected = "write failed because the given uid doesn't match what is stored";
    assert_eq!(refused(world.write(another)).await, (Code::FailedPrecondition, expected.into()));
    let (code, _) = refused(world.read(Id { uid: "u".into(), ..id(artist(), "a") })).await;
    assert_eq!(code, Code::NotFound);
    let (code, _) = refused(world.write(Resource { version: "7".into(), ..an_artist("new") })).await;
    assert_eq!(code, Code::Aborted, "there is none to have a version");
}

#[tokio::test]
async fn what_is_left_out_is_filled_in_and_told_without_writing_too() {
    let world = World::new();
    let resource = Resource {
        id: Some(Id { tenancy: None, ..id(artist(), "a") }),
        data: Some(pack(&v2::Artist { name: "a".into(), ..Default::default() }, demo::ARTIST_V2)),
        ..Default::default()
    };
    let request = MutateAndValidateRequest { resource: Some(resource) };
    let told = world.service.mutate_and_validate(Request::new(request)).await.unwrap().into_inner();
    let disco = v2::Artist { name: "a".into(), genre: v2::Genre::Disco.into(), ..Default::default() };
    let expected = Resource { data: Some(pack(&disco, demo::ARTIST_V2)), ..an_artist("a") };
    assert_eq!(told.resource, Some(expected));
    assert_eq!(refused(world.read(id(artist(), "a"))).await.0, Code::NotFound);
}

#[tokio::test]
async fn the_version_of_a_type_may_change_by_a_write_only() {
    let world = World::new();
    world.write(an_artist("a")).await.unwrap();
    let older = || id(kind("demo", "v1", "Artist"), "a");
    let expected = "resource was requested with GroupVersion=\"v1\", but stored with GroupVersion=\"v2\"";
    assert_eq!(refused(world.read(older())).await, (Code::InvalidArgument, expected.into()));
    assert_eq!(refused(world.delete(older(), "")).await, (Code::Internal, format!("failed read: {expected}")));
    let everywhere = || tenancy("*", "*");
    assert_eq!(world.list(kind("demo", "v1", "Artist"), everywhere(), "").await.unwrap(), []);
    assert_eq!(world.list(artist(), everywhere(), "").await.unwrap().len(), 1);
    let data = Some(pack(&v1::Artist { name: "a".into(), ..Default::default() }, demo::ARTIST_V1));
    assert!(world.write(Resource { id: Some(older()), data, ..Default::default() }).await.is_ok());
}

#[tokio::test]
async fn an_owner_is_set_once() {
    let world = World::new();
    let owner = world.write(an_artist("a")).await.unwrap();
    let nobody = refused(world.write(an_album("x", Some(id(artist(), "nobody"))))).await;
    assert_eq!(nobody, (Code::InvalidArgument, "resource.owner does not exist".into()));
    let album = world.write(an_album("x", Some(id(artist(), "a")))).await.unwrap();
    assert_eq!(album.owner, owner.id, "who was only named is known exactly");
    let again = world.write(an_album("x", Some(id(artist(), "a")))).await.unwrap();
    assert_eq!(again.owner, owner.id);
    let fixed = (Code::InvalidArgument, "owner cannot be changed".to_owned());
    assert_eq!(refused(world.write(an_album("x", None))).await, fixed);
    assert_eq!(refused(world.write(an_album("x", Some(id(artist(), "b"))))).await, fixed);
    let list = |owner: Id| world.service.list_by_owner(Request::new(ListByOwnerRequest { owner: Some(owner) }));
    let owned = list(id_of(&owner)).await.unwrap().into_inner().resources;
    assert_eq!(owned, [again]);
    let owned = list(Id { uid: "u".into(), ..id_of(&owner) }).await.unwrap().into_inner().resources;
    assert_eq!(owned, []);
}

#[tokio::test]
async fn a_status_is_written_apart_and_stays() {
    let world = World::new();
    let made = world.write(an_artist("a")).await.unwrap();
    let with_status = write_status(&world, &made, "k", "").await.unwrap();
    assert_eq!(with_status.generation, made.generation);
    assert_ne!(with_status.version, made.version);
    assert!(with_status.status["k"].updated_at.is_some());
    assert_eq!(refused(write_status(&world, &made, "k", &made.version)).await.0, Code::Aborted);
    write_status(&world, &made, "l", &with_status.version).await.unwrap();

    let written = world.write(an_artist("a")).await.unwrap();
    assert_eq!(written.status.len(), 2, "a write keeps it");
    let same = Resource { version: String::new(), ..written.clone() };
    assert!(world.write(same.clone()).await.is_ok());
    let mut other = same;
    other.status.get_mut("k").unwrap().observed_generation = "x".into();
    let apart = "resource.status can only be set using the WriteStatus endpoint";
    assert_eq!(refused(world.write(other.clone())).await, (Code::InvalidArgument, apart.into()));
    other.id = Some(id(artist(), "new"));
    assert_eq!(refused(world.write(other)).await, (Code::InvalidArgument, apart.into()));
}

#[tokio::test(start_paused = true)]
async fn writers_who_say_no_version_all_win_in_the_end() {
    let world = std::sync::Arc::new(World::new());
    let made = world.write(an_artist("a")).await.unwrap();
    let writers: Vec<_> = (0..3)
        .map(|n| {
            let (world, made) = (world.clone(), made.clone());
            tokio::spawn(async move { write_status(&world, &made, &n.to_string(), "").await })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap().unwrap();
    }
    assert_eq!(world.read(id(artist(), "a")).await.unwrap().status.len(), 3);
}
