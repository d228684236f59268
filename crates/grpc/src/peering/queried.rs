//! What goes in front of an answer to a read: the facts of the query, as Consul writes them into the metadata.
use proconsul_services::Context;
use tonic::{Response, Status, metadata::MetadataValue};

/// An answer with the facts of its query.
pub(super) fn queried<T>(context: &Context, index: u64, answer: T) -> Result<Response<T>, Status> {
    let mut response = Response::new(answer);
    let known_leader = !context.leadership.facts().leader.is_empty();
    let metadata = response.metadata_mut();
    metadata.insert("index", MetadataValue::from(index));
    metadata.insert("knownleader", MetadataValue::from_static(if known_leader { "true" } else { "false" }));
    for (key, value) in [
        ("lastcontact", "0s"),
        ("consistencylevel", ""),
        ("notmodified", "false"),
        ("backend", "blocking-query"),
        ("resultsfilteredbyacls", "false"),
    ] {
        metadata.insert(key, MetadataValue::from_static(value));
    }
    Ok(response)
}
