//! What nodes said of where they are, until it is written.
//!
//! Nodes say it all the time, and it matters little if one is not heard: so it is gathered, the last word of each counts, and
//! it is written in few entries of the log.
use std::{collections::HashMap, mem, sync::Arc, time::Duration};

use parking_lot::Mutex;
use proconsul_msgpack::GoStr;
use proconsul_netrpc::Fault;
use proconsul_state::{Entry, Outcome};
use proconsul_structs::coordinate::{Coordinate, Point};
use tokio::time::{MissedTickBehavior, interval};

use crate::{Appended, Log};

/// How often what was gathered is written.
pub const COORDINATE_UPDATE_PERIOD: Duration = Duration::from_secs(5);
/// How many coordinates are written in one entry of the log.
pub const COORDINATE_BATCH_SIZE: usize = 128;
/// How many entries are written in one period. What is said beyond that is discarded.
pub const COORDINATE_BATCHES_MAX: usize = 5;
/// How many bytes the names of nodes and segments may have together that are gathered in one period. Names that agents use
/// need a hundredth of it.
pub const PENDING_NAME_BYTES_MAX: usize = 1 << 20;

/// What nodes said since it was last written: at most as much as one period may write.
#[derive(Debug, Default)]
pub struct CoordinateUpdates {
    pending: Mutex<Pending>,
}

#[derive(Debug, Default)]
struct Pending {
    /// By node and segment.
    points: HashMap<(GoStr, GoStr), Point>,
    name_bytes: usize,
    discarded: u64,
}

impl CoordinateUpdates {
    /// Notes where a node is. What it said before and is not written yet does not count any more.
    pub(crate) fn note(&self, node: &GoStr, segment: &GoStr, point: Point) {
        let mut pending = self.pending.lock();
        // The names may be part of the buffer that the request was read into, which must not stay for them.
        let own = |name: &GoStr| GoStr::from(name.to_vec());
        let key = (own(node), own(segment));
        if let Some(known) = pending.points.get_mut(&key) {
            *known = point;
            return;
        }
        let name_bytes = pending.name_bytes + node.len() + segment.len();
        if pending.points.len() >= COORDINATE_BATCH_SIZE * COORDINATE_BATCHES_MAX || name_bytes > PENDING_NAME_BYTES_MAX
        {
            pending.discarded += 1;
            return;
        }
        pending.name_bytes = name_bytes;
        pending.points.insert(key, point);
    }

    /// Writes what was gathered once in a period, until it is dropped.
    pub async fn run(self: Arc<Self>, log: Arc<dyn Log>) {
        let mut ticks = interval(COORDINATE_UPDATE_PERIOD);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(fault) = self.flush(&*log).await {
                tracing::warn!(%fault, "failed to write coordinates; nodes will say again where they are");
            }
        }
    }

    async fn flush(&self, log: &dyn Log) -> Result<(), Fault> {
        let Pending { points, discarded, .. } = mem::take(&mut *self.pending.lock());
        if discarded > 0 {
            tracing::warn!(discarded, "more coordinates came than are written; discarded the rest");
        }
        let mut coordinates: Vec<Coordinate> = points
            .into_iter()
            .map(|((node, segment), point)| Coordinate { node, segment, coord: Some(point), ..Coordinate::default() })
            .collect();
        // In one order everywhere: a map's own changes from run to run.
        coordinates.sort_by(|one, other| (&one.node, &one.segment).cmp(&(&other.node, &other.segment)));
        for batch in coordinates.chunks(COORDINATE_BATCH_SIZE) {
            let outcome = match log.append(Entry::Coordinates(Box::new(Some(batch.to_vec())))) {
                Appended::Done(outcome) => outcome,
                Appended::Pending(outcome) => outcome.await,
            };
            if let Outcome::Error(cause) = outcome? {
                return Err(cause.into());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
