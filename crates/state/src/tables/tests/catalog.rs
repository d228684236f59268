//! Golden group `catalog` of Consul 1.21.4, step by step, with the indexes by rank.

use super::*;
use proconsul_structs::Shared;
use proconsul_structs::proxy::ConnectProxyConfig;
use proconsul_structs::service::{ServiceAddress, ServiceConnect, ServiceKind, ServiceNode, Weights};

fn off() -> WatchSet {
    WatchSet::off()
}

/// Index of a service's instances with the instances' nodes and modify indexes.
fn instances(world: &World, service: &str) -> (u64, Vec<(String, u64)>) {
    let (index, rows) = world.tables.service_nodes(Peer::LOCAL, service.as_bytes(), &mut off());
    (index, rows.iter().map(|row| (row.node.to_string(), row.raft_index.modify_index)).collect())
}

fn nodes_of(rows: &[Shared<ServiceNode>]) -> Vec<String> {
    rows.iter().map(|row| row.node.to_string()).collect()
}

fn proxy(name: &str, destination: &str) -> NodeService {
    NodeService {
        kind: ServiceKind::ConnectProxy,
        port: 9,
        proxy: ConnectProxyConfig { destination_service_name: text(destination), ..ConnectProxyConfig::default() },
        ..service(name)
    }
}

fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> std::collections::BTreeMap<GoStr, GoStr> {
    pairs.into_iter().map(|(key, value)| (text(key), text(value))).collect()
}

fn tags<const N: usize>(tags: [&str; N]) -> Vec<GoStr> {
    tags.into_iter().map(text).collect()
}

const ID: &str = "11111111-2222-0000-0000-000000000007";

#[test]
fn a_row_shows_the_service_with_its_nodes_facts_and_nothing_nil() {
    let mut world = World::default();
    let request = RegisterRequest {
        id: text(ID),
        datacenter: text("dc1"),
        node_meta: Some(pairs([("a", "1")])),
        tagged_addresses: Some(pairs([("lan", "10.1.2.3")])),
        ..with_service(node("ca-n3"), service("ca-dflt"))
    };
    let index = world.done(&register(request));
    let (seen, rows) = world.tables.service_nodes(Peer::LOCAL, b"CA-DFLT", &mut off());
    assert_eq!((seen, rows.len()), (index, 1));
    let expected = ServiceNode {
        id: text(ID),
        node: text("ca-n3"),
        address: text("10.1.2.3"),
        datacenter: text("dc1"),
        node_meta: Some(pairs([("a", "1")])),
        tagged_addresses: Some(pairs([("lan", "10.1.2.3")])),
        service_id: text("ca-dflt"),
        service_name: text("ca-dflt"),
        service_tags: Some(Vec::new()),
        service_meta: Some(pairs([])),
        service_weights: Weights { passing: 1, warning: 1 },
        raft_index: RaftIndex { create_index: index, modify_index: index },
        ..ServiceNode::default()
    };
    assert_eq!(*rows[0], expected);
    // On its node it is shown as it was registered, but for the weights.
    let on_node = world.tables.node_services(Peer::LOCAL, b"ca-n3", &mut off()).found;
    let shown = &on_node.expect("registered").services[0];
    assert_eq!(
        (shown.tags.clone(), shown.meta.clone(), shown.weights),
        (None, None, Some(Weights { passing: 1, warning: 1 }))
    );
}

#[test]
fn weights_that_make_no_sense_count_as_none() {
    let check = |passing, warning, expected: (i64, i64)| {
        let mut world = World::default();
        let weights = Some(Weights { passing, warning });
        world.done(&register(with_service(node("n"), NodeService { weights, ..service("web") })));
        let row = world.tables.service_nodes(Peer::LOCAL, b"web", &mut off()).1[0].service_weights;
        assert_eq!((row.passing, row.warning), expected);
    };
    check(3, 2, (3, 2));
    check(65_535, 0, (65_535, 0));
    check(0, 2, (1, 1));
    check(1, -1, (1, 1));
    check(65_536, 1, (1, 1));
}

