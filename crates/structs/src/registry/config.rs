//! Config entries, and the requests and replies that carry them or are made of them.

use super::{TypeRow, row};
use crate::{
    Nested,
    config_entry::{self, carried},
    discovery_chain, exported, gateway, service_config, topology,
};

/// Sorted by name.
pub(super) const TYPES: &[TypeRow] = &[
    row::<config_entry::ApiGateway>("structs.APIGatewayConfigEntry"),
    row::<config_entry::BoundApiGateway>("structs.BoundAPIGatewayConfigEntry"),
    row::<carried::ConfigEntryDeleteResponse>("structs.ConfigEntryDeleteResponse"),
    row::<carried::ConfigEntryListAllRequest>("structs.ConfigEntryListAllRequest"),
    row::<carried::ConfigEntryQuery>("structs.ConfigEntryQuery"),
    row::<carried::ConfigEntryRequest>("structs.ConfigEntryRequest"),
    row::<carried::ConfigEntryResponse>("structs.ConfigEntryResponse"),
    row::<discovery_chain::DiscoveryChainRequest>("structs.DiscoveryChainRequest"),
    row::<discovery_chain::DiscoveryChainResponse>("structs.DiscoveryChainResponse"),
    row::<config_entry::ExportedServices>("structs.ExportedServicesConfigEntry"),
    row::<config_entry::FileSystemCertificate>("structs.FileSystemCertificateConfigEntry"),
    row::<config_entry::HttpRoute>("structs.HTTPRouteConfigEntry"),
    row::<carried::IndexedConfigEntries>("structs.IndexedConfigEntries"),
    row::<exported::IndexedExportedServiceList>("structs.IndexedExportedServiceList"),
    row::<gateway::IndexedGatewayServices>("structs.IndexedGatewayServices"),
    row::<carried::IndexedGenericConfigEntries>("structs.IndexedGenericConfigEntries"),
    row::<exported::IndexedPeeredServiceList>("structs.IndexedPeeredServiceList"),
    row::<topology::IndexedServiceTopology>("structs.IndexedServiceTopology"),
    row::<config_entry::IngressGateway>("structs.IngressGatewayConfigEntry"),
    row::<config_entry::InlineCertificate>("structs.InlineCertificateConfigEntry"),
    row::<config_entry::JwtProvider>("structs.JWTProviderConfigEntry"),
    row::<config_entry::Mesh>("structs.MeshConfigEntry"),
    row::<Nested<config_entry::ProxyDefaults>>("structs.ProxyConfigEntry"),
    row::<config_entry::SamenessGroup>("structs.SamenessGroupConfigEntry"),
    row::<config_entry::ServiceDefaults>("structs.ServiceConfigEntry"),
    row::<service_config::ServiceConfigRequest>("structs.ServiceConfigRequest"),
    row::<service_config::ServiceConfigResponse>("structs.ServiceConfigResponse"),
    row::<config_entry::ServiceIntentions>("structs.ServiceIntentionsConfigEntry"),
    row::<config_entry::ServiceResolver>("structs.ServiceResolverConfigEntry"),
    row::<config_entry::ServiceRouter>("structs.ServiceRouterConfigEntry"),
    row::<config_entry::ServiceSplitter>("structs.ServiceSplitterConfigEntry"),
    row::<config_entry::TcpRoute>("structs.TCPRouteConfigEntry"),
    row::<config_entry::TerminatingGateway>("structs.TerminatingGatewayConfigEntry"),
];
