//! `hashicorp.consul.dns.DNSService`: DNS for those who reach a server by gRPC only, as data planes do.
use std::{
    hash::{BuildHasher, Hasher, RandomState},
    net::Ipv4Addr,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use proconsul_dns::{Catalog, LookupError, Moment, NodeLookup, ServiceLookup, Settings, Transport, respond};
use proconsul_netrpc::Fault;
use proconsul_proto_public::pbdns::{Protocol, QueryRequest, QueryResponse, dns_service_server::DnsService};
use proconsul_services::{Context, Reader, Reads};
use proconsul_structs::{
    Shared,
    catalog::{HealthFilterType, NodeSpecificRequest, ServiceSpecificRequest},
    health::CheckServiceNode,
    node::Node,
    query::DcSpecificRequest,
    service::ServiceNode,
};
use proconsul_types::WireText;
use tonic::{Request, Response, Status, async_trait};

use crate::{Deps, options};

/// The service: answers from one moment of the store, as the caller's token may see it.
#[derive(Clone)]
pub(crate) struct Dns {
    context: Arc<Context>,
    reader: Arc<Reader>,
    settings: Arc<Settings>,
}

impl Dns {
    pub(crate) fn new(deps: &Deps) -> Self {
        Self::of(Arc::clone(&deps.context), Arc::clone(&deps.dns))
    }

    fn of(context: Arc<Context>, settings: Arc<Settings>) -> Self {
        let reader = Arc::new(Reader::new(&context));
        Self { context, reader, settings }
    }
}

#[async_trait]
impl DnsService for Dns {
    async fn query(&self, request: Request<QueryRequest>) -> Result<Response<QueryResponse>, Status> {
        // Who shows a token that is none is not refused: what asks for no rights is answered.
        let rights = options::rights(&self.context, request.metadata());
        let QueryRequest { msg, protocol } = request.into_inner();
        let transport = transport(protocol)?;
        let asked = proconsul_dns::Request::read(&msg)
            .map_err(|error| Status::internal(format!("failure decoding dns request: {error}")))?;
        let catalog = Seen(self.reader.of(rights));
        let msg = respond(&self.settings, &catalog, transport, &asked, now());
        Ok(Response::new(QueryResponse { msg: msg.into() }))
    }
}

/// How the one who asks was asked: it passes the answer on in the same way.
fn transport(protocol: i32) -> Result<Transport, Status> {
    match Protocol::try_from(protocol) {
        Ok(Protocol::Tcp) => Ok(Transport::Tcp),
        Ok(Protocol::Udp) => Ok(Transport::Udp),
        Ok(unset) => Err(no_protocol(unset.as_str_name())),
        Err(_) => Err(no_protocol(&protocol.to_string())),
    }
}

fn no_protocol(named: &str) -> Status {
    Status::invalid_argument(format!("error protocol type not set: {named}"))
}

fn now() -> Moment {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    // A serial number counts round.
    Moment { unix_seconds: since.as_secs() as u32, seed: RandomState::new().build_hasher().finish() }
}

/// The catalog as one caller sees it.
struct Seen<'a>(Reads<'a>);

impl Catalog for Seen<'_> {
    fn instances(&self, lookup: &ServiceLookup) -> Result<Vec<CheckServiceNode>, LookupError> {
        let tags = (!lookup.tag.is_empty()).then(|| vec![lookup.tag.as_str().into()]);
        let request = ServiceSpecificRequest {
            datacenter: lookup.datacenter.as_str().into(),
            peer_name: lookup.peer.as_str().into(),
            service_name: lookup.service.as_str().into(),
            tag_filter: tags.is_some(),
            service_tags: tags,
            health_filter_type: match lookup.only_passing {
                true => HealthFilterType::INCLUDE_ONLY_PASSING,
                false => HealthFilterType::EXCLUDE_CRITICAL,
            },
            connect: lookup.connect,
            ingress: lookup.ingress,
            ..ServiceSpecificRequest::default()
        };
        self.0.healthy_instances(&request).map_err(why)
    }

    fn node(&self, lookup: &NodeLookup) -> Result<Option<Shared<Node>>, LookupError> {
        let request = NodeSpecificRequest {
            datacenter: lookup.datacenter.as_str().into(),
            peer_name: lookup.peer.as_str().into(),
            node: lookup.node.as_str().into(),
            ..NodeSpecificRequest::default()
        };
        self.0.node(&request).map_err(why)
    }

    fn virtual_address(&self, service: &str, peer: &str) -> Result<Option<Ipv4Addr>, LookupError> {
        self.0.virtual_address(&service.into(), &peer.into()).map_err(why)
    }

    fn nodes(&self) -> Result<Vec<Shared<Node>>, LookupError> {
        self.0.nodes(&DcSpecificRequest::default()).map_err(why)
    }

    fn instances_at(&self, address: &str) -> Result<Vec<Shared<ServiceNode>>, LookupError> {
        let request = ServiceSpecificRequest { service_address: address.into(), ..ServiceSpecificRequest::default() };
        self.0.instances(&request).map_err(why)
    }
}

fn why(fault: Fault) -> LookupError {
    if fault.text == WireText::NO_PATH_TO_DATACENTER.as_str() { LookupError::NoDatacenter } else { LookupError::Failed }
}

#[cfg(test)]
mod tests;
