//! Properties of every history: the tables say what a plain model says, no index goes back, and whoever waits for
//! what changed is found.

use super::model::{Kind, Model, PEER, Row, Setting, Step};
use super::*;
use crate::snapshot::{Restore, write_snapshot};
use crate::{Snapshot, WatchIndex};
use proconsul_structs::service::{ServiceKind, ServiceNode};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;

fn any_key() -> impl Strategy<Value = String> {
    vec(select(vec!["a", "b", "/"]), 1..5).prop_map(|parts| parts.concat())
}

fn any_name() -> impl Strategy<Value = String> {
    select(vec!["web", "db", "ca"]).prop_map(str::to_owned)
}

fn any_session() -> impl Strategy<Value = String> {
    select(vec!["s1", "s2"]).prop_map(str::to_owned)
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        10 => key_step(),
        22 => catalog_step(),
        6 => catalog_step().prop_map(|step| Step::Imported { step: Box::new(step) }),
        3 => (any_name(), any::<bool>(), 0u8..3)
            .prop_map(|(node, segment, error)| Step::Move { node, segment, error }),
        12 => session_step(),
        12 => any_setting().prop_map(Step::Configure),
    ]
}

/// Steps among which gateways are registered too, whose instances change with their entries.
fn any_step_with_gateways() -> impl Strategy<Value = Step> {
    let gateway = (any_name(), any_name(), any_name(), 0u8..2).prop_map(|(node, id, name, port)| {
        let kind = Kind::Terminating;
        Step::Service { node, id, name, kind, port }
    });
    prop_oneof![9 => any_step(), 2 => gateway, 2 => any_setting().prop_map(Step::Configure)]
}

fn any_setting() -> impl Strategy<Value = Setting> {
    let served = || prop_oneof![2 => any_name(), 1 => Just("*".to_owned())];
    let kind = select(vec!["ingress-gateway", "terminating-gateway", "service-defaults", "proxy-defaults"]);
    prop_oneof![
        3 => (any_name(), vec((served(), 1u8..3), 0..3), any::<bool>())
            .prop_map(|(gateway, serves, http)| Setting::Ingress { gateway, serves, http }),
        3 => (any_name(), vec(served(), 0..3), any::<bool>())
            .prop_map(|(gateway, serves, sni)| Setting::Terminating { gateway, serves, sni }),
        3 => (any_name(), any::<bool>(), any::<bool>())
            .prop_map(|(name, destination, http)| Setting::Service { name, destination, http }),
        1 => any::<bool>().prop_map(|http| Setting::Proxies { http }),
        3 => (kind, any_name()).prop_map(|(kind, name)| Setting::Remove { kind, name }),
    ]
}

fn session_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (any_session(), any_name(), proptest::option::of(any_name()), any::<bool>(), any::<bool>())
            .prop_map(|(id, node, check, deletes, delays)| Step::Session { id, node, check, deletes, delays }),
        2 => any_session().prop_map(|id| Step::EndSession { id }),
        6 => (any_key(), 0u8..3, any_session())
            .prop_map(|(key, value, session)| Step::Lock { key, value, session }),
        3 => (any_key(), 0u8..3, any_session())
            .prop_map(|(key, value, session)| Step::Unlock { key, value, session }),
    ]
}

fn key_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (any_key(), 0u8..3).prop_map(|(key, value)| Step::Set { key, value }),
        2 => (any_key(), 0u8..3, any::<bool>()).prop_map(|(key, value, right)| Step::Cas { key, value, right }),
        3 => any_key().prop_map(|key| Step::Delete { key }),
        1 => (any_key(), any::<bool>()).prop_map(|(key, right)| Step::DeleteCas { key, right }),
        1 => any_key().prop_map(|prefix| Step::DeleteTree { prefix }),
        1 => Just(Step::DeleteTree { prefix: String::new() }),
        1 => (0u64..4).prop_map(|back| Step::Reap { back }),
    ]
}

