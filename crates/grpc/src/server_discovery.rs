//! `hashicorp.consul.serverdiscovery.ServerDiscoveryService`: which servers may be asked, now and whenever that changes.
use std::{
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
    task::{Context as Poller, Poll},
    time::Duration,
};

use futures_core::Stream;
use proconsul_proto_public::pbserverdiscovery::{
    Server, WatchServersRequest, WatchServersResponse, server_discovery_service_server::ServerDiscoveryService,
};
use proconsul_services::Context;
use proconsul_state::{Peer, WatchSet};
use tokio::time::{Interval, MissedTickBehavior, interval};
use tonic::{Request, Response, Status, async_trait};

use crate::{Deps, options};

/// How often it is looked at who is ready: as often as Consul's autopilot looks.
pub const READY_SERVERS_EVERY: Duration = Duration::from_secs(10);

/// Tells who is ready.
#[derive(Clone)]
pub(crate) struct ServerDiscovery {
    context: Arc<Context>,
    node_id: Arc<str>,
    version: &'static str,
}

impl ServerDiscovery {
    pub(crate) fn new(deps: &Deps) -> Self {
        Self { context: Arc::clone(&deps.context), node_id: Arc::clone(&deps.node_id), version: deps.version }
    }

    /// The servers that are ready: this one, for as long as there is a leader.
    fn ready(&self, wan: bool) -> Vec<Server> {
        let facts = self.context.leadership.facts();
        let Some(address) = host(&facts.leader.to_str_lossy()) else { return Vec::new() };
        let wan_address = || {
            let snapshot = self.context.store.snapshot();
            // Looked at again in a while: nothing is watched.
            let (_, node) = snapshot.node_by_id(Peer::LOCAL, self.node_id.as_bytes(), &mut WatchSet::default());
            let node = node?;
            host_or_address(&node.tagged_addresses.as_ref()?.get(b"wan".as_slice())?.to_str_lossy())
        };
        let address = if wan { wan_address().unwrap_or(address) } else { address };
        vec![Server { id: self.node_id.to_string(), address, version: self.version.to_owned() }]
    }
}

/// The host of an address with a port.
fn host(address: &str) -> Option<String> {
    address.parse::<SocketAddr>().ok().map(|address| address.ip().to_string())
}

/// The host of an address with a port or without.
fn host_or_address(address: &str) -> Option<String> {
    host(address).or_else(|| address.parse::<IpAddr>().ok().map(|address| address.to_string()))
}

#[async_trait]
impl ServerDiscoveryService for ServerDiscovery {
    type WatchServersStream = Watch;

    async fn watch_servers(&self, request: Request<WatchServersRequest>) -> Result<Response<Watch>, Status> {
        options::any_token(&self.context, request.metadata())?;
        let mut ticks = interval(READY_SERVERS_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Ok(Response::new(Watch { from: self.clone(), wan: request.get_ref().wan, told: None, ticks }))
    }
}

/// One client's watch: the whole list, at once and whenever it is another.
pub(crate) struct Watch {
    from: ServerDiscovery,
    wan: bool,
    told: Option<Vec<Server>>,
    ticks: Interval,
}

impl Stream for Watch {
    type Item = Result<WatchServersResponse, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Poller<'_>) -> Poll<Option<Self::Item>> {
        while self.ticks.poll_tick(cx).is_ready() {
            let servers = self.from.ready(self.wan);
            if !servers.is_empty() && self.told.as_ref() != Some(&servers) {
                self.told = Some(servers.clone());
                return Poll::Ready(Some(Ok(WatchServersResponse { servers })));
            }
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_what_stands_before_the_port() {
        assert_eq!(host("10.0.0.1:8300").as_deref(), Some("10.0.0.1"));
        assert_eq!(host("[::1]:8300").as_deref(), Some("::1"));
        assert_eq!(host(""), None);
        assert_eq!(host_or_address("10.0.0.2").as_deref(), Some("10.0.0.2"));
        assert_eq!(host_or_address("10.0.0.2:8302").as_deref(), Some("10.0.0.2"));
    }
}