#[test]
fn registering_the_same_again_changes_nothing() {
    let full = |output: &str| {
        let mut request = with_check(with_service(node("ca-n4"), proxy("ca-idem", "dest")), "c", "ca-idem", "passing");
        request.check.as_mut().expect("given").output = text(output);
        register(request)
    };
    let mut world = World::default();
    let first = world.done(&full("o"));
    let before = world.tables.clone();
    let again = world.apply(&full("o"));
    assert_eq!((again.outcome, again.changes.is_empty()), (Outcome::Nothing, true));
    assert_eq!(world.tables, before);
    assert_eq!(instances(&world, "ca-idem"), (first, vec![("ca-n4".into(), first)]));
    // Another output is news of the check; the instance stays, and its service's index moves with the check.
    let changed = world.done(&full("p"));
    assert_eq!(instances(&world, "ca-idem"), (changed, vec![("ca-n4".into(), first)]));
}

#[test]
fn a_change_of_what_consul_passes_over_does_not_count() {
    let mut world = World::default();
    let mut request = with_check(with_service(node("n"), service("web")), "c", "web", "passing");
    world.done(&register(request.clone()));
    let before = world.tables.clone();
    let locality = proconsul_structs::node::Locality { region: text("r"), ..Default::default() };
    request.locality = Some(locality.clone());
    let web = request.service.as_mut().expect("given");
    (web.socket_path, web.locality) = (text("/run/web"), Some(locality));
    let check = request.check.as_mut().expect("given");
    (check.check_type, check.interval, check.timeout) = (text("ttl"), text("10s"), text("1s"));
    check.exposed_port = 1;
    assert!(world.apply(&register(request.clone())).changes.is_empty());
    assert_eq!(world.tables, before);
    request.service.as_mut().expect("given").port = 1;
    request.check.as_mut().expect("given").output = text("o");
    let index = world.done(&register(request));
    assert_eq!(instances(&world, "web"), (index, vec![("n".into(), index)]));
    assert_eq!(world.tables.node_checks(Peer::LOCAL, b"n", &mut off()).0, index);
}

#[test]
fn a_missing_service_goes_by_the_last_extinction() {
    let mut world = World::default();
    let first = world.done(&register(with_service(node("a"), service("web"))));
    assert_eq!(instances(&world, "none"), (first, vec![]), "before any extinction: services and nodes");
    let second = world.done(&register(node("b")));
    assert_eq!(instances(&world, "none"), (second, vec![]));
    world.done(&register(with_service(node("b"), service("web"))));
    let left = world.done(&deregister("a", "web", ""));
    assert_eq!(instances(&world, "web"), (left, vec![("b".into(), 3)]));
    assert_eq!(instances(&world, "none"), (left, vec![]), "one instance is left, so nothing went extinct");
    let extinct = world.done(&deregister("b", "", ""));
    world.done(&register(with_service(node("c"), service("db"))));
    assert_eq!(instances(&world, "web"), (extinct, vec![]));
    assert_eq!(instances(&world, "none"), (extinct, vec![]));
    assert_eq!(instances(&world, "db"), (world.index, vec![("c".into(), world.index)]));
}

/// The index of a name stays as it was when its last instance takes another name.
#[test]
fn an_instance_that_takes_another_name_leaves_its_old_one() {
    let mut world = World::default();
    let named = |name: &str| register(with_service(node("n"), NodeService { id: text("one"), ..service(name) }));
    world.done(&named("web"));
    world.done(&register(with_service(node("m"), service("api"))));
    let renamed = world.done(&named("api"));
    assert_eq!(instances(&world, "web"), (1, vec![]));
    assert_eq!(world.tables.passed_over_index(Peer::LOCAL), renamed);
    assert_eq!(instances(&world, "api"), (renamed, vec![("m".into(), 2), ("n".into(), renamed)]));
}

/// Consul moves the old name's index only, and who waits for the new one's health is not told.
#[test]
fn a_removed_check_counts_for_the_name_that_its_service_has_and_the_one_it_had() {
    let mut world = World::default();
    let named = |name: &str| with_service(node("n"), NodeService { id: text("one"), ..service(name) });
    world.done(&register(with_check(named("web"), "c", "one", "passing")));
    world.done(&register(with_service(node("m"), service("web"))));
    world.done(&register(named("api")));
    let removed = world.done(&deregister("n", "", "c"));
    assert_eq!(instances(&world, "api").0, removed);
    assert_eq!(instances(&world, "web").0, removed);
}

