//! `service-resolver`.

use proconsul_proto::pbconfigentry;
use proconsul_structs::config_entry::{
    CookieConfig, FailoverMode, FailoverPolicy, HashField, HashPolicy, LeastRequestConfig, LoadBalancer,
    LoadBalancerPolicy, LocalityMode, PrioritizeByLocality, RingHashConfig, ServiceResolver, ServiceResolverFailover,
    ServiceResolverFailoverTarget, ServiceResolverRedirect, ServiceResolverSubset,
};

use crate::define::{mirror, words};

words!(FailoverMode, HashField, LoadBalancerPolicy, LocalityMode);

mirror!(ServiceResolver => pbconfigentry::ServiceResolver {
    default_subset, subsets, redirect, failover, prioritize_by_locality, connect_timeout, request_timeout, load_balancer, meta,
    hash,
} lost { kind, name, raft_index, rest });

mirror!(ServiceResolverSubset => pbconfigentry::ServiceResolverSubset { filter, only_passing } lost { rest });

mirror!(ServiceResolverRedirect => pbconfigentry::ServiceResolverRedirect {
    service, service_subset, namespace, partition, datacenter, peer, sameness_group,
} lost { rest });

mirror!(ServiceResolverFailover => pbconfigentry::ServiceResolverFailover {
    service, service_subset, namespace, datacenters, targets, policy, sameness_group,
} lost { rest });

mirror!(ServiceResolverFailoverTarget => pbconfigentry::ServiceResolverFailoverTarget {
    service, service_subset, partition, namespace, datacenter, peer,
} lost { rest });

mirror!(FailoverPolicy => pbconfigentry::ServiceResolverFailoverPolicy { mode, regions } lost { rest });

mirror!(PrioritizeByLocality => pbconfigentry::ServiceResolverPrioritizeByLocality { mode } lost { rest });

mirror!(LoadBalancer => pbconfigentry::LoadBalancer {
    policy, ring_hash_config, least_request_config, hash_policies,
} lost { rest });

mirror!(RingHashConfig => pbconfigentry::RingHashConfig { minimum_ring_size, maximum_ring_size } lost { rest });

mirror!(LeastRequestConfig => pbconfigentry::LeastRequestConfig { choice_count } lost { rest });

mirror!(HashPolicy => pbconfigentry::HashPolicy { field, field_value, cookie_config, source_ip, terminal } lost { rest });

mirror!(CookieConfig => pbconfigentry::CookieConfig { session, ttl, path } lost { rest });
