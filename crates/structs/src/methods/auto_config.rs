//! A first configuration for an agent, over byte 7.

use super::methods;
use crate::auto_config::{AutoConfigRequest, AutoConfigResponse};

methods! { "AutoConfig" {
    /// Tells an agent what to run with, for a web token that proves who it is.
    InitialConfiguration(AutoConfigRequest) -> AutoConfigResponse;
} }
