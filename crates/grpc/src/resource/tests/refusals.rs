//! What is wrong with requests, in Consul's words.
use super::{super::said::STATUS_TEXT_BYTES_MAX, *};
use crate::resource::ResourceService;

fn invalid(text: &str) -> (Code, String) {
    (Code::InvalidArgument, text.to_owned())
}

/// Golden case `grpc-external/resource-errors`, and `resource-list-tombstones`.
#[tokio::test]
async fn nothing_is_asked_for() {
    let World { service, .. } = &World::new();
    assert_eq!(code(service.read(blank())).await, invalid("id is required"));
    assert_eq!(code(service.list(blank())).await, invalid("type is required"));
    assert_eq!(code(service.write(blank())).await, invalid("resource is required"));
    assert_eq!(code(service.delete(blank())).await, invalid("id is required"));
    assert_eq!(code(service.list_by_owner(blank())).await, invalid("owner is required"));
    assert_eq!(code(service.write_status(blank())).await, invalid("id is required"));
    assert_eq!(code(service.mutate_and_validate(blank())).await, invalid("resource is required"));
    assert_eq!(code(service.watch_list(blank())).await, invalid("type is required"));
}

#[tokio::test]
async fn a_type_that_is_not_there_or_has_nothing() {
    let world = World::new();
    let tombstone = || kind("internal", "v1", "Tombstone");
    let found = refused(world.read(id(tombstone(), "a"))).await;
    assert_eq!(found, (Code::NotFound, "resource not found".into()));
    let found = refused(world.read(id(kind("no", "v1", "Such"), "a"))).await;
    assert_eq!(found, invalid("resource type no.v1.Such not registered"));
    assert_eq!(world.list(tombstone(), tenancy("default", "default"), "").await.unwrap(), []);
    assert_eq!(world.list(tombstone(), tenancy("*", "*"), "zz").await.unwrap(), []);
}

const NAME: &str = "a resource name must consist of lower case alphanumeric characters or '-', must start and end with an \
                    alphanumeric character and be less than 64 characters, got: ";