fn catalog_step() -> impl Strategy<Value = Step> {
    let kind = || select(vec![Kind::Plain, Kind::Native, Kind::ProxyForWeb]);
    prop_oneof![
        3 => (any_name(), 0u8..3).prop_map(|(name, address)| Step::Node { name, address }),
        8 => (any_name(), any_name(), any_name(), kind(), 0u8..2)
            .prop_map(|(node, id, name, kind, port)| Step::Service { node, id, name, kind, port }),
        5 => (any_name(), any_name(), proptest::option::of(any_name()), 0u8..3)
            .prop_map(|(node, id, service, status)| Step::Check { node, id, service, status }),
        1 => any_name().prop_map(|name| Step::RemoveNode { name }),
        3 => (any_name(), any_name()).prop_map(|(node, id)| Step::RemoveService { node, id }),
        2 => (any_name(), any_name()).prop_map(|(node, id)| Step::RemoveCheck { node, id }),
    ]
}

/// Every question there is about a few names.
#[derive(Clone, Debug)]
enum Read {
    Get(String),
    List(String),
    Coordinates,
    NodeCoordinates(&'static str),
    Usage,
    Sessions,
    Session(&'static str),
    NodeSessions(&'static str),
    /// What the catalog of one cluster has.
    Catalog(&'static str, CatalogRead),
    KindNames(ServiceKind),
    GatewayServices(&'static str),
    EveryGatewayService,
    IngressHealth(&'static str),
    InFront(&'static str, ServiceKind),
}

#[derive(Clone, Debug)]
enum CatalogRead {
    Nodes,
    NodesByMeta,
    NodesAt(String),
    Services,
    ServicesWithNodes,
    ServiceNames,
    ServiceNodes(String),
    TagNodes(String),
    ConnectNodes(String),
    NodeServices(String),
    NodeChecks(String),
    ServiceChecks(String),
    ServiceChecksByMeta(String),
    Checks,
    InState(String),
    InStateByMeta(String),
    Health(String),
    TagHealth(String),
    ConnectHealth(String),
    Dump,
    KindDump(ServiceKind),
}

fn every_read(keys: &[String]) -> Vec<Read> {
    let mut reads = vec![Read::List(String::new()), Read::Coordinates, Read::Usage, Read::Sessions];
    reads.extend(["s1", "S2", "none"].map(Read::Session));
    reads.extend(["web", "DB", "none"].map(Read::NodeSessions));
    reads.extend(["web", "DB", "none"].map(Read::NodeCoordinates));
    for key in keys {
        reads.extend([Read::Get(key.clone()), Read::List(key.clone())]);
    }
    reads.push(Read::EveryGatewayService);
    reads.extend(["web", "DB", "none"].map(Read::GatewayServices));
    reads.extend(["web", "DB", "none"].map(Read::IngressHealth));
    for kind in [ServiceKind::IngressGateway, ServiceKind::TerminatingGateway] {
        reads.extend(["web", "DB"].map(|name| Read::InFront(name, kind.clone())));
    }
    let kinds =
        [ServiceKind::Typical, ServiceKind::ConnectProxy, ServiceKind::ConnectEnabled, ServiceKind::Destination];
    for kind in kinds {
        reads.push(Read::KindNames(kind));
    }
    for peer in ["", PEER] {
        reads.extend(every_catalog_read().into_iter().map(|read| Read::Catalog(peer, read)));
    }
    reads
}

fn every_catalog_read() -> Vec<CatalogRead> {
    use CatalogRead::*;
    let mut reads = vec![Nodes, NodesByMeta, Services, ServicesWithNodes, ServiceNames, Checks, Dump];
    for name in ["web", "DB", "ca", "none", "w"].map(str::to_owned) {
        let by_name = [
            NodesAt,
            ServiceNodes,
            TagNodes,
            ConnectNodes,
            NodeServices,
            NodeChecks,
            ServiceChecks,
            ServiceChecksByMeta,
            Health,
            TagHealth,
            ConnectHealth,
        ];
        reads.extend(by_name.map(|read| read(name.clone())));
    }
    for state in ["passing", "Critical", "any"].map(str::to_owned) {
        reads.extend([InState(state.clone()), InStateByMeta(state)]);
    }
    reads.extend([ServiceKind::Typical, ServiceKind::ConnectProxy].map(KindDump));
    reads
}

/// Index, answer and watches of a read. Of services without nodes only what the services themselves say counts.
fn ask(world: &World, read: &Read) -> (u64, String, WatchSet) {
    let (tables, mut watches) = (&world.tables, WatchSet::new());
    let on = &mut watches;
    let (index, answer) = match read {
        Read::Get(key) => {
            let read = tables.kv_get(&text(key), on).expect("histories have no empty key");
            (read.index(), format!("{:?}", read.entry))
        }
        Read::List(prefix) => shown(tables.kv_list(&text(prefix), on)),
        Read::KindNames(kind) => shown(tables.names_of_kind(kind, on)),
        Read::GatewayServices(name) => shown(tables.gateway_services(name.as_bytes(), on)),
        Read::EveryGatewayService => shown(tables.every_gateway_service(on)),
        Read::InFront(name, kind) => also(tables.ingress_index(), tables.service_gateways(name.as_bytes(), kind, on)),
        Read::IngressHealth(name) => {
            also(tables.ingress_index(), tables.check_ingress_service_nodes(name.as_bytes(), on))
        }
        Read::Coordinates => shown(tables.coordinates(on)),
        Read::NodeCoordinates(node) => shown(tables.node_coordinates(node.as_bytes(), on)),
        // Waited for by another index than the answer's own.
        Read::Sessions => shown(tables.sessions(on)),
        Read::Session(id) => shown(tables.session(id.as_bytes(), on)),
        Read::NodeSessions(name) => shown(tables.node_sessions(name.as_bytes(), on)),
        Read::Usage => also(tables.indexes.usage, tables.usage(on)),
        Read::Catalog(peer, read) => ask_catalog(tables, Peer::named(peer.as_bytes()), read, on),
    };
    (index, answer, watches)
}

/// The index is the greater of the answer's own and of the other one that such a query waits by.
fn ask_catalog(tables: &Tables, peer: Peer<'_>, read: &CatalogRead, on: &mut WatchSet) -> (u64, String) {
    let pairs = [(text("zone"), text("1"))].into();
    let over = tables.passed_over_index(peer);
    let with_nodes = tables.checks_with_nodes_index(peer);
    match read {
        CatalogRead::Nodes => shown(tables.nodes(peer, on)),
        CatalogRead::NodesByMeta => shown(tables.nodes_by_meta(peer, &pairs, on)),
        CatalogRead::NodesAt(name) => shown(tables.node(peer, name.as_bytes(), on)),
        CatalogRead::Services => {
            let (index, rows) = tables.services(peer, on);
            let own: Vec<_> = rows.iter().map(|row| (&row.node, &row.service_id, row.raft_index)).collect();
            (index, format!("{own:?} {:?}", tags_by_name(&rows)))
        }
        CatalogRead::ServicesWithNodes => also(tables.with_nodes_index(peer), tables.services_with_nodes(peer, on)),
        CatalogRead::ServiceNames => shown(tables.service_names(peer, on)),
        CatalogRead::ServiceNodes(name) => also(over, tables.service_nodes(peer, name.as_bytes(), on)),
        CatalogRead::TagNodes(name) => also(over, tables.service_tag_nodes(peer, name.as_bytes(), &[text("T")], on)),
        CatalogRead::ConnectNodes(name) => {
            let name = name.as_bytes();
            also(tables.connect_index(peer, name), tables.connect_service_nodes(peer, name, on))
        }
        CatalogRead::NodeServices(name) => {
            let read = tables.node_services(peer, name.as_bytes(), on);
            also(read.also.unwrap_or(0), (read.index, read.found))
        }
        CatalogRead::NodeChecks(name) => shown(tables.node_checks(peer, name.as_bytes(), on)),
        CatalogRead::ServiceChecks(name) => shown(tables.service_checks(peer, name.as_bytes(), on)),
        CatalogRead::ServiceChecksByMeta(name) => {
            also(with_nodes, tables.service_checks_by_node_meta(peer, name.as_bytes(), &pairs, on))
        }
        CatalogRead::Checks => shown(tables.checks(peer, on)),
        CatalogRead::InState(state) => shown(tables.checks_in_state(peer, state.as_bytes(), on)),
        CatalogRead::InStateByMeta(state) => {
            also(with_nodes, tables.checks_in_state_by_node_meta(peer, state.as_bytes(), &pairs, on))
        }
        CatalogRead::Health(name) => also(over, tables.check_service_nodes(peer, name.as_bytes(), on)),
        CatalogRead::TagHealth(name) => {
            also(over, tables.check_service_tag_nodes(peer, name.as_bytes(), &[text("T")], on))
        }
        CatalogRead::ConnectHealth(name) => {
            let name = name.as_bytes();
            also(tables.connect_index(peer, name), tables.check_connect_service_nodes(peer, name, on))
        }
        CatalogRead::Dump => shown(tables.service_dump(peer, on)),
        CatalogRead::KindDump(kind) => shown(tables.service_dump_of_kind(peer, kind, on)),
    }
}

/// With another index that is waited for as well.
fn also<T: std::fmt::Debug>(other: u64, (index, answer): (u64, T)) -> (u64, String) {
    shown((index.max(other), answer))
}

fn shown<T: std::fmt::Debug>((index, answer): (u64, T)) -> (u64, String) {
    (index, format!("{answer:?}"))
}

/// The tables after they were saved and restored.
fn through_a_file(world: &World) -> Tables {
    let mut file = Vec::new();
    let snapshot = Snapshot { index: world.index, tables: world.tables.clone() };
    write_snapshot(&snapshot, &mut file).expect("a vector takes all");
    let mut restore = Restore::new();
    restore.feed(&file).expect("just written");
    restore.finish().expect("and whole").tables
}

/// The tables without what a snapshot file does not tell: since when a kind of service has a name, and a gateway serves a
/// service.
fn timeless(tables: &Tables) -> Tables {
    tables.without_kind_indexes().without_gateway_indexes()
}

/// What health answers show, from the plain lists: node, id, the ids of the node's checks and then of its own.
fn health_of(model: &Model, name: &str) -> Vec<(String, String, Vec<String>)> {
    let of_name = model.services.iter().filter(|(_, (says, _))| says.split(' ').next() == Some(name));
    let checks = |node: &String, service: &str| {
        let counts = move |of: &String| of.split(' ').next().unwrap_or_default() == service;
        let fitting = model.checks.iter().filter(move |((at, _), (of, ..))| at == node && counts(of));
        fitting.map(|((_, id), _)| id.clone()).collect::<Vec<_>>()
    };
    of_name.map(|((node, id), _)| (node.clone(), id.clone(), [checks(node, ""), checks(node, id)].concat())).collect()
}

fn assert_like(world: &World, peer: Peer<'_>, model: &Model) -> Result<(), TestCaseError> {
    let off = &mut WatchSet::off();
    if peer.is_local() {
        assert_keys_like(world, model)?;
        assert_sessions_like(world, model)?;
        assert_counted(world)?;
        let (_, stored) = world.tables.coordinates(off);
        let seen: Vec<_> = stored
            .iter()
            .map(|at| ((at.node.to_string(), at.segment.to_string()), at.coord.as_ref().map_or(0.0, |at| at.error)))
            .collect();
        let expected: Vec<_> = model.coordinates.clone().into_iter().collect();
        prop_assert_eq!(seen, expected);
    }
    let (_, nodes) = world.tables.nodes(peer, off);
    let seen: Vec<_> =
        nodes.iter().map(|n| (n.node.to_string(), n.address.to_string(), n.raft_index.modify_index)).collect();
    let expected: Vec<_> =
        model.nodes.iter().map(|(name, (address, index))| (name.clone(), address.clone(), *index)).collect();
    prop_assert_eq!(seen, expected);
    let (_, rows) = world.tables.services(peer, off);
    let seen: Vec<_> = rows
        .iter()
        .map(|row| {
            let address = model.nodes.get(&row.node.to_string()).map(|(address, _)| address.clone());
            prop_assert_eq!(Some(row.address.to_string()), address, "the row's node");
            Ok((
                row.node.to_string(),
                row.service_id.to_string(),
                row.service_name.to_string(),
                row.raft_index.modify_index,
            ))
        })
        .collect::<Result<_, _>>()?;
    let expected: Vec<(String, String, String, u64)> = model
        .services
        .iter()
        .map(|((node, id), (says, index))| {
            (node.clone(), id.clone(), says.split(' ').next().unwrap_or_default().to_owned(), *index)
        })
        .collect();
    prop_assert_eq!(seen, expected);
    let (_, checks) = world.tables.checks(peer, off);
    let seen: Vec<_> = checks
        .iter()
        .map(|check| (check.node.to_string(), check.check_id.to_string(), check.raft_index.modify_index))
        .collect();
    let expected: Vec<_> =
        model.checks.iter().map(|((node, id), (_, _, index))| (node.clone(), id.clone(), *index)).collect();
    prop_assert_eq!(seen, expected);
    for name in ["web", "db", "ca"] {
        let (_, found) = world.tables.check_service_nodes(peer, name.as_bytes(), off);
        let seen: Vec<_> = found
            .iter()
            .map(|one| {
                let service = one.service.as_ref().expect("every answer has one");
                let node = one.node.as_ref().expect("every answer has one").node.to_string();
                let checks = one.checks.iter().flatten().map(|check| check.check_id.to_string()).collect::<Vec<_>>();
                (node, service.id.to_string(), checks)
            })
            .collect();
        prop_assert_eq!(seen, health_of(model, name));
        prop_assert_eq!(world.tables.names_of_kind(&ServiceKind::Typical, off).1.len(), model_names(world));
    }
    let in_states = ["passing", "warning", "critical"]
        .map(|state| world.tables.checks_in_state(peer, state.as_bytes(), off).1.len());
    prop_assert_eq!(in_states.iter().sum::<usize>(), checks.len());
    Ok(())
}

/// Holds what is counted as it comes and goes against a count of what is there.
fn assert_counted(world: &World) -> Result<(), TestCaseError> {
    let off = &mut WatchSet::off();
    let (_, rows) = world.tables.services(Peer::LOCAL, off);
    let (_, usage) = world.tables.usage(off);
    let count = |counts: &dyn Fn(&ServiceNode) -> bool| rows.iter().filter(|row| counts(row)).count() as i64;
    let names: std::collections::BTreeSet<_> = rows.iter().map(|row| row.service_name.to_string()).collect();
    let of_mesh =
        |kind: &str| usage.connect_service_instances.as_ref().and_then(|kinds| kinds.get(kind.as_bytes()).copied());
    prop_assert_eq!(usage.nodes, world.tables.nodes(Peer::LOCAL, off).1.len() as i64);
    prop_assert_eq!(usage.services, names.len() as i64);
    prop_assert_eq!(usage.service_instances, rows.len() as i64);
    prop_assert_eq!(usage.billable_service_instances, count(&|row| row.service_kind == ServiceKind::Typical));
    prop_assert_eq!(of_mesh("connect-proxy"), Some(count(&|row| row.service_kind == ServiceKind::ConnectProxy)));
    prop_assert_eq!(of_mesh("connect-native"), Some(count(&|row| row.service_connect.native)));
    prop_assert_eq!(of_mesh("mesh-gateway"), Some(0));
    Ok(())
}

/// How many names typical services have, by looking at all of them.
fn model_names(world: &World) -> usize {
    let (_, rows) = world.tables.services(Peer::LOCAL, &mut WatchSet::off());
    let typical = rows.iter().filter(|row| row.service_kind == ServiceKind::Typical);
    typical.map(|row| row.service_name.to_string()).collect::<std::collections::BTreeSet<_>>().len()
}

fn assert_keys_like(world: &World, model: &Model) -> Result<(), TestCaseError> {
    let off = &mut WatchSet::off();
    let (_, entries) = world.tables.kv_list(&GoStr::EMPTY, off);
    let seen: Vec<_> = entries
        .iter()
        .map(|entry| {
            let RaftIndex { create_index: create, modify_index: modify } = entry.raft_index;
            let (value, session) = (entry.value.clone().unwrap_or_default().to_vec(), entry.session.to_string());
            (entry.key.to_vec(), Row { value, create, modify, lock_index: entry.lock_index, session })
        })
        .collect();
    let expected: Vec<_> = model.kv.iter().map(|(key, row)| (key.clone(), row.clone())).collect();
    prop_assert_eq!(seen, expected);
    Ok(())
}

fn assert_sessions_like(world: &World, model: &Model) -> Result<(), TestCaseError> {
    let (_, sessions) = world.tables.sessions(&mut WatchSet::off());
    let seen: Vec<_> =
        sessions.iter().map(|session| (session.id.to_string(), session.raft_index.modify_index)).collect();
    let expected: Vec<_> = model.sessions.iter().map(|(id, claim)| (id.clone(), claim.index)).collect();
    prop_assert_eq!(seen, expected);
    Ok(())
}

/// Whether what a read waits for is as fine as the index that it waits by, so that nobody is woken by a write elsewhere.
fn wakes_for_news_only(read: &Read) -> bool {
    use CatalogRead::*;
    let Read::Catalog(_, read) = read else { return false };
    matches!(
        read,
        Health(_) | TagHealth(_) | ConnectHealth(_) | KindDump(_) | NodeChecks(_) | InState(_) | Checks | Dump
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn a_history_reads_like_a_plain_model_and_is_the_same_everywhere(steps in vec(any_step(), 1..40)) {
        let (mut world, mut elsewhere) = (World::default(), World::default());
        let (mut model, mut theirs) = (Model::default(), Model::default());
        for step in &steps {
            let entry = step.entry(&world);
            let here = world.apply(&entry);
            let there = elsewhere.apply(&Entry::decode(&entry.encode().expect("short")).expect("just written"));
            prop_assert_eq!(&here, &there);
            prop_assert_eq!(&world.tables, &elsewhere.tables);
            match step {
                Step::Imported { step } => theirs.apply(step, world.index),
                step => model.apply(step, world.index),
            }
            if !matches!(step, Step::Imported { .. }) {
                let mut delayed: Vec<String> = here.lock_delays.iter().map(|delay| delay.key.to_string()).collect();
                delayed.sort_unstable();
                model.delayed.sort_unstable();
                prop_assert_eq!(&delayed, &model.delayed);
            }
            assert_like(&world, Peer::LOCAL, &model)?;
            assert_like(&world, Peer::named(PEER.as_bytes()), &theirs)?;
            prop_assert_eq!(timeless(&world.tables.with_gateways_derived()), timeless(&world.tables), "after {:?}", step);
        }
        prop_assert_eq!(timeless(&through_a_file(&world)), timeless(&world.tables));
    }

    #[test]
    fn whoever_waits_for_what_changed_is_found_and_sees_a_greater_index(
        steps in vec(any_step_with_gateways(), 1..30), keys in vec(any_key(), 1..6),
    ) {
        let mut world = World::default();
        let reads = every_read(&keys);
        for step in &steps {
            let before: Vec<_> = reads.iter().map(|read| ask(&world, read)).collect();
            let mut waiting = WatchIndex::new();
            for (id, (_, _, watches)) in before.iter().enumerate() {
                for watch in watches.watches() {
                    waiting.insert(watch, id);
                }
            }
            let same_tables = world.tables.clone();
            let applied = world.apply(&step.entry(&world.clone()));
            let mut found = Vec::new();
            waiting.affected(&applied.changes, &mut found);
            for (id, (read, (index, answer, watches))) in reads.iter().zip(&before).enumerate() {
                let (new_index, new_answer, _) = ask(&world, read);
                // Reaped tombstones are forgotten, and a deleted tree leaves old ones below it: a list goes by what is
                // left then, as in Consul.
                let may_go_back = matches!((step, read), (Step::Reap { .. } | Step::DeleteTree { .. }, Read::List(_)));
                prop_assert!(may_go_back || new_index >= *index, "{:?} went back from {} to {}", read, index, new_index);
                prop_assert_eq!(found.contains(&id), watches.is_affected(&applied.changes), "{:?}", read);
                if found.contains(&id) && wakes_for_news_only(read) {
                    prop_assert_eq!(new_index, world.index, "{:?} was woken by {:?} for nothing", read, step);
                }
                if new_answer != *answer {
                    prop_assert!(found.contains(&id), "{:?} changed and nobody was woken by {:?}", read, step);
                    let told = new_index == world.index || (may_go_back && applied.changes.took_tree());
                    prop_assert!(told, "{:?} changed without its index, {:?}", read, step);
                }
            }
            if applied.changes.is_empty() && !matches!(step, Step::Reap { .. }) {
                prop_assert_eq!(&world.tables, &same_tables, "{:?} changed something in silence", step);
            }
            prop_assert_eq!(timeless(&world.tables.with_gateways_derived()), timeless(&world.tables), "after {:?}", step);
        }
        prop_assert_eq!(timeless(&through_a_file(&world)), timeless(&world.tables));
    }
}

/// How many random steps one long history has in `cargo test`; `PROCONSUL_MODEL_STEPS` says otherwise.
const LONG_HISTORY_STEPS: u64 = 30_000;
/// How often it is compared with the model, and saved and restored.
const LOOKED_AT_EVERY: u64 = 500;

/// One history, as long as asked for: what short ones never come to, such as indexes far apart and much that was deleted again.
/// `PROCONSUL_MODEL_STEPS=3000000 cargo test --release -p proconsul-state long_history -- --nocapture`
#[test]
fn a_long_history_reads_like_a_plain_model() {
    let steps = std::env::var("PROCONSUL_MODEL_STEPS")
        .ok()
        .map_or(LONG_HISTORY_STEPS, |steps| steps.parse().expect("PROCONSUL_MODEL_STEPS is a number of steps"));
    let mut runner = proptest::test_runner::TestRunner::default();
    let mut world = World::default();
    let (mut model, mut theirs) = (Model::default(), Model::default());
    let strategy = any_step();
    for done in 1..=steps {
        let step = strategy.new_tree(&mut runner).expect("there is always a step").current();
        world.apply(&step.entry(&world));
        match &step {
            Step::Imported { step } => theirs.apply(step, world.index),
            step => model.apply(step, world.index),
        }
        if done % LOOKED_AT_EVERY == 0 || done == steps {
            assert_like(&world, Peer::LOCAL, &model).expect("as the model says");
            assert_like(&world, Peer::named(PEER.as_bytes()), &theirs).expect("as the model says");
            assert!(timeless(&through_a_file(&world)) == timeless(&world.tables), "a file changes it");
        }
    }
    println!("{steps} random steps");
}
