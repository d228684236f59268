//! Where nodes are in the network: a point for each network segment that a node is in.
//!
//! Source: `coordinate.go`; golden group `coordinate`.

use super::Tables;
use super::keys::compose;
use super::transaction::{Transaction, folded};
use crate::Outcome;
use crate::peer::Peer;
use crate::radix::Radix;
use crate::watch::{Change, Watch, WatchSet};
use proconsul_structs::coordinate::{Coordinate, Point};
use proconsul_types::WireText;
use std::sync::Arc;

/// Coordinates by node and segment. Only nodes of our own have any.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct CoordinateTable {
    by_node: Radix<Arc<Coordinate>>,
}

impl CoordinateTable {
    fn of(&self, node: &[u8]) -> impl Iterator<Item = &Arc<Coordinate>> {
        self.by_node.values_below(&compose(&[node]))
    }

    fn insert(&mut self, coordinate: Arc<Coordinate>) {
        self.by_node.insert(&compose(&[&coordinate.node, &coordinate.segment]), coordinate);
    }
}

impl Tables {
    /// Every coordinate, in order of folded nodes and segments. Watches all of them.
    pub fn coordinates(&self, watches: &mut WatchSet) -> (u64, Vec<Arc<Coordinate>>) {
        watches.add(|| Watch::Coordinates);
        (self.indexes.coordinates, self.coordinates.by_node.values().cloned().collect())
    }

    /// The coordinates of one node, in order of folded segments. Watches these. The index is that of all coordinates.
    pub fn node_coordinates(&self, node: &[u8], watches: &mut WatchSet) -> (u64, Vec<Arc<Coordinate>>) {
        watches.add(|| Watch::node_coordinates(node));
        (self.indexes.coordinates, self.coordinates.of(node).cloned().collect())
    }

    /// The coordinates of one node, to order other answers by. Nobody is woken when an order changes, as in Consul: it
    /// would be for every move of any node.
    pub fn whereabouts(&self, node: &[u8]) -> impl Iterator<Item = &Coordinate> {
        self.coordinates.of(node).map(AsRef::as_ref)
    }
}

/// For snapshots.
impl Tables {
    pub(crate) fn saved_coordinates(&self) -> impl Iterator<Item = &Arc<Coordinate>> {
        self.coordinates.by_node.values()
    }

    /// Coordinates of nodes that are not there are passed over: nothing would ever forget them.
    pub(crate) fn restore_coordinates(&mut self, coordinates: Vec<Coordinate>) {
        for coordinate in coordinates {
            if self.has_node(Peer::LOCAL, &coordinate.node) {
                self.coordinates.insert(Arc::new(coordinate));
            }
        }
    }
}

impl Transaction<'_> {
    /// Takes what nodes said of where they are. What is no point is passed over, and so is a node that is not registered:
    /// its coordinates would have no end, and it will say again where it is.
    pub(super) fn move_nodes(&mut self, updates: &[Coordinate]) -> Result<Outcome, WireText> {
        for update in updates {
            if update.coord.as_ref().is_some_and(Point::is_valid) && self.tables.has_node(Peer::LOCAL, &update.node) {
                self.move_node(update.clone());
            }
        }
        Ok(Outcome::Nothing)
    }

    fn move_node(&mut self, coordinate: Coordinate) {
        self.tables.indexes.coordinates = self.index;
        self.note_coordinates(&coordinate.node);
        self.tables.coordinates.insert(Arc::new(coordinate));
    }

    /// A node is gone, and with it where it was.
    pub(super) fn forget_whereabouts(&mut self, node: &[u8]) {
        if self.tables.coordinates.of(node).next().is_some() {
            self.tables.coordinates.by_node.remove_prefix(&compose(&[node]));
            self.tables.indexes.coordinates = self.index;
            self.note_coordinates(node);
        }
    }

    fn note_coordinates(&mut self, node: &[u8]) {
        self.changes.note(Change::Coordinates);
        self.changes.note(Change::NodeCoordinates(folded(node)));
    }
}
