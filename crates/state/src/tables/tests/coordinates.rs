//! Where nodes are.

use super::*;
use proconsul_structs::coordinate::{Coordinate, Point};

fn at(node: &str, segment: &str, error: f64) -> Coordinate {
    let coord = Some(Point { error, ..Point::origin() });
    Coordinate { node: text(node), segment: text(segment), coord, ..Coordinate::default() }
}

fn moved(updates: Vec<Coordinate>) -> Entry {
    Entry::Coordinates(Box::new(Some(updates)))
}

/// Every coordinate as node, segment and error.
fn seen(world: &World) -> Vec<(String, String, f64)> {
    let (_, all) = world.tables.coordinates(&mut WatchSet::off());
    let show = |at: &std::sync::Arc<Coordinate>| {
        let error = at.coord.as_ref().expect("only points are stored").error;
        (at.node.to_string(), at.segment.to_string(), error)
    };
    all.iter().map(show).collect()
}

#[test]
fn the_last_word_of_a_registered_node_counts_for_each_segment() {
    let mut world = World::default();
    world.done(&register(node("n")));
    world.done(&register(node("m")));
    assert_eq!(world.tables.coordinates(&mut WatchSet::off()), (0, vec![]));
    let first = world.done(&moved(vec![at("n", "", 1.0), at("lost", "", 1.0), at("n", "x", 2.0), at("N", "", 3.0)]));
    let expected = |node: &str, segment: &str, error| (node.to_owned(), segment.to_owned(), error);
    assert_eq!(seen(&world), [expected("N", "", 3.0), expected("n", "x", 2.0)]);
    let (index, of_node) = world.tables.node_coordinates(b"n", &mut WatchSet::off());
    assert_eq!((index, of_node.len()), (first, 2));
    // The index is that of all nodes, whoever moves.
    let second = world.done(&moved(vec![at("m", "", 1.0)]));
    assert_eq!(world.tables.node_coordinates(b"n", &mut WatchSet::off()).0, second);
    assert_eq!(world.tables.node_coordinates(b"none", &mut WatchSet::off()), (second, vec![]));
}

#[test]
fn what_is_no_point_or_of_nobody_changes_nothing() {
    let mut world = World::default();
    world.done(&register(node("n")));
    let nothing = Coordinate { coord: None, ..at("n", "", 1.0) };
    for bad in
        [vec![], vec![nothing], vec![at("n", "", f64::NAN), at("n", "", f64::INFINITY)], vec![at("lost", "", 1.0)]]
    {
        let before = world.tables.clone();
        let applied = world.apply(&moved(bad));
        assert_eq!(applied.outcome, Outcome::Nothing);
        assert!(applied.changes.is_empty() && world.tables == before);
    }
    assert!(world.apply(&Entry::Coordinates(Box::new(None))).changes.is_empty());
}

#[test]
fn a_node_that_is_gone_is_nowhere() {
    let mut world = World::default();
    for name in ["n", "nn", "o"] {
        world.done(&register(node(name)));
    }
    let first = world.done(&moved(vec![at("n", "", 1.0), at("n", "x", 1.0), at("nn", "", 1.0)]));
    world.done(&deregister("o", "", ""));
    assert_eq!(world.tables.indexes.coordinates, first, "it had none");
    let mut watches = WatchSet::new();
    let _ = world.tables.node_coordinates(b"N", &mut watches);
    let applied = world.apply(&deregister("n", "", ""));
    assert!(watches.is_affected(&applied.changes));
    assert_eq!(world.tables.indexes.coordinates, world.index);
    assert_eq!(seen(&world).len(), 1, "the other stays where it is");
}
