//! What a service's name stands for.

use super::methods;
use crate::discovery_chain::{DiscoveryChainRequest, DiscoveryChainResponse};

methods! { "DiscoveryChain" {
    /// Follows a service's routers, splitters and resolvers to the instances they end in.
    Get(DiscoveryChainRequest) -> DiscoveryChainResponse;
} }
