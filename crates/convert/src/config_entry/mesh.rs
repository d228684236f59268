//! `mesh`.

use proconsul_proto::pbconfigentry;
use proconsul_structs::config_entry::{
    HeadersWithUnderscoresAction, Mesh, MeshDirectionalHttpConfig, MeshDirectionalTlsConfig, MeshHttpConfig,
    MeshTlsConfig, PathWithEscapedSlashesAction, PeeringMeshConfig, RequestNormalizationMeshConfig,
    TransparentProxyMeshConfig,
};

use crate::define::{mirror, numbers};

numbers! {
    PathWithEscapedSlashesAction {
        ImplementationSpecific = Default also Unset, KeepUnchanged = Keep, RejectRequest = Reject,
        UnescapeAndRedirect = UnescapeAndRedirect, UnescapeAndForward = UnescapeAndForward,
    }
    HeadersWithUnderscoresAction { Allow = Allow also Unset, RejectRequest = RejectRequest, DropHeader = DropHeader }
}

mirror!(Mesh => pbconfigentry::MeshConfig {
    transparent_proxy, allow_enabling_permissive_mutual_tls, validate_clusters, tls, http, peering, meta, hash,
} lost { raft_index, rest });

mirror!(TransparentProxyMeshConfig => pbconfigentry::TransparentProxyMeshConfig { mesh_destinations_only } lost { rest });

mirror!(MeshTlsConfig => pbconfigentry::MeshTlsConfig { incoming, outgoing } lost { rest });

mirror!(MeshDirectionalTlsConfig => pbconfigentry::MeshDirectionalTlsConfig {
    tls_min_version, tls_max_version,
} never_nil { cipher_suites } lost { rest });

mirror!(MeshHttpConfig => pbconfigentry::MeshHttpConfig { sanitize_x_forwarded_client_cert, incoming } lost { rest });

mirror!(MeshDirectionalHttpConfig => pbconfigentry::MeshDirectionalHttpConfig { request_normalization } lost { rest });

mirror!(PeeringMeshConfig => pbconfigentry::PeeringMeshConfig { peer_through_mesh_gateways } lost { rest });

mirror!(RequestNormalizationMeshConfig => pbconfigentry::RequestNormalizationMeshConfig {
    insecure_disable_path_normalization, merge_slashes, path_with_escaped_slashes_action, headers_with_underscores_action,
} lost { rest });