#[test]
fn an_id_in_other_letters_is_the_same_id() {
    let mut world = World::default();
    let id = "aaaaaaaa-2222-3333-4444-555555555555";
    for id in [id.to_uppercase(), id.to_owned()] {
        world.done(&register(RegisterRequest { id: text(&id), ..node("a") }));
    }
    world.done(&register(RegisterRequest { id: text(id), ..node("b") }));
    let (_, nodes) = world.tables.nodes(Peer::LOCAL, &mut off());
    assert_eq!(nodes.iter().map(|node| node.node.to_string()).collect::<Vec<_>>(), ["b"]);
}

#[test]
fn a_nodes_change_shows_in_its_services() {
    let mut world = World::default();
    world.done(&register(with_service(node("n"), service("web"))));
    let moved = RegisterRequest { address: text("10.9.9.9"), ..node("n") };
    let applied = world.apply(&register(moved));
    assert!(
        applied.changes.touch(&Watch::service(Peer::LOCAL, b"Web"))
            && applied.changes.touch(&Watch::node(Peer::LOCAL, b"N"))
    );
    assert!(!applied.changes.touch(&Watch::all_services(Peer::LOCAL)));
    let (index, rows) = world.tables.service_nodes(Peer::LOCAL, b"web", &mut off());
    assert_eq!((index, &rows[0].address, rows[0].raft_index.modify_index), (world.index, &text("10.9.9.9"), 1));
}

#[test]
fn skipping_the_node_update_leaves_the_node() {
    let mut world = World::default();
    world.done(&register(RegisterRequest { node_meta: Some(pairs([("a", "1")])), ..node("ca-n17") }));
    let request = RegisterRequest { address: text("10.7.7.7"), skip_node_update: true, ..node("ca-n17") };
    world.done(&register(with_service(request, service("ca-skip"))));
    let (_, seen) = world.tables.node(Peer::LOCAL, b"ca-n17", &mut off());
    let seen = seen.expect("registered");
    assert_eq!((&seen.address, &seen.meta), (&text("10.1.2.3"), &Some(pairs([("a", "1")]))));
    // A node that does not exist is made all the same.
    world.done(&register(RegisterRequest { skip_node_update: true, ..node("new") }));
    assert!(world.tables.has_node(Peer::LOCAL, b"NEW"));
}

#[test]
fn an_id_takes_its_node_along_to_a_new_name() {
    let mut world = World::default();
    let with_id = |name: &str, id: &str| RegisterRequest { id: text(id), ..node(name) };
    let created = world.done(&register(with_service(with_id("ca-n7", ID), service("web"))));
    let renamed = world.done(&register(with_id("ca-n7b", ID)));
    assert!(!world.tables.has_node(Peer::LOCAL, b"ca-n7"));
    let (_, seen) = world.tables.node_by_id(Peer::LOCAL, ID.as_bytes(), &mut off());
    let seen = seen.expect("the id is known");
    assert_eq!((seen.node.to_string(), seen.raft_index.create_index), ("ca-n7b".into(), created));
    assert_eq!(instances(&world, "web"), (renamed, vec![]), "what was on the old name went with it");
    // The name of a node that gossip holds alive is not to be had, but for a node without id.
    world.done(&register(with_check(with_id("ca-n7b", ID), "serfHealth", "", "passing")));
    let other = "11111111-2222-0000-0000-000000000008";
    assert_eq!(
        world.refused(&register(with_id("CA-n7b", other))),
        format!(
            "failed inserting node: Error while renaming Node ID: \"{other}\": \
             Node name CA-n7b is reserved by node {ID} with name ca-n7b (10.1.2.3)"
        )
    );
    world.done(&register(with_id("ca-other", other)));
    assert_eq!(
        world.refused(&register(with_id("ca-n7b", other))),
        format!(
            "failed inserting node: Error while renaming Node ID: \"{other}\" (10.1.2.3): \
             Node name ca-n7b is reserved by node {ID} with name ca-n7b (10.1.2.3)"
        )
    );
    // Once gossip has given it up, it is.
    world.done(&register(with_check(with_id("ca-n7b", ID), "serfHealth", "", "critical")));
    world.done(&register(with_id("ca-n7b", other)));
    assert!(!world.tables.has_node(Peer::LOCAL, b"ca-other"));
    assert_eq!(
        world.tables.node_by_id(Peer::LOCAL, ID.as_bytes(), &mut off()).1,
        None,
        "the id that held the name is gone"
    );
}

