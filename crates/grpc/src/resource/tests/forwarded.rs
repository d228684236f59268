//! What followers ask of the leader.
use proconsul_proto::{pbstatus, pbstorage, pbstorage::forwarding_service_server::ForwardingService};
use prost::Message;

use super::*;

fn write(resource: Resource) -> Request<pbstorage::WriteRequest> {
    Request::new(pbstorage::WriteRequest { resource: Some(resource) })
}

fn read(id: Id) -> Request<pbstorage::ReadRequest> {
    Request::new(pbstorage::ReadRequest { id: Some(id) })
}

#[tokio::test]
async fn a_follower_writes_and_reads_what_the_leader_has() {
    let world = World::new();
    let forwarding = world.forwarding();
    let made = Resource { id: Some(Id { uid: "u".into(), ..id(artist(), "a") }), ..an_artist("a") };
    let written = forwarding.write(write(made.clone())).await.unwrap().into_inner().resource.unwrap();
    assert_eq!(written, Resource { version: "11".into(), ..made.clone() });
    assert_eq!(world.read(id(artist(), "a")).await.unwrap(), written);
    assert_eq!(forwarding.read(read(id(artist(), "a"))).await.unwrap().into_inner().resource, Some(written.clone()));
    let list = pbstorage::ListRequest {
        r#type: Some(kind("demo", "v1", "Artist")),
        tenancy: Some(tenancy("*", "*")),
        name_prefix: "a".into(),
    };
    let listed = forwarding.list(Request::new(list)).await.unwrap().into_inner().resources;
    assert_eq!(listed, [written], "whatever the version of the type");
    assert_eq!(code(forwarding.write(write(made.clone()))).await.0, Code::Aborted);
    let another = Resource { id: Some(Id { uid: "w".into(), ..id(artist(), "a") }), ..made.clone() };
    assert_eq!(code(forwarding.write(write(another))).await.0, Code::AlreadyExists);
    assert_eq!(code(forwarding.read(read(id(artist(), "b")))).await.0, Code::NotFound);
    let delete = |version: &str| pbstorage::DeleteRequest { id: made.id.clone(), version: version.into() };
    assert_eq!(code(forwarding.delete(Request::new(delete("7")))).await.0, Code::Aborted);
    forwarding.delete(Request::new(delete("11"))).await.unwrap();
    assert_eq!(code(forwarding.read(read(id(artist(), "a")))).await.0, Code::NotFound);
}

#[tokio::test]
async fn another_version_of_a_type_is_told_with_what_is_stored() {
    let world = World::new();
    let made = world.write(an_artist("a")).await.unwrap();
    let older = kind("demo", "v1", "Artist");
    let status = world.forwarding().read(read(id(older.clone(), "a"))).await.unwrap_err();
    assert_eq!(status.code(), Code::OutOfRange);
    let whole = pbstatus::Status::decode(status.details()).unwrap();
    assert_eq!((whole.code, &*whole.message), (Code::OutOfRange as i32, status.message()));
    let details = pbstorage::GroupVersionMismatchErrorDetails::decode(&*whole.details[0].value).unwrap();
    assert_eq!((details.requested_type, details.stored), (Some(older), Some(made)));
}

#[tokio::test]
async fn requests_that_say_nothing_harm_nobody() {
    let forwarding = World::new().forwarding();
    assert_eq!(code(forwarding.read(blank())).await.0, Code::NotFound);
    assert_eq!(code(forwarding.list(blank())).await.0, Code::Ok);
    assert_eq!(code(forwarding.delete(blank())).await.0, Code::Ok);
    assert_eq!(code(forwarding.write(blank())).await.0, Code::Ok);
}
