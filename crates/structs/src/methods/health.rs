//! Checks, and services with their checks.

use super::methods;
use crate::{
    catalog::{NodeSpecificRequest, ServiceSpecificRequest},
    health::{ChecksInStateRequest, IndexedCheckServiceNodes, IndexedHealthChecks},
};

methods! { "Health" {
    /// Lists checks with a status.
    ChecksInState(ChecksInStateRequest) -> IndexedHealthChecks;
    /// Lists the checks of one node and of all that is on it.
    NodeChecks(NodeSpecificRequest) -> IndexedHealthChecks;
    /// Lists the checks of one service.
    ServiceChecks(ServiceSpecificRequest) -> IndexedHealthChecks;
    /// Lists the instances of one service, with their nodes and checks.
    ServiceNodes(ServiceSpecificRequest) -> IndexedCheckServiceNodes;
} }
