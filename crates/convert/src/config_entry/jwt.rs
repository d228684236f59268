//! `jwt-provider`.

use proconsul_proto::pbconfigentry;
use proconsul_structs::config_entry::{
    ClusterDiscoveryType, JsonWebKeySet, JwksCluster, JwksRetryPolicy, JwksTlsCertProviderInstance,
    JwksTlsCertTrustedCa, JwksTlsCertificate, JwtCacheConfig, JwtForwardingConfig, JwtLocation, JwtLocationCookie,
    JwtLocationHeader, JwtLocationQueryParam, JwtProvider, LocalJwks, RemoteJwks, RetryPolicyBackOff,
};

use crate::define::{mirror, words};

words!(ClusterDiscoveryType);

mirror!(JwtProvider => pbconfigentry::JwtProvider {
    json_web_key_set, issuer, audiences, locations, forwarding, clock_skew_seconds, cache_config, meta, hash,
} lost { kind, name, raft_index, rest });

mirror!(JsonWebKeySet => pbconfigentry::JsonWebKeySet { local, remote } lost { rest });

mirror!(LocalJwks => pbconfigentry::LocalJwks { jwks, filename } lost { rest });

mirror!(RemoteJwks => pbconfigentry::RemoteJwks {
    uri, request_timeout_ms, cache_duration, fetch_asynchronously, use_sni, retry_policy, jwks_cluster,
} lost { rest });

mirror!(JwksRetryPolicy => pbconfigentry::JwksRetryPolicy { num_retries, retry_policy_back_off } lost { rest });

mirror!(RetryPolicyBackOff => pbconfigentry::RetryPolicyBackOff { base_interval, max_interval } lost { rest });

mirror!(JwksCluster => pbconfigentry::JwksCluster { discovery_type, tls_certificates, connect_timeout } lost { rest });

mirror!(JwksTlsCertificate => pbconfigentry::JwkstlsCertificate {
    ca_certificate_provider_instance, trusted_ca,
} lost { rest });

mirror!(JwksTlsCertProviderInstance => pbconfigentry::JwkstlsCertProviderInstance {
    instance_name, certificate_name,
} lost { rest });

mirror!(JwksTlsCertTrustedCa => pbconfigentry::JwkstlsCertTrustedCa {
    filename, environment_variable, inline_string, inline_bytes,
} lost { rest });

mirror!(JwtLocation => pbconfigentry::JwtLocation { header, query_param, cookie } lost { rest });

mirror!(JwtLocationHeader => pbconfigentry::JwtLocationHeader { name, value_prefix, forward } lost { rest });

mirror!(JwtLocationQueryParam => pbconfigentry::JwtLocationQueryParam { name } lost { rest });

mirror!(JwtLocationCookie => pbconfigentry::JwtLocationCookie { name } lost { rest });

mirror!(JwtForwardingConfig => pbconfigentry::JwtForwardingConfig { header_name, pad_forward_payload_header } lost { rest });

mirror!(JwtCacheConfig => pbconfigentry::JwtCacheConfig { size } lost { rest });
