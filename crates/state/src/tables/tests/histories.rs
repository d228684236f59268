//! Properties of every history: the tables say what a plain model says, no index goes back, and whoever waits for
//! what changed is found.

use super::model::{Kind, Model, Step};
use super::*;
use crate::WatchIndex;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

fn any_key() -> impl Strategy<Value = String> {
    vec(select(vec!["a", "b", "/"]), 1..5).prop_map(|parts| parts.concat())
}

fn any_name() -> impl Strategy<Value = String> {
    select(vec!["web", "db", "ca"]).prop_map(str::to_owned)
}

fn any_step() -> impl Strategy<Value = Step> {
    let kind = || select(vec![Kind::Plain, Kind::Native, Kind::ProxyForWeb]);
    prop_oneof![
        6 => (any_key(), 0u8..3).prop_map(|(key, value)| Step::Set { key, value }),
        2 => (any_key(), 0u8..3, any::<bool>()).prop_map(|(key, value, right)| Step::Cas { key, value, right }),
        3 => any_key().prop_map(|key| Step::Delete { key }),
        1 => (any_key(), any::<bool>()).prop_map(|(key, right)| Step::DeleteCas { key, right }),
        1 => any_key().prop_map(|prefix| Step::DeleteTree { prefix }),
        1 => Just(Step::DeleteTree { prefix: String::new() }),
        1 => (0u64..4).prop_map(|back| Step::Reap { back }),
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
    Nodes,
    NodesAt(String),
    Services,
    ServicesWithNodes,
    ServiceNodes(String),
    TagNodes(String),
    ConnectNodes(String),
    NodeServices(String),
    NodeChecks(String),
    ServiceChecks(String),
    Checks,
}

fn every_read(keys: &[String]) -> Vec<Read> {
    let mut reads = vec![Read::Nodes, Read::Services, Read::ServicesWithNodes, Read::Checks, Read::List(String::new())];
    for key in keys {
        reads.extend([Read::Get(key.clone()), Read::List(key.clone())]);
    }
    for name in ["web", "DB", "ca", "none"].map(str::to_owned) {
        reads.extend([
            Read::NodesAt(name.clone()),
            Read::ServiceNodes(name.clone()),
            Read::TagNodes(name.clone()),
            Read::ConnectNodes(name.clone()),
            Read::NodeServices(name.clone()),
            Read::NodeChecks(name.clone()),
            Read::ServiceChecks(name),
        ]);
    }
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
        Read::Nodes => shown(tables.nodes(Peer::LOCAL, on)),
        Read::NodesAt(name) => shown(tables.node(Peer::LOCAL, name.as_bytes(), on)),
        Read::Services => {
            let (index, rows) = tables.services(Peer::LOCAL, on);
            let own: Vec<_> = rows.iter().map(|row| (&row.node, &row.service_id, row.raft_index)).collect();
            (index, format!("{own:?} {:?}", tags_by_name(&rows)))
        }
        // Waited for by another index than the answer's own.
        Read::ServicesWithNodes => {
            shown((tables.with_nodes_index(Peer::LOCAL), tables.services_with_nodes(Peer::LOCAL, on).1))
        }
        Read::ServiceNodes(name) => also(tables, tables.service_nodes(Peer::LOCAL, name.as_bytes(), on)),
        Read::TagNodes(name) => also(tables, tables.service_tag_nodes(Peer::LOCAL, name.as_bytes(), &[], on)),
        Read::ConnectNodes(name) => {
            let name = name.as_bytes();
            shown((tables.connect_index(Peer::LOCAL, name), tables.connect_service_nodes(Peer::LOCAL, name, on).1))
        }
        Read::NodeServices(name) => shown(tables.node_services(Peer::LOCAL, name.as_bytes(), on)),
        Read::NodeChecks(name) => shown(tables.node_checks(Peer::LOCAL, name.as_bytes(), on)),
        Read::ServiceChecks(name) => shown(tables.service_checks(Peer::LOCAL, name.as_bytes(), on)),
        Read::Checks => shown(tables.checks(Peer::LOCAL, on)),
    };
    (index, answer, watches)
}

/// With what names' own indexes pass over, which is waited for as well.
fn also<T: std::fmt::Debug>(tables: &Tables, (index, answer): (u64, T)) -> (u64, String) {
    shown((index.max(tables.passed_over_index(Peer::LOCAL)), answer))
}

fn shown<T: std::fmt::Debug>((index, answer): (u64, T)) -> (u64, String) {
    (index, format!("{answer:?}"))
}

fn assert_like(world: &World, model: &Model) -> Result<(), TestCaseError> {
    let off = &mut WatchSet::off();
    let (_, entries) = world.tables.kv_list(&GoStr::EMPTY, off);
    let seen: Vec<_> = entries
        .iter()
        .map(|entry| {
            let RaftIndex { create_index, modify_index } = entry.raft_index;
            (entry.key.to_vec(), entry.value.clone().unwrap_or_default().to_vec(), create_index, modify_index)
        })
        .collect();
    let expected: Vec<_> =
        model.kv.iter().map(|(key, row)| (key.clone(), row.value.clone(), row.create, row.modify)).collect();
    prop_assert_eq!(seen, expected);
    let (_, nodes) = world.tables.nodes(Peer::LOCAL, off);
    let seen: Vec<_> =
        nodes.iter().map(|n| (n.node.to_string(), n.address.to_string(), n.raft_index.modify_index)).collect();
    let expected: Vec<_> =
        model.nodes.iter().map(|(name, (address, index))| (name.clone(), address.clone(), *index)).collect();
    prop_assert_eq!(seen, expected);
    let (_, rows) = world.tables.services(Peer::LOCAL, off);
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
    let (_, checks) = world.tables.checks(Peer::LOCAL, off);
    let seen: Vec<_> = checks
        .iter()
        .map(|check| (check.node.to_string(), check.check_id.to_string(), check.raft_index.modify_index))
        .collect();
    let expected: Vec<_> =
        model.checks.iter().map(|((node, id), (_, _, index))| (node.clone(), id.clone(), *index)).collect();
    prop_assert_eq!(seen, expected);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn a_history_reads_like_a_plain_model_and_is_the_same_everywhere(steps in vec(any_step(), 1..40)) {
        let (mut world, mut elsewhere, mut model) = (World::default(), World::default(), Model::default());
        for step in &steps {
            let entry = step.entry(&world);
            let here = world.apply(&entry);
            let there = elsewhere.apply(&Entry::decode(&entry.encode().expect("short")).expect("just written"));
            prop_assert_eq!(here, there);
            prop_assert_eq!(&world.tables, &elsewhere.tables);
            model.apply(step, world.index);
            assert_like(&world, &model)?;
        }
    }

    #[test]
    fn whoever_waits_for_what_changed_is_found_and_sees_a_greater_index(
        steps in vec(any_step(), 1..30), keys in vec(any_key(), 1..6),
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
                if new_answer != *answer {
                    prop_assert!(found.contains(&id), "{:?} changed and nobody was woken by {:?}", read, step);
                    let told = new_index == world.index || (may_go_back && applied.changes.took_tree());
                    prop_assert!(told, "{:?} changed without its index, {:?}", read, step);
                }
            }
            if applied.changes.is_empty() && !matches!(step, Step::Reap { .. }) {
                prop_assert_eq!(&world.tables, &same_tables, "{:?} changed something in silence", step);
            }
        }
    }
}
