//! What of the catalog others of this process read, as a caller would: with its rights, from one moment of the store.
use std::{net::Ipv4Addr, sync::Arc};

use proconsul_msgpack::GoStr;
use proconsul_netrpc::Fault;
use proconsul_state::{Peer, Snapshot, WatchSet};
use proconsul_structs::{
    Method, RpcInfo, Shared,
    catalog::{NodeSpecificRequest, ServiceSpecificRequest},
    health::CheckServiceNode,
    node::Node,
    query::DcSpecificRequest,
    service::ServiceNode,
};

use crate::{Context, Rights, View, blocking::Query, catalog, health, visible};

/// Makes [`Reads`], and keeps what is the same for all: what counts them is looked up once.
pub struct Reader {
    context: Arc<Context>,
    healthy_instances: health::services::Instances,
    instances: catalog::services::Instances,
}

impl Reader {
    /// Reads from this server.
    pub fn new(context: &Arc<Context>) -> Self {
        Self {
            context: Arc::clone(context),
            healthy_instances: health::services::Instances::new(),
            instances: catalog::services::Instances::new(),
        }
    }

    /// Reads of whoever has these rights. Who has none because there is no such token is told so by every read.
    pub fn of(&self, rights: Result<Rights, Fault>) -> Reads<'_> {
        Reads { reader: self, at: self.context.store.snapshot(), rights }
    }
}

/// Reads of one caller, all from the same moment. What the caller may not see is not in them.
pub struct Reads<'a> {
    reader: &'a Reader,
    at: Arc<Snapshot>,
    rights: Result<Rights, Fault>,
}

impl Reads<'_> {
    /// As `Health.ServiceNodes`.
    ///
    /// # Errors
    /// As its.
    pub fn healthy_instances(&self, request: &ServiceSpecificRequest) -> Result<Vec<CheckServiceNode>, Fault> {
        Ok(self.ask(&self.reader.healthy_instances, request)?.nodes.unwrap_or_default())
    }

    /// The node that `Catalog.NodeServices` answers with.
    ///
    /// # Errors
    /// As its.
    pub fn node(&self, request: &NodeSpecificRequest) -> Result<Option<Shared<Node>>, Fault> {
        Ok(self.ask(&catalog::node::Services, request)?.node_services.and_then(|found| found.node))
    }

    /// As `Catalog.ListNodes`.
    ///
    /// # Errors
    /// As its.
    pub fn nodes(&self, request: &DcSpecificRequest) -> Result<Vec<Shared<Node>>, Fault> {
        Ok(self.ask(&catalog::nodes::Nodes, request)?.nodes.unwrap_or_default())
    }

    /// As `Catalog.ServiceNodes`.
    ///
    /// # Errors
    /// As its.
    pub fn instances(&self, request: &ServiceSpecificRequest) -> Result<Vec<Shared<ServiceNode>>, Fault> {
        Ok(self.ask(&self.reader.instances, request)?.service_nodes.unwrap_or_default())
    }

    /// As `Catalog.VirtualIPForService`.
    ///
    /// # Errors
    /// As its.
    pub fn virtual_address(&self, service: &GoStr, peer: &GoStr) -> Result<Option<Ipv4Addr>, Fault> {
        visible::demand_service(self.rights()?, peer, service)?;
        Ok(self.at.virtual_ip(Peer::named(peer), service))
    }

    fn rights(&self) -> Result<&Rights, Fault> {
        self.rights.as_ref().map_err(Clone::clone)
    }

    fn ask<Q: Query>(
        &self,
        query: &Q,
        request: &<Q::Method as Method>::Request,
    ) -> Result<<Q::Method as Method>::Reply, Fault>
    where
        <Q::Method as Method>::Request: RpcInfo,
    {
        let context = &*self.reader.context;
        context.check_datacenter(request)?;
        let view = View { context, at: &self.at, rights: self.rights()? };
        let found = query.evaluate(view, request, &mut WatchSet::off())?;
        query.count(request);
        Ok(found.reply)
    }
}
