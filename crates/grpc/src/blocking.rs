//! Reads that wait for something newer than their caller has, as those of net/rpc do: by an index, for a time, asked in metadata
//! and answered in metadata.
//!
//! Source: Consul 1.21, blocking queries over gRPC (peerings are read so).
use std::sync::Arc;

use proconsul_services::Context;
use proconsul_state::{Snapshot, WatchSet};
use tokio::time::{Instant, timeout_at};
use tonic::{Response, Status, metadata::MetadataValue};

use crate::{news::News, options::Asked};

/// What a read found.
pub(crate) struct Found<T> {
    /// The newest change of what it looked at.
    pub(crate) index: u64,
    /// It asked for one thing, and that is not there. A change that leaves it so is no news.
    pub(crate) nothing: bool,
    pub(crate) answer: T,
}

/// Answers a read with what there is; with an index in `asked`, once that is passed or the wait is over.
pub(crate) async fn read<T>(
    context: &Context,
    news: &Arc<News>,
    asked: &Asked,
    look: impl Fn(&Snapshot, &mut WatchSet) -> Found<T>,
) -> Result<Response<T>, Status> {
    context.lot.count_query();
    if asked.min_query_index == 0 {
        let found = look(&context.store.snapshot(), &mut WatchSet::off());
        return Ok(with_facts(context, found));
    }
    let until = Instant::now() + context.lot.times().wait_for(asked.max_query_time);
    let _waiting = context.lot.count_waiting();
    let (mut past, mut nothing_before) = (asked.min_query_index, false);
    loop {
        let mut watches = WatchSet::new();
        let snapshot = context.store.snapshot();
        let found = look(&snapshot, &mut watches);
        if found.nothing && nothing_before {
            past = found.index.max(1);
        }
        nothing_before |= found.nothing;
        if found.index.max(1) > past {
            return Ok(with_facts(context, found));
        }
        let Some(seat) = news.take_seat(watches) else { return Ok(with_facts(context, found)) };
        if !Arc::ptr_eq(&snapshot, &context.store.snapshot()) {
            continue; // what came in between woke nobody
        }
        let over = timeout_at(until, seat.changed()).await.is_err();
        if over || seat.is_over() {
            return Ok(with_facts(context, look(&context.store.snapshot(), &mut WatchSet::off())));
        }
    }
}

/// An answer with the facts of its query, as Consul writes them into the metadata.
fn with_facts<T>(context: &Context, found: Found<T>) -> Response<T> {
    let mut response = Response::new(found.answer);
    let known_leader = !context.leadership.facts().leader.is_empty();
    let metadata = response.metadata_mut();
    // Zero would be an index that nobody can wait for.
    metadata.insert("index", MetadataValue::from(found.index.max(1)));
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
    response
}
