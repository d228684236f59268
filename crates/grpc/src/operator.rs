//! `hashicorp.consul.internal.operator.OperatorService`: what an operator does to the servers.
use std::sync::Arc;

use proconsul_proto::pboperator::{
    TransferLeaderRequest, TransferLeaderResponse, operator_service_server::OperatorService,
};
use proconsul_services::{Access, Context};
use tonic::{Request, Response, Status, async_trait};

use crate::{Deps, options};

/// The service of a server that leads alone: there is nobody to hand leadership to.
#[derive(Clone)]
pub(crate) struct Operator {
    context: Arc<Context>,
    node_id: Arc<str>,
}

impl Operator {
    pub(crate) fn new(deps: &Deps) -> Self {
        Self { context: Arc::clone(&deps.context), node_id: Arc::clone(&deps.node_id) }
    }
}

#[async_trait]
impl OperatorService for Operator {
    async fn transfer_leader(
        &self,
        request: Request<TransferLeaderRequest>,
    ) -> Result<Response<TransferLeaderResponse>, Status> {
        options::demand(&self.context, request.metadata(), Access::OperatorWrite)?;
        let id = request.into_inner().id;
        Err(Status::unknown(if id.is_empty() {
            "cannot find peer".to_owned()
        } else if *id == *self.node_id {
            "cannot transfer leadership to itself".to_owned()
        } else {
            format!("Could not find address for server id {id}")
        }))
    }
}
