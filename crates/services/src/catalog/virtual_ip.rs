//! `Catalog.VirtualIPForService`.
use std::sync::Arc;

use proconsul_msgpack::GoStr;
use proconsul_netrpc::{Answer, Handler, Reply, answering};
use proconsul_state::Peer;
use proconsul_structs::{RpcInfo, catalog::ServiceSpecificRequest};
use proconsul_types::CallInfo;

use crate::{Context, visible};

/// The address by which the mesh reaches a service; the empty text if it has none. It does not wait.
pub(super) fn handler(context: &Arc<Context>) -> impl Handler + use<> {
    let context = Arc::clone(context);
    answering(move |_: &CallInfo, request: ServiceSpecificRequest, _: &[u8]| {
        context.check_datacenter(&request)?;
        let rights = context.authorizers.of(request.token())?;
        let (peer, name) = (&request.peer_name, &request.service_name);
        visible::demand_service(&rights, peer, name)?;
        let address = context.store.snapshot().virtual_ip(Peer::named(peer), name);
        Ok(Answer::Now(Reply::value(address.map_or(GoStr::EMPTY, |address| GoStr::from(address.to_string())))))
    })
}