#[test]
fn refusals_name_the_step_that_failed() {
    let mut world = World::default();
    world.done(&register(node("n")));
    let bad_id = world.refused(&register(RegisterRequest { id: text("nonsense"), ..node("m") }));
    assert_eq!(
        bad_id,
        "failed inserting node: node lookup failed: node lookup by ID failed: index error: UUID must be 36 characters"
    );
    let of_other_node = RegisterRequest { node: text("m"), ..with_check(node("n"), "c", "", "") };
    assert_eq!(world.refused(&register(of_other_node)), "check node \"n\" does not match node \"m\"");
    let of_no_service = with_check(node("n"), "c", "none", "");
    assert_eq!(
        world.refused(&register(of_no_service)),
        "failed inserting check on node \"n\": Missing service registration"
    );
    let bad_meta = NodeService { meta: Some(pairs([("a b", "1")])), ..service("web") };
    assert_eq!(
        world.refused(&register(with_service(node("n"), bad_meta))),
        "failed inserting service: Invalid Service Meta for node n and serviceID web: \
         Couldn't load metadata pair ('a b', '1'): Key contains invalid characters"
    );
    let imported = NodeService { peer_name: text("other"), ..service("web") };
    assert_eq!(
        world.refused(&register(with_service(node("n"), imported))),
        "Cannot register services and checks for multiple peer names in one registration request"
    );
}

#[test]
fn deregistering_takes_along_what_depends_on_it() {
    let mut world = World::default();
    let request = RegisterRequest {
        checks: Some(vec![with_check(node("ca-n8"), "c2", "", "passing").check.expect("given")]),
        ..with_check(with_service(node("ca-n8"), service("ca-ds")), "c1", "ca-ds", "")
    };
    world.done(&register(request));
    let ids = |world: &World| -> Vec<(String, String, String)> {
        let (_, checks) = world.tables.node_checks(Peer::LOCAL, b"ca-n8", &mut off());
        let facts = |check: &Shared<HealthCheck>| {
            (check.check_id.to_string(), check.service_name.to_string(), check.status.to_string())
        };
        checks.iter().map(facts).collect()
    };
    assert_eq!(
        ids(&world),
        [("c1".into(), "ca-ds".into(), "critical".into()), ("c2".into(), String::new(), "passing".into())]
    );
    assert_eq!(world.tables.service_checks(Peer::LOCAL, b"ca-ds", &mut off()).1.len(), 1);
    let gone = world.done(&deregister("CA-N8", "CA-DS", ""));
    assert_eq!(world.tables.node_services(Peer::LOCAL, b"ca-n8", &mut off()).index, gone);
    assert_eq!(ids(&world).len(), 1);
    assert!(world.tables.service_checks(Peer::LOCAL, b"ca-ds", &mut off()).1.is_empty());
    world.done(&deregister("ca-n8", "", "c2"));
    assert!(ids(&world).is_empty());
    let before = world.tables.clone();
    for nothing in [deregister("none", "x", ""), deregister("none", "", "x"), deregister("none", "", "")] {
        assert!(world.apply(&nothing).changes.is_empty());
    }
    assert_eq!(world.tables, before);
    let removed = world.done(&deregister("ca-n8", "", ""));
    let read = world.tables.node_services(Peer::LOCAL, b"ca-n8", &mut off());
    assert_eq!((read.index, read.found), (removed, None));
    // As in Consul: what is too short for an id has no index at all. Any node may come to be meant.
    let read = world.tables.node_services(Peer::LOCAL, b"x", &mut off());
    assert_eq!((read.index, read.also), (0, Some(removed)));
    assert!(world.tables.nodes(Peer::LOCAL, &mut off()).1.is_empty());
}

#[test]
fn tags_are_listed_once_where_they_first_appear() {
    let mut world = World::default();
    for (name, own) in [("ca-n10", tags(["b", "a"])), ("ca-n11", tags(["c", "a"]))] {
        world.done(&register(with_service(node(name), NodeService { tags: Some(own), ..service("ca-ls1") })));
    }
    let (index, rows) = world.tables.services(Peer::LOCAL, &mut off());
    assert_eq!(index, world.index);
    assert_eq!(tags_by_name(&rows), [(text("ca-ls1"), tags(["b", "a", "c"]))].into());
}

