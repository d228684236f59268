//! Who may do what.
use std::sync::Arc;

use proconsul_msgpack::GoStr;
use proconsul_netrpc::Fault;
use proconsul_services::{Access, Authorizer, Authorizers, Rights};
use proconsul_structs::Token;

use super::*;
use crate::resource::ResourceService;

/// A caller who may read keys of artists but `secret`, and list them.
struct Reader;

impl Authorizer for Reader {
    fn allows(&self, access: Access<'_>) -> bool {
        match access {
            Access::KeyRead(key) => key.as_bytes() != b"resource/demo.v2.Artist/secret",
            Access::KeyList(key) => key.as_bytes() == b"resource/demo.v2.Artist",
            _ => false,
        }
    }

    fn accessor(&self) -> Option<GoStr> {
        Some("1-2".into())
    }
}

struct Known;

impl Authorizers for Known {
    fn of(&self, token: Option<&Token>) -> Result<Rights, Fault> {
        match token.map(|token| token.reveal().to_str_lossy().into_owned()).as_deref() {
            Some("reader") => Ok(Rights::new(Arc::new(Reader))),
            Some("all") => Ok(Rights::default()),
            _ => Err(Fault::answer("ACL not found")),
        }
    }
}

fn by<T>(token: &'static str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("x-consul-token", token.parse().unwrap());
    request
}

/// Golden case `acl/grpc-resource`.
#[tokio::test]
async fn who_shows_no_token_is_nobody() {
    let World { service, .. } = &World::with(Arc::new(Known));
    let read = || ReadRequest { id: Some(id(kind("internal", "v1", "Tombstone"), "a")) };
    let nobody = (Code::Internal, "failed getting authorizer: ACL not found".to_owned());
    assert_eq!(code(service.read(Request::new(read()))).await, nobody);
    assert_eq!(code(service.read(by("all", read()))).await, (Code::NotFound, "resource not found".into()));
}

#[tokio::test]
async fn a_list_leaves_out_what_may_not_be_read() {
    let World { service, .. } = &World::with(Arc::new(Known));
    for name in ["open", "secret"] {
        service.write(by("all", WriteRequest { resource: Some(an_artist(name)) })).await.unwrap();
    }
    let list = |kind| ListRequest { r#type: Some(kind), tenancy: Some(tenancy("*", "*")), ..Default::default() };
    let listed = service.list(by("reader", list(artist()))).await.unwrap().into_inner().resources;
    assert_eq!(listed.iter().map(|found| id_of(found).name).collect::<Vec<_>>(), ["open"]);
    let denied = |what: &str| {
        (Code::PermissionDenied, format!("Permission denied: token with AccessorID '1-2' lacks permission {what}"))
    };
    let albums = code(service.list(by("reader", list(album())))).await;
    assert_eq!(albums, denied("'key:list' on \"resource/demo.v2.Album\""));
    let secret = || id(artist(), "secret");
    let read = code(service.read(by("reader", ReadRequest { id: Some(secret()) }))).await;
    assert_eq!(read, denied("'key:read' on \"resource/demo.v2.Artist/secret\""));
    let write = code(service.write(by("reader", WriteRequest { resource: Some(an_artist("secret")) }))).await;
    assert_eq!(write, denied("'key:write' on \"resource/demo.v2.Artist/secret\""));
    let delete = DeleteRequest { id: Some(secret()), version: String::new() };
    assert_eq!(code(service.delete(by("reader", delete))).await, write);
    let elsewhere = Id { tenancy: Some(tenancy("nowhere", "")), ..secret() };
    let read = code(service.read(by("reader", ReadRequest { id: Some(elsewhere) }))).await;
    assert_eq!(read.0, Code::PermissionDenied, "whether there is such a place is not told");
    let tombstones = code(service.list(by("reader", list(kind("internal", "v1", "Tombstone"))))).await;
    assert_eq!(tombstones, denied("'operator:read'"));
}
