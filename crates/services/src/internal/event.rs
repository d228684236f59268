//! `Internal.EventFire`.
use proconsul_netrpc::Fault;
use proconsul_structs::{
    internal::{EventFireRequest, EventFireResponse},
    query::QueryMeta,
};
use proconsul_types::WireText;

use crate::{Access, Caller};

/// How many bytes name and payload of an event may have together: it goes by gossip, in one packet.
const EVENT_BYTES_MAX: usize = 512;
/// What stands in front of the name of an event that an agent fires, among the events that gossip carries.
const USER_EVENT_PREFIX: &str = "consul:event:";

/// Takes an event for every agent of the datacenter. While the server is alone, there is nobody to send it to.
pub(super) fn fire(Caller { rights, .. }: Caller<'_>, request: EventFireRequest) -> Result<EventFireResponse, Fault> {
    rights.demand(Access::EventWrite(&request.name))?;
    let payload = request.payload.as_ref().map_or(0, |payload| payload.len());
    if USER_EVENT_PREFIX.len() + request.name.len() + payload > EVENT_BYTES_MAX {
        return Err(WireText::event_too_large(EVENT_BYTES_MAX).into());
    }
    Ok(EventFireResponse { query_meta: QueryMeta { index: 1, known_leader: true, ..QueryMeta::default() } })
}
