use std::sync::Arc;

use proconsul_state::{Entry, Store};
use proconsul_structs::catalog::RegisterRequest;

use super::*;
use crate::{Context, Rights, blocking, silent};

/// A server that knows nodes at these milliseconds from the origin, in these segments.
fn server(nodes: &[(&str, &str, f64)]) -> Context {
    let store = Arc::new(Store::new());
    let mut index = 0;
    let mut apply = |entry: Entry| {
        index += 1;
        store.apply(index, &entry);
    };
    for (node, segment, milliseconds) in nodes {
        let address = "10.0.0.1".into();
        apply(Entry::Register(Box::new(RegisterRequest {
            node: (*node).into(),
            address,
            ..RegisterRequest::default()
        })));
        let mut point = Point { height: 0.0, ..Point::origin() };
        point.vec.as_mut().unwrap()[0] = milliseconds / 1000.0;
        let coordinate = Coordinate {
            node: (*node).into(),
            segment: (*segment).into(),
            coord: Some(point),
            ..Coordinate::default()
        };
        apply(Entry::Coordinates(Box::new(Some(vec![coordinate]))));
    }
    let lot = blocking::Lot::new(Arc::clone(&store), blocking::QueryTimes::default());
    silent::over(store, lot)
}

/// The names, each with its peer behind a slash, in the order of how near they are to `from`.
fn order(context: &Context, from: QuerySource, names: &[&str]) -> Vec<String> {
    let at = context.store.snapshot();
    let mut list: Vec<(GoStr, GoStr)> = names
        .iter()
        .map(|name| name.split_once('/').unwrap_or((name, "")))
        .map(|(node, peer)| (node.into(), peer.into()))
        .collect();
    let view = View { context, at: &at, rights: &Rights::default() };
    sort_near(view, &from, &mut list, |(node, peer)| (node, peer));
    list.iter().map(|(node, peer)| if peer.is_empty() { node.to_string() } else { format!("{node}/{peer}") }).collect()
}

fn from(node: &str) -> QuerySource {
    QuerySource { datacenter: "dc1".into(), node: node.into(), ..QuerySource::default() }
}

#[test]
fn the_nearest_come_first_and_those_that_nobody_knows_of_last() {
    let context = server(&[("here", "", 0.0), ("near", "", 1.0), ("far", "", 9.0), ("too", "", 1.0)]);
    let names = ["lost", "far", "too", "near/peer", "HERE", "near", "gone"];
    assert_eq!(order(&context, from("here"), &names), ["HERE", "too", "near", "far", "lost", "near/peer", "gone"]);
    assert_eq!(order(&context, from("Far"), &names), ["far", "too", "near", "HERE", "lost", "near/peer", "gone"]);
}

#[test]
fn a_source_that_says_nothing_leaves_the_order() {
    let context = server(&[("here", "", 0.0), ("near", "", 1.0), ("far", "", 9.0)]);
    let names = ["far", "near"];
    for source in [
        from(""),
        from("lost"),
        QuerySource { datacenter: "dc2".into(), ..from("here") },
        QuerySource { datacenter: GoStr::EMPTY, ..from("here") },
    ] {
        assert_eq!(order(&context, source, &names), names);
    }
}

#[test]
fn nodes_are_compared_within_a_segment_that_both_are_in() {
    let servers = [("s1", "", 9.0), ("s1", "alpha", 1.0), ("s2", "", 2.0), ("s2", "alpha", 8.0), ("s2", "beta", 0.0)];
    let clients = [("a", "alpha", 0.0), ("b", "beta", 0.0), ("d", "", 0.0)];
    let context = server(&[&servers[..], &clients[..]].concat());
    assert_eq!(order(&context, from("a"), &["s2", "s1", "b"]), ["s1", "s2", "b"]);
    assert_eq!(order(&context, from("b"), &["a", "s1", "s2"]), ["s2", "a", "s1"]);
    assert_eq!(order(&context, from("d"), &["s1", "s2"]), ["s2", "s1"], "both have several, so the default one counts");
    assert_eq!(order(&context, from("s1"), &["s2", "a"]), ["a", "s2"], "a client's one segment counts");
}
