//! Health: checks, and services with them.
mod checks; // lists checks
pub(crate) mod services; // lists the instances of a service with their checks

use std::sync::Arc;

use proconsul_netrpc::Registry;
use proconsul_structs::{
    Method,
    methods::health::{ChecksInState, NodeChecks, ServiceChecks, ServiceNodes},
};

use crate::{Context, blocking::query};

pub(crate) fn register(registry: &mut Registry, context: &Arc<Context>) {
    registry.insert(ChecksInState::INDEX, query(context, checks::InState));
    registry.insert(NodeChecks::INDEX, query(context, checks::OfNode));
    registry.insert(ServiceChecks::INDEX, query(context, checks::OfService));
    registry.insert(ServiceNodes::INDEX, query(context, services::Instances::new()));
}
