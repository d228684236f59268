//! Settings of the mesh, by kind and name.

use super::methods;
use crate::{
    config_entry::{
        ConfigEntryDeleteResponse, ConfigEntryListAllRequest, ConfigEntryQuery, ConfigEntryRequest,
        ConfigEntryResponse, IndexedConfigEntries, IndexedGenericConfigEntries,
    },
    service_config::{ServiceConfigRequest, ServiceConfigResponse},
};

methods! { "ConfigEntry" {
    /// Stores one entry. The reply tells whether a conditional change took place.
    Apply(ConfigEntryRequest) -> bool;
    /// Removes one entry.
    Delete(ConfigEntryRequest) -> ConfigEntryDeleteResponse;
    /// Reads one entry.
    Get(ConfigEntryQuery) -> ConfigEntryResponse;
    /// Reads all entries of a kind.
    List(ConfigEntryQuery) -> IndexedConfigEntries;
    /// Reads all entries of some kinds.
    ListAll(ConfigEntryListAllRequest) -> IndexedGenericConfigEntries;
    /// Puts together all that entries say about one service's proxies.
    ResolveServiceConfig(ServiceConfigRequest) -> ServiceConfigResponse;
} }