#[test]
fn tags_filter_whatever_their_case() {
    let mut world = World::default();
    for (name, own) in [("ca-n13", tags(["a", "B"])), ("ca-n14", tags(["a"]))] {
        world.done(&register(with_service(node(name), NodeService { tags: Some(own), ..service("ca-tag") })));
    }
    let check = |wanted: Vec<GoStr>, expected: &[&str]| {
        let (index, rows) = world.tables.service_tag_nodes(Peer::LOCAL, b"ca-tag", &wanted, &mut off());
        assert_eq!((index, nodes_of(&rows)), (2, expected.iter().map(|name| (*name).to_owned()).collect()));
    };
    check(tags(["b"]), &["ca-n13"]);
    check(tags(["A", "b"]), &["ca-n13"]);
    check(tags(["a"]), &["ca-n13", "ca-n14"]);
    check(tags([]), &["ca-n13", "ca-n14"]);
    check(tags(["x"]), &[]);
}

#[test]
fn metadata_filters_nodes_and_their_services() {
    let mut world = World::default();
    let zoned =
        |name: &str, zone: &str| RegisterRequest { node_meta: Some(pairs([("zone", zone), ("x", "1")])), ..node(name) };
    world.done(&register(with_service(zoned("a", "1"), service("web"))));
    world.done(&register(with_service(zoned("b", "2"), service("web"))));
    let check = |wanted: std::collections::BTreeMap<GoStr, GoStr>, expected: &[&str]| {
        let (_, nodes) = world.tables.nodes_by_meta(Peer::LOCAL, &wanted, &mut off());
        assert_eq!(nodes.iter().map(|node| node.node.to_string()).collect::<Vec<_>>(), expected);
        let (index, rows) = world.tables.services_by_node_meta(Peer::LOCAL, &wanted, &mut off());
        assert_eq!((index, nodes_of(&rows)), (2, expected.iter().map(|name| (*name).to_owned()).collect()));
    };
    check(pairs([("zone", "1")]), &["a"]);
    check(pairs([("x", "1")]), &["a", "b"]);
    check(pairs([("x", "1"), ("zone", "2")]), &["b"]);
    check(pairs([("zone", "3")]), &[]);
    check(pairs([]), &[]);
}

#[test]
fn the_mesh_reaches_a_service_through_proxies_and_native_instances() {
    let mut world = World::default();
    world.done(&register(with_service(node("a"), proxy("p1", "dest"))));
    let native = ServiceConnect { native: true, ..ServiceConnect::default() };
    world.done(&register(with_service(node("b"), NodeService { connect: native, port: 7, ..service("dest") })));
    world.done(&register(with_service(node("c"), service("dest"))));
    let (_, rows) = world.tables.connect_service_nodes(Peer::LOCAL, b"Dest", &mut off());
    assert_eq!(nodes_of(&rows), ["a", "b"]);
    let virtual_address = |port| ServiceAddress { address: text("240.0.0.1"), port };
    let shown: Vec<_> = rows.iter().map(|row| row.service_tagged_addresses.clone()).collect();
    let expected = [9, 7].map(|port| Some([(text("consul-virtual"), virtual_address(port))].into()));
    assert_eq!(shown, expected);
    assert_eq!(
        world.tables.virtual_ip(Peer::LOCAL, b"dest").map(|address| address.to_string()),
        Some("240.0.0.1".into())
    );
    assert_eq!(world.tables.virtual_ip(Peer::LOCAL, b"none"), None);
}

/// The answer's index is that of the service's own instances, which its proxies do not move.
#[test]
fn a_proxys_change_moves_the_index_of_what_it_stands_for() {
    let mut world = World::default();
    world.done(&register(with_service(node("a"), service("dest"))));
    let added = world.done(&register(with_service(node("a"), proxy("p1", "dest"))));
    assert_eq!(world.tables.connect_index(Peer::LOCAL, b"dest"), added);
    let removed = world.done(&deregister("a", "p1", ""));
    let (index, rows) = world.tables.connect_service_nodes(Peer::LOCAL, b"dest", &mut off());
    assert_eq!((index, rows.len()), (removed, 0));
}

