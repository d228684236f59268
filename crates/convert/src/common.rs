//! `pbcommon`: indexes, options and facts of queries, places, extensions.

use proconsul_proto::pbcommon;
use proconsul_structs::{
    node::Locality,
    proxy::EnvoyExtension,
    query::{QueryMeta, QueryOptions, WriteRequest},
    raft::RaftIndex,
};

use crate::define::mirror;

mirror!(RaftIndex => pbcommon::RaftIndex { create_index, modify_index });

mirror!(WriteRequest => pbcommon::WriteRequest { token });

// Consul leaves StaleIfError out, though the message has it.
mirror!(QueryOptions => pbcommon::QueryOptions {
    token, min_query_index, max_query_time, allow_stale, require_consistent, use_cache, max_stale_duration, max_age,
    must_revalidate, filter,
} lost { stale_if_error, allow_not_modified_response } filled { stale_if_error: None });

mirror!(QueryMeta => pbcommon::QueryMeta {
    index, last_contact, known_leader, consistency_level,
} renamed { results_filtered_by_acls => results_filtered_by_ac_ls } lost { not_modified, backend });

mirror!(EnvoyExtension => pbcommon::EnvoyExtension { name, required, arguments, consul_version, envoy_version });

mirror!(Locality => pbcommon::Locality { region, zone });
