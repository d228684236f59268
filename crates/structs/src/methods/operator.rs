//! Consensus, the autopilot, and how much the cluster holds.

use super::methods;
use crate::{
    operator::{
        AutopilotConfig, AutopilotHealthReply, AutopilotSetConfigRequest, AutopilotState as State,
        OperatorUsageRequest, RaftConfigurationResponse, RaftRemovePeerRequest, Usage as HowMuch,
    },
    query::DcSpecificRequest,
    status::Empty,
};

methods! { "Operator" {
    /// Lists the servers that take part in consensus.
    RaftGetConfiguration(DcSpecificRequest) -> RaftConfigurationResponse;
    /// Takes a server out of consensus, by its address.
    RaftRemovePeerByAddress(RaftRemovePeerRequest) -> Empty;
    /// Takes a server out of consensus, by its id.
    RaftRemovePeerByID(RaftRemovePeerRequest) -> Empty;
    /// Tells what the autopilot goes by.
    AutopilotGetConfiguration(DcSpecificRequest) -> AutopilotConfig;
    /// Changes what the autopilot goes by. The reply tells whether a conditional change took place.
    AutopilotSetConfiguration(AutopilotSetConfigRequest) -> bool;
    /// Tells all that the autopilot knows of the servers.
    AutopilotState(DcSpecificRequest) -> State;
    /// Tells how healthy the servers are.
    ServerHealth(DcSpecificRequest) -> AutopilotHealthReply;
    /// Counts services, instances and nodes.
    Usage(OperatorUsageRequest) -> HowMuch;
} }
