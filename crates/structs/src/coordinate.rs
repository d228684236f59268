//! Coordinate: where nodes are on the network.

use proconsul_msgpack::{GoStr, Wire};

use crate::{
    List,
    query::{QueryMeta, WriteRequest},
    rpc::{has_query_meta, rpc_info},
    text_set::text_set,
};

/// A point in the space in which distances are round-trip times, in seconds.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct Point {
    /// The Euclidean part.
    pub vec: List<f64>,
    /// How far off it may be; no unit.
    pub error: f64,
    /// Correction for what the model cannot say.
    pub adjustment: f64,
    /// The part that every way from this node begins with.
    pub height: f64,
}

/// How many numbers the Euclidean part of a point has, as Serf makes them.
pub const DIMENSIONS: usize = 8;
/// How far off a point is that nothing is known of yet.
const ERROR_MAX: f64 = 1.5;
/// The least height: ten microseconds.
const HEIGHT_MIN: f64 = 10e-6;

impl Point {
    /// Where a node is that has measured nothing yet, or has nobody to measure.
    pub fn origin() -> Self {
        Self { vec: Some(vec![0.0; DIMENSIONS]), error: ERROR_MAX, adjustment: 0.0, height: HEIGHT_MIN }
    }

    /// Whether every number in it is one.
    pub fn is_valid(&self) -> bool {
        let others = [self.error, self.adjustment, self.height];
        self.euclidean().iter().chain(&others).all(|number| number.is_finite())
    }

    /// Whether both are of the same space.
    pub fn is_compatible_with(&self, other: &Self) -> bool {
        self.euclidean().len() == other.euclidean().len()
    }

    /// The round-trip time between two points, in whole nanoseconds as Serf tells it, as seconds. Positive infinity when they
    /// are of different spaces, for which Serf has no answer at all.
    ///
    /// Points whose distance is beyond what nanoseconds in 64 bits can count, 292 years, are as far apart as that.
    pub fn distance_to(&self, other: &Self) -> f64 {
        if !self.is_compatible_with(other) {
            return f64::INFINITY;
        }
        let squares =
            self.euclidean().iter().zip(other.euclidean()).map(|(here, there)| (here - there) * (here - there));
        let raw = squares.sum::<f64>().sqrt() + self.height + other.height;
        let adjusted = raw + self.adjustment + other.adjustment;
        whole_nanoseconds(if adjusted > 0.0 { adjusted } else { raw })
    }

    fn euclidean(&self) -> &[f64] {
        self.vec.as_deref().unwrap_or_default()
    }
}

/// Seconds without what is below a nanosecond, put together as Go's `Duration.Seconds` does: not every digit is the same when
/// the nanoseconds are divided in one go.
fn whole_nanoseconds(seconds: f64) -> f64 {
    const PER_SECOND: i64 = 1_000_000_000;
    let nanoseconds = (seconds * PER_SECOND as f64) as i64;
    (nanoseconds / PER_SECOND) as f64 + (nanoseconds % PER_SECOND) as f64 / PER_SECOND as f64
}

/// Where a node is.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct Coordinate {
    /// The node.
    pub node: GoStr,
    /// Its network segment.
    pub segment: GoStr,
    /// Its partition. Empty here always.
    pub partition: GoStr,
    /// The point. Nil is not a coordinate, and must be refused.
    pub coord: Option<Point>,
}

/// `Coordinate.Update`: a node says where it is.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct CoordinateUpdateRequest {
    /// Which datacenter.
    pub datacenter: GoStr,
    /// The node.
    pub node: GoStr,
    /// Its network segment.
    pub segment: GoStr,
    /// The point. Nil must be refused.
    pub coord: Option<Point>,
    /// Who asks.
    #[wire(embed)]
    pub write_request: WriteRequest,
}

/// Answer of the `Coordinate` methods that list nodes.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct IndexedCoordinates {
    /// The nodes with their points.
    pub coordinates: List<Coordinate>,
    /// Facts of the query.
    #[wire(embed)]
    pub query_meta: QueryMeta,
}

text_set! {
    /// A network that servers gossip over.
    pub enum AreaId {
        /// Between datacenters.
        Wan = "wan",
        /// Within one.
        Lan = "lan",
    }
}

/// Servers of one datacenter, as seen over the wide area: an entry of the answer of `Coordinate.ListDatacenters`.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
pub struct DatacenterMap {
    /// The datacenter.
    pub datacenter: GoStr,
    /// The area it was seen over.
    #[wire("AreaID")]
    pub area_id: AreaId,
    /// Its servers.
    pub coordinates: List<Coordinate>,
}

rpc_info!(write: CoordinateUpdateRequest);
has_query_meta!(IndexedCoordinates);

#[cfg(test)]
mod tests;
