//! `Internal.CatalogOverview`.
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use parking_lot::Mutex;
use proconsul_msgpack::GoStr;
use proconsul_netrpc::Fault;
use proconsul_state::{Peer, Snapshot, WatchSet};
use proconsul_structs::{
    check::{CRITICAL, PASSING, WARNING},
    internal::{CatalogSummary, HealthSummary},
    query::DcSpecificRequest,
};

use crate::{Access, Caller};

/// The newest overview, kept for as long as nothing changes that it shows: making one looks at the whole catalog.
///
/// Consul makes one in each round of its metrics, and answers with that. Ours is never old.
#[derive(Default)]
pub(super) struct Overviews {
    newest: Mutex<(u64, Arc<CatalogSummary>)>,
}

impl Overviews {
    /// Answers from what is kept, or looks.
    pub(super) fn answer(
        self,
    ) -> impl Fn(Caller<'_>, DcSpecificRequest) -> Result<CatalogSummary, Fault> + Send + Sync {
        move |Caller { context, rights }, _| {
            rights.demand(Access::OperatorRead)?;
            let at = context.store.snapshot();
            let index = at.catalog_index(Peer::LOCAL);
            let mut newest = self.newest.lock();
            if newest.0 != index {
                *newest = (index, Arc::new(overview(&at)));
            }
            Ok(CatalogSummary::clone(&newest.1))
        }
    }
}

/// How bad something is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Health {
    #[default]
    Passing,
    Warning,
    Critical,
}

impl Health {
    /// What a status counts as in something's health; a word that nobody knows does not count.
    fn of(status: &GoStr) -> Option<Self> {
        [(PASSING, Self::Passing), (WARNING, Self::Warning), (CRITICAL, Self::Critical)]
            .into_iter()
            .find_map(|(word, health)| (*status == *word).then_some(health))
    }
}

/// Counts nodes, instances and checks by their health: that of the worst check of each.
fn overview(at: &Snapshot) -> CatalogSummary {
    let off = &mut WatchSet::off();
    let mut checks: BTreeMap<GoStr, HealthSummary> = BTreeMap::new();
    let (mut of_nodes, mut of_instances) = (HashMap::new(), HashMap::new());
    let (_, every_check) = at.checks(Peer::LOCAL, off);
    for check in &every_check {
        let health = Health::of(&check.status);
        add(&mut checks, &check.name, health);
        let Some(health) = health else { continue };
        let worst: &mut Health = if check.service_id.is_empty() {
            of_nodes.entry(&check.node).or_default()
        } else {
            of_instances.entry((&check.node, &check.service_id)).or_default()
        };
        *worst = health.max(*worst);
    }
    let mut services = BTreeMap::new();
    for row in &at.services(Peer::LOCAL, off).1 {
        let health = of_instances.get(&(&row.node, &row.service_id)).copied().unwrap_or_default();
        add(&mut services, &row.service_name, Some(health));
    }
    let mut nodes = BTreeMap::new();
    for node in &at.nodes(Peer::LOCAL, off).1 {
        add(&mut nodes, &GoStr::EMPTY, Some(of_nodes.get(&node.node).copied().unwrap_or_default()));
    }
    let [nodes, services, checks] = [nodes, services, checks].map(rows);
    CatalogSummary { nodes, services, checks }
}

fn add(to: &mut BTreeMap<GoStr, HealthSummary>, name: &GoStr, health: Option<Health>) {
    let row =
        to.entry(name.clone()).or_insert_with(|| HealthSummary { name: name.clone(), ..HealthSummary::default() });
    row.total += 1;
    match health {
        Some(Health::Passing) => row.passing += 1,
        Some(Health::Warning) => row.warning += 1,
        Some(Health::Critical) => row.critical += 1,
        None => {}
    }
}

/// In order of names; nil when there is nothing.
fn rows(counted: BTreeMap<GoStr, HealthSummary>) -> Option<Vec<HealthSummary>> {
    (!counted.is_empty()).then(|| counted.into_values().collect())
}