#[tokio::test]
async fn ids_that_are_none() {
    let world = World::new();
    let good = || id(artist(), "a");
    let cases = [
        (Id { r#type: None, ..good() }, "id.type is required".to_owned()),
        (Id { name: String::new(), ..good() }, format!("id.name invalid: {NAME}\"\"")),
        (Id { name: "A".into(), ..good() }, format!("id.name invalid: {NAME}\"A\"")),
        (Id { tenancy: Some(tenancy("P", "")), ..good() }, format!("id.tenancy.partition invalid: {NAME}\"P\"")),
        (Id { tenancy: Some(tenancy("", "*")), ..good() }, format!("id.tenancy.namespace invalid: {NAME}\"*\"")),
        (
            Id { r#type: Some(kind("demo", "v1", "RecordLabel")), ..good() },
            "partition scoped resource demo.v1.RecordLabel cannot have a namespace. got: default".to_owned(),
        ),
        (
            Id { r#type: Some(kind("demo", "v1", "Executive")), ..good() },
            "cluster scoped resource demo.v1.Executive cannot have a partition: default".to_owned(),
        ),
        (
            Id { r#type: Some(kind("demo", "v1", "Executive")), tenancy: Some(tenancy("", "n")), ..good() },
            "cluster scoped resource demo.v1.Executive cannot have a namespace: n".to_owned(),
        ),
    ];
    for (id, expected) in cases {
        assert_eq!(refused(world.read(id.clone())).await, invalid(&expected));
        assert_eq!(refused(world.delete(id, "")).await, invalid(&expected));
    }
    for (part, place) in [("partition", tenancy("p", "")), ("namespace", tenancy("default", "n"))] {
        let there_is_none = format!("{part} not found: {}", if part == "partition" { "p" } else { "n" });
        let nowhere = Id { tenancy: Some(place), ..good() };
        assert_eq!(refused(world.read(nowhere.clone())).await, (Code::NotFound, there_is_none.clone()));
        let written = world.write(Resource { id: Some(nowhere.clone()), ..an_artist("a") });
        assert_eq!(refused(written).await, invalid(&there_is_none));
        assert_eq!(refused(world.delete(nowhere, "")).await.0, Code::Ok, "what is nowhere is as good as removed");
    }
}

#[tokio::test]
async fn lists_that_are_none() {
    let world = World::new();
    let no_tenancy = ListRequest { r#type: Some(artist()), ..Default::default() };
    assert_eq!(code(world.service.list(Request::new(no_tenancy))).await, invalid("tenancy is required"));
    let listed = refused(world.list(artist(), tenancy("P", ""), "")).await;
    assert_eq!(listed, invalid(&format!("tenancy.partition invalid: {NAME}\"P\"")));
    let listed = refused(world.list(artist(), tenancy("", ""), "Ab")).await;
    assert_eq!(listed, invalid("name_prefix invalid: must be lowercase alphanumeric, got: Ab"));
    let listed = refused(world.list(kind("demo", "v1", "RecordLabel"), tenancy("", "n"), "")).await;
    assert_eq!(listed, invalid("partition scoped type demo.v1.RecordLabel cannot have a namespace. got: n"));
    assert!(world.list(kind("demo", "v1", "RecordLabel"), tenancy("", "*"), "").await.is_ok());
    assert!(world.list(artist(), tenancy("nowhere", "*"), "a-").await.is_ok());

    let watch = |kind: Type, tenancy| WatchListRequest { r#type: Some(kind), tenancy, ..Default::default() };
    let executives = watch(kind("demo", "v1", "Executive"), Some(tenancy("p", "")));
    let expected = "cluster scoped resource demo.v1.Executive cannot have a partition: p";
    assert_eq!(code(world.service.watch_list(Request::new(executives))).await, invalid(expected));
    let labels = watch(kind("demo", "v1", "RecordLabel"), Some(tenancy("p", "n")));
    let expected = "partition scoped resource demo.v1.RecordLabel cannot have a namespace. got: n";
    assert_eq!(code(world.service.watch_list(Request::new(labels))).await, invalid(expected));

    let owned = |owner| ListByOwnerRequest { owner: Some(owner) };
    let listed = code(world.service.list_by_owner(Request::new(owned(id(artist(), "a"))))).await;
    assert_eq!(listed, invalid("owner uid is required"));
    let listed = code(world.service.list_by_owner(Request::new(owned(Id::default())))).await;
    assert_eq!(listed, invalid("owner.type is required"));
}

#[tokio::test]
async fn resources_that_are_none() {
    let world = World::new();
    let good = || an_artist("a");
    let data = |name: &str, message| Some(pack(&v2::Artist { name: name.into(), ..Default::default() }, message));
    let of_v1 = |data| Resource { id: Some(id(kind("demo", "v1", "Artist"), "a")), data, ..Default::default() };
    let cases = [
        (Resource { id: None, ..good() }, invalid("resource.id is required")),
        (Resource { id: Some(Id::default()), ..good() }, invalid("resource.id.type is required")),
        (Resource { owner: Some(Id::default()), ..good() }, invalid("resource.owner.type is required")),
        (
            Resource { owner: Some(id(artist(), "B")), ..good() },
            invalid(&format!("resource.owner.name invalid: {NAME}\"B\"")),
        ),
        (
            Resource { data: data("a", demo::ARTIST_V1), ..good() },
            invalid(&format!(
                "resource.data is of wrong type (expected=\"{}\", got=\"{}\")",
                demo::ARTIST_V2,
                demo::ARTIST_V1
            )),
        ),
        (Resource { data: data("", demo::ARTIST_V2), ..good() }, invalid("artist.name required")),
        (of_v1(data("", demo::ARTIST_V1)), invalid("artist.name required")),
        (of_v1(None), invalid("proto:\u{a0}invalid nil source message")),
        (
            Resource { data: None, ..good() },
            (Code::Internal, "failed mutate hook: proto:\u{a0}invalid nil source message".into()),
        ),
        (
            Resource { data: Some(prost_types::Any { value: vec![0xff], ..artist_data("a") }), ..good() },
            (Code::Internal, "failed mutate hook: proto:\u{a0}cannot parse invalid wire-format data".into()),
        ),
        (
            Resource { id: Some(id(kind("demo", "v1", "RecordLabel"), "a")), ..Default::default() },
            invalid("partition scoped resource demo.v1.RecordLabel cannot have a namespace. got: default"),
        ),
    ];
    for (resource, expected) in cases {
        assert_eq!(refused(world.write(resource.clone())).await, expected);
        let request = MutateAndValidateRequest { resource: Some(resource) };
        assert_eq!(code(world.service.mutate_and_validate(Request::new(request))).await, expected);
    }
    let tombstones = world.list(kind("demo", "v2", "Artist"), tenancy("*", "*"), "").await.unwrap();
    assert_eq!(tombstones, [], "nothing of that was written");
}

/// More than one fault is told at once, as Go's `multierror` does.
#[tokio::test]
async fn services_that_cannot_be_exported() {
    use crate::resource::multicluster::*;
    use proconsul_proto_public::pbmulticluster::v2::{
        ComputedExportedServices, ExportedServices, ExportedServicesConsumer,
        exported_services_consumer::ConsumerTenancy::{Partition, Peer, SamenessGroup},
    };
    let world = World::new();
    let consumer = |tenancy| ExportedServicesConsumer { consumer_tenancy: Some(tenancy) };
    let exported = ExportedServices {
        services: Vec::new(),
        consumers: vec![
            consumer(Peer("local".into())),
            consumer(Peer("east".into())),
            consumer(Partition(String::new())),
            consumer(SamenessGroup("g".into())),
        ],
    };
    let write = |kind: Type, name: &str, tenancy: Tenancy, data| {
        let id = Id { tenancy: Some(tenancy), ..id(kind, name) };
        world.write(Resource { id: Some(id), data, ..Default::default() })
    };
    let of = |name: &str| kind("multicluster", "v2", name);
    let data = Some(pack(&exported, EXPORTED_SERVICES));
    let said = refused(write(of("ExportedServices"), "a", tenancy("", ""), data)).await;
    let expected = "5 errors occurred:\n\t\
                    * invalid \"services\" field: at least one service must be set\n\t\
                    * invalid element at index 0 of list \"peer\": can not be empty or local\n\t\
                    * invalid element at index 2 of list \"partition\": can not be empty\n\t\
                    * invalid element at index 2 of list \"partition\": can only be set in Enterprise\n\t\
                    * invalid element at index 3 of list \"sameness_group\": can only be set in Enterprise\n\n";
    assert_eq!(said, invalid(expected));
    let said = refused(write(of("ExportedServices"), "a", tenancy("", ""), None)).await;
    let expected = "error parsing resource data as type \"hashicorp.consul.multicluster.v2.ExportedServices\": \
                    proto:\u{a0}invalid nil source message";
    assert_eq!(said, invalid(expected));
    let computed = Some(pack(&ComputedExportedServices::default(), COMPUTED_EXPORTED_SERVICES));
    let said = refused(write(of("ComputedExportedServices"), "a", tenancy("", ""), computed.clone())).await;
    let expected = "1 error occurred:\n\t* invalid \"name\" field: name can only be \"global\"\n\n";
    assert_eq!(said, invalid(expected));
    let written = write(of("ComputedExportedServices"), "global", tenancy("", ""), computed).await.unwrap();
    assert_eq!(id_of(&written).tenancy, Some(tenancy("default", "")));
}

#[tokio::test]
async fn statuses_that_are_none() {
    let World { service, .. } = &World::new();
    let condition = |kind: &str, resource| Condition { r#type: kind.into(), resource, ..Default::default() };
    let reference = || Reference {
        r#type: Some(artist()),
        tenancy: Some(tenancy("default", "default")),
        name: "b".into(),
        ..Default::default()
    };
    let good = || WriteStatusRequest {
        id: Some(Id { uid: "u".into(), ..id(artist(), "a") }),
        version: String::new(),
        key: "k".into(),
        status: Some(Status { observed_generation: "01ARZ3NDEKTSV4RRFFQ69G5FAV".into(), ..Default::default() }),
    };
    let change_id = |change: fn(&mut Id)| {
        let mut request = good();
        change(request.id.as_mut().unwrap());
        request
    };
    let with = |conditions| {
        let mut request = good();
        request.status.as_mut().unwrap().conditions = conditions;
        request
    };
    let status = |change: fn(&mut Status)| {
        let mut request = good();
        change(request.status.as_mut().unwrap());
        request
    };
    let cases = [
        (WriteStatusRequest { id: None, status: None, ..good() }, "id is required"),
        (change_id(|id| id.r#type = None), "id.type is required"),
        (change_id(|id| id.name.clear()), "id.name is required"),
        (change_id(|id| id.uid.clear()), "id.uid is required"),
        (WriteStatusRequest { key: String::new(), ..good() }, "key is required"),
        (WriteStatusRequest { status: None, ..good() }, "status is required"),
        (status(|status| status.observed_generation.clear()), "status.observed_generation is required"),
        (status(|status| status.observed_generation = "x".into()), "status.observed_generation is not valid"),
        (
            status(|status| status.updated_at = Some(Default::default())),
            "status.updated_at is automatically set and cannot be provided",
        ),
        (with(vec![condition("", None)]), "status.conditions[0].type is required"),
        (
            with(vec![condition("t", Some(Reference { r#type: None, ..reference() }))]),
            "status.conditions[0].resource.type is required",
        ),
        (
            with(vec![
                condition("t", Some(Reference { tenancy: None, ..reference() })),
                condition("t", Some(Reference { name: String::new(), ..reference() })),
            ]),
            "status.conditions[1].resource.name is required",
        ),
    ];
    for (request, expected) in cases {
        assert_eq!(code(service.write_status(Request::new(request))).await, invalid(expected));
    }
    let elsewhere = with(vec![condition("t", Some(Reference { tenancy: Some(tenancy("", "")), ..reference() }))]);
    let expected = format!("status.conditions[0].resource.tenancy.partition invalid: {NAME}\"\"");
    assert_eq!(code(service.write_status(Request::new(elsewhere))).await, invalid(&expected));
    let nothing = (Code::NotFound, "resource not found".to_owned());
    assert_eq!(code(service.write_status(Request::new(good()))).await, nothing);
}

#[tokio::test]
async fn a_text_that_repeats_much_is_cut() {
    let world = World::new();
    let huge = "ä".repeat(1024 * 1024);
    let (_, text) = refused(world.read(id(artist(), &huge))).await;
    assert!(text.len() <= STATUS_TEXT_BYTES_MAX && text.starts_with("id.name invalid: "));
    let (_, text) = refused(world.read(id(kind(&huge, "v1", "A"), "a"))).await;
    assert!(text.len() <= STATUS_TEXT_BYTES_MAX);
}
