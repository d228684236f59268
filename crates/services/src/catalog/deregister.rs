//! `Catalog.Deregister`.
use proconsul_state::Entry;
use proconsul_structs::{catalog::DeregisterRequest, status::Empty};
use proconsul_types::WireText;

use super::vet;
use crate::{Caller, write::Refused};

/// A node must be named; that it, or what is to go from it, exists is not asked: the log's entry then changes nothing.
pub(super) fn prepare(
    Caller { context, rights }: Caller<'_>,
    request: DeregisterRequest,
) -> Result<Entry, Refused<Empty>> {
    if request.node.is_empty() {
        return Err(Err(WireText::MUST_PROVIDE_NODE.into()));
    }
    vet::deregistration(rights, &request, &context.store.snapshot()).map_err(Err)?;
    Ok(Entry::Deregister(Box::new(request)))
}