#[test]
fn a_virtual_address_stays_while_an_instance_does_and_is_then_given_away() {
    let mut world = World::default();
    let native = |name: &str| NodeService {
        connect: ServiceConnect { native: true, ..ServiceConnect::default() },
        port: 1,
        ..service(name)
    };
    let address =
        |world: &World, name: &str| world.tables.virtual_ip(Peer::LOCAL, name.as_bytes()).map(|ip| ip.to_string());
    world.done(&register(with_service(node("a"), native("one"))));
    world.done(&register(with_service(node("a"), native("two"))));
    world.done(&register(with_service(node("b"), native("one"))));
    assert_eq!(address(&world, "two"), Some("240.0.0.2".into()));
    world.done(&deregister("a", "one", ""));
    assert_eq!(address(&world, "one"), Some("240.0.0.1".into()));
    let freed = world.done(&deregister("b", "one", ""));
    assert_eq!((address(&world, "one"), world.tables.indexes.virtual_ips), (None, freed));
    world.done(&register(with_service(node("a"), native("three"))));
    world.done(&register(with_service(node("a"), native("four"))));
    assert_eq!(address(&world, "three"), Some("240.0.0.1".into()));
    assert_eq!(address(&world, "four"), Some("240.0.0.3".into()));
}

/// Consul gives the address away here, and two services show the same.
#[test]
fn a_virtual_address_stays_while_a_proxy_shows_it() {
    let mut world = World::default();
    world.done(&register(with_service(node("a"), service("web"))));
    world.done(&register(with_service(node("a"), proxy("p1", "web"))));
    world.done(&deregister("a", "web", ""));
    world.done(&register(with_service(node("a"), proxy("p2", "db"))));
    let address = |world: &World, name: &[u8]| world.tables.virtual_ip(Peer::LOCAL, name).map(|ip| ip.to_string());
    assert_eq!((address(&world, b"web"), address(&world, b"db")), (Some("240.0.0.1".into()), Some("240.0.0.2".into())));
    world.done(&deregister("a", "p1", ""));
    assert_eq!(address(&world, b"web"), None);
}

#[test]
fn a_node_is_found_by_name_and_by_the_beginning_of_its_id() {
    let mut world = World::default();
    let other = "11111111-3333-0000-0000-000000000008";
    world.done(&register(with_service(RegisterRequest { id: text(ID), ..node("a") }, service("web"))));
    world.done(&register(RegisterRequest { id: text(other), ..node("b") }));
    world.done(&register(node("ff")));
    let found = |name: &str| {
        let seen = world.tables.node_services(Peer::LOCAL, name.as_bytes(), &mut off()).found;
        seen.map(|seen| seen.node.node.to_string())
    };
    let check = |name: &str, expected: Option<&str>| assert_eq!(found(name).as_deref(), expected, "{name}");
    check("A", Some("a"));
    check(ID, Some("a"));
    check(&other.to_uppercase(), Some("b"));
    check("11111111-22", Some("a"));
    check("11111111-222", Some("a"));
    check("111111112", Some("a"));
    check("111111114", None);
    check("11111111", None);
    check("ff", Some("ff"));
    check("fe", None);
    check("zz", None);
    check("1", None);
}

/// An imported registration names its peer once or everywhere.
fn imported(peer: &str, request: RegisterRequest) -> Entry {
    register(RegisterRequest { peer_name: text(peer), ..request })
}

#[test]
fn what_is_imported_from_a_peer_is_apart_from_what_is_local() {
    let mut world = World::default();
    let local = world.done(&register(with_check(with_service(node("n"), service("web")), "c", "web", "passing")));
    let theirs = Peer::named(b"Other");
    let before: Vec<_> = [Peer::LOCAL, theirs].map(|peer| world.tables.indexes.of(peer)).into();
    assert_eq!(before[1], PeerIndexes::default());
    let full = with_check(with_service(node("N"), service("Web")), "c", "web", "critical");
    let applied = world.apply(&imported("other", full));
    let index = world.index;
    let own = world.tables.indexes.of(theirs);
    assert_eq!((own.nodes, own.services, own.checks), (index, index, index));
    assert_eq!(world.tables.indexes.of(Peer::LOCAL), before[0], "the local tables' indexes stay");
    assert_eq!(world.tables.indexes.all.nodes, index);
    for local in [Watch::service(Peer::LOCAL, b"web"), Watch::node(Peer::LOCAL, b"n"), Watch::nodes(Peer::LOCAL)] {
        assert!(!applied.changes.touch(&local), "{local:?}");
    }
    assert!(applied.changes.touch(&Watch::health(theirs, b"WEB")));
    assert_eq!(instances(&world, "web"), (local, vec![("n".into(), local)]));
    let (seen, rows) = world.tables.service_nodes(theirs, b"web", &mut off());
    assert_eq!((seen, rows[0].node.to_string(), rows[0].peer_name.to_string()), (index, "N".into(), "other".into()));
    let (_, checks) = world.tables.node_checks(theirs, b"n", &mut off());
    assert_eq!((checks.len(), checks[0].peer_name.to_string()), (1, "other".into()));
    assert_eq!(world.tables.nodes(Peer::named(b"nobody"), &mut off()), (0, vec![]));
    assert_eq!(world.tables.nodes(Peer::named(b"~"), &mut off()).1.len(), 1, "Consul's key for what is local");
    // Only the named peer's node goes.
    let gone = DeregisterRequest { node: text("n"), peer_name: text("other"), ..DeregisterRequest::default() };
    world.done(&Entry::Deregister(Box::new(gone)));
    assert!(!world.tables.has_node(theirs, b"n") && world.tables.has_node(Peer::LOCAL, b"n"));
    assert_eq!(instances(&world, "web"), (local, vec![("n".into(), local)]));
    assert_eq!(world.tables.service_nodes(theirs, b"web", &mut off()), (world.index, vec![]));
}

