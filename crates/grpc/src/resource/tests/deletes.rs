//! Removing, tombstones, finalizers.
use super::*;
use prost::Message;

fn tombstone() -> Type {
    kind("internal", "v1", "Tombstone")
}

async fn tombstones(world: &World) -> Vec<Resource> {
    world.list(tombstone(), tenancy("*", "*"), "").await.unwrap()
}

#[tokio::test]
async fn a_resource_goes_and_leaves_a_tombstone() {
    let world = World::new();
    let made = world.write(an_artist("a")).await.unwrap();
    assert_eq!(refused(world.delete(id(artist(), "nobody"), "")).await.0, Code::Ok);
    assert!(tombstones(&world).await.is_empty());
    world.delete(id(artist(), "a"), "").await.unwrap();
    assert_eq!(refused(world.read(id(artist(), "a"))).await.0, Code::NotFound);
    let left = tombstones(&world).await;
    let [left] = &*left else { panic!("there is one: {left:?}") };
    let uid = id_of(&made).uid;
    assert_eq!(id_of(left).name, format!("tombstone-a-{}", uid.to_lowercase()));
    assert_eq!(id_of(left).tenancy, Some(tenancy("default", "default")));
    let data = left.data.clone().unwrap();
    assert_eq!(data.type_url, "type.googleapis.com/hashicorp.consul.resource.Tombstone");
    assert_eq!(Tombstone::decode(&*data.value).unwrap().owner, made.id);
    let [(key, at)] = &*left.metadata.iter().collect::<Vec<_>>() else { panic!("{:?}", left.metadata) };
    assert_eq!((&***key, at.len()), ("generated_at", "2006-01-02T15:04:05Z".len()), "{at}");
}

#[tokio::test]
async fn a_tombstone_leaves_none() {
    let world = World::new();
    world.write(an_artist("a")).await.unwrap();
    world.delete(id(artist(), "a"), "").await.unwrap();
    let left = tombstones(&world).await;
    world.delete(id_of(&left[0]), &left[0].version).await.unwrap();
    assert!(tombstones(&world).await.is_empty());
}

#[tokio::test]
async fn a_version_is_compared_where_the_resource_is_named_exactly() {
    let world = World::new();
    let made = world.write(an_artist("a")).await.unwrap();
    assert_eq!(refused(world.delete(id_of(&made), "7")).await.0, Code::Aborted);
    assert_eq!(tombstones(&world).await.len(), 1, "it was left before, and does no harm");
    world.delete(Id { uid: "u".into(), ..id_of(&made) }, "7").await.unwrap();
    assert!(world.read(id_of(&made)).await.is_ok(), "another by that name was as good as removed");
    world.delete(id_of(&made), &made.version).await.unwrap();
    assert_eq!(refused(world.read(id_of(&made))).await.0, Code::NotFound);
    assert_eq!(tombstones(&world).await.len(), 1);
    world.write(an_artist("a")).await.unwrap();
    world.delete(id(artist(), "a"), "7").await.unwrap();
    assert_eq!(refused(world.read(id(artist(), "a"))).await.0, Code::NotFound, "as Consul has it");
}

#[tokio::test]
async fn what_somebody_has_something_to_do_for_is_marked_first() {
    let world = World::new();
    let finalizers = |all: &str| {
        let metadata = [("finalizers".to_owned(), all.to_owned())].into();
        Resource { metadata, ..an_artist("a") }
    };
    world.write(finalizers("one two")).await.unwrap();
    world.delete(id(artist(), "a"), "").await.unwrap();
    let marked = world.read(id(artist(), "a")).await.unwrap();
    assert_eq!(marked.metadata["deletionTimestamp"].len(), "2006-01-02T15:04:05Z".len());
    world.delete(id(artist(), "a"), "").await.unwrap();
    assert_eq!(world.read(id(artist(), "a")).await.unwrap(), marked, "once is enough");
    let same = (Code::InvalidArgument, "cannot no-op write resource marked for deletion".to_owned());
    assert_eq!(refused(world.write(an_artist("a"))).await, same);
    let more = (Code::InvalidArgument, "expected at least one finalizer to be removed".to_owned());
    assert_eq!(refused(world.write(finalizers("two three"))).await, more);
    world.write(finalizers("two")).await.unwrap();
    world.write(finalizers("")).await.unwrap();
    assert!(tombstones(&world).await.is_empty());
    world.delete(id(artist(), "a"), "").await.unwrap();
    assert_eq!(refused(world.read(id(artist(), "a"))).await.0, Code::NotFound);
    assert_eq!(tombstones(&world).await.len(), 1);
    let born = Resource { metadata: marked.metadata, ..an_artist("b") };
    let expected = "resource.metadata.deletionTimestamp can't be set on resource creation";
    assert_eq!(refused(world.write(born)).await, (Code::InvalidArgument, expected.into()));
}
