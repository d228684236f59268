//! `ingress-gateway`.

use proconsul_proto::pbconfigentry;
use proconsul_structs::config_entry::{
    GatewayServiceTlsConfig, GatewayTlsConfig, GatewayTlsSdsConfig, HttpHeaderModifiers, IngressGateway,
    IngressListener, IngressService, IngressServiceConfig,
};

use crate::define::mirror;

mirror!(IngressGateway => pbconfigentry::IngressGateway {
    tls, listeners, defaults, meta, hash,
} lost { kind, name, raft_index, rest });

mirror!(IngressServiceConfig => pbconfigentry::IngressServiceConfig {
    max_connections, max_pending_requests, max_concurrent_requests, passive_health_check,
} lost { rest });

mirror!(IngressListener => pbconfigentry::IngressListener { port, protocol, tls, services } lost { rest });

mirror!(IngressService => pbconfigentry::IngressService {
    name, hosts, tls, request_headers, response_headers, max_connections, max_pending_requests, max_concurrent_requests,
    passive_health_check, meta,
} lost { rest } filled { enterprise_meta: Some(Default::default()) });

mirror!(GatewayTlsConfig => pbconfigentry::GatewayTlsConfig {
    enabled, sds, tls_min_version, tls_max_version,
} never_nil { cipher_suites } lost { rest });

mirror!(GatewayServiceTlsConfig => pbconfigentry::GatewayServiceTlsConfig { sds } lost { rest });

mirror!(GatewayTlsSdsConfig => pbconfigentry::GatewayTlssdsConfig { cluster_name, cert_resource } lost { rest });

mirror!(HttpHeaderModifiers => pbconfigentry::HttpHeaderModifiers { add, set, remove } lost { rest });