#[test]
fn a_kind_has_the_names_that_its_instances_have() {
    let mut world = World::default();
    let names = |world: &World, kind: ServiceKind| {
        let (index, names) = world.tables.names_of_kind(&kind, &mut off());
        (index, names.iter().map(|row| row.name.to_string()).collect::<Vec<_>>())
    };
    assert_eq!(names(&world, ServiceKind::Typical), (0, vec![]));
    let typical = world.done(&register(with_service(node("a"), service("Web"))));
    world.done(&register(with_service(node("b"), service("web"))));
    assert_eq!(names(&world, ServiceKind::Typical), (typical, vec!["Web".into()]), "a second instance is no news");
    let proxied = world.done(&register(with_service(node("a"), proxy("p", "web"))));
    assert_eq!(names(&world, ServiceKind::ConnectProxy), (proxied, vec!["p".into()]));
    assert_eq!(names(&world, ServiceKind::ConnectEnabled), (proxied, vec!["web".into()]));
    world.done(&imported("other", with_service(node("a"), service("theirs"))));
    assert_eq!(names(&world, ServiceKind::Typical).0, typical, "what is imported is not listed");
    world.done(&deregister("a", "web", ""));
    assert_eq!(names(&world, ServiceKind::Typical).0, typical);
    let last = world.done(&deregister("b", "web", ""));
    assert_eq!(names(&world, ServiceKind::Typical), (last, vec![]));
    let applied = world.apply(&deregister("a", "p", ""));
    assert_eq!(names(&world, ServiceKind::ConnectEnabled), (world.index, vec![]));
    assert!(applied.changes.touch(&Watch::kind_names(b"connect-proxy")));
    // An instance that takes another kind leaves its old one.
    world.done(&register(with_service(node("a"), service("x"))));
    world.done(&register(with_service(node("a"), NodeService { kind: ServiceKind::MeshGateway, ..service("x") })));
    assert_eq!(names(&world, ServiceKind::Typical), (world.index, vec![]));
    assert_eq!(names(&world, ServiceKind::MeshGateway), (world.index, vec!["x".into()]));
}

#[test]
fn instances_are_found_by_address() {
    let mut world = World::default();
    let at = |address: &str| NodeService { address: text(address), ..service("web") };
    world.done(&register(with_service(node("a"), at("10.0.0.1"))));
    let tagged = [(text("lan"), ServiceAddress { address: text("10.0.0.1"), port: 0 })].into();
    world.done(&register(with_service(node("b"), NodeService { tagged_addresses: Some(tagged), ..at("10.0.0.2") })));
    let (index, rows) = world.tables.service_address_nodes(Peer::LOCAL, &text("10.0.0.1"), &mut off());
    assert_eq!((index, nodes_of(&rows)), (0, vec!["a".into(), "b".into()]));
}

#[test]
fn a_node_with_very_many_services_is_not_quadratic() {
    let mut world = World::default();
    for n in 0..2_000 {
        world.done(&register(with_service(node("n"), service(&format!("s{n}")))));
    }
    let applied = world.apply(&register(RegisterRequest { address: text("10.9.9.9"), ..node("n") }));
    let expected = 2 * 2_000 + 3;
    assert_eq!(
        applied.changes.iter().count(),
        expected,
        "each service with and without checks, its kind, the node, nodes"
    );
}
