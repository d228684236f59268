//! A gRPC channel and a server of ours.
use std::{net::SocketAddr, time::Duration};

use proconsul_client::{
    Backoff, Transport,
    grpc::{GrpcChannel, GrpcOptions, GrpcPort, ServerWatch, ServerWatchOptions},
    structs::Token,
};
use proconsul_proto::pboperator::{TransferLeaderRequest, operator_service_client::OperatorServiceClient};
use proconsul_proto_public::{
    pbdataplane::{
        DataplaneFeatures, GetSupportedDataplaneFeaturesRequest, dataplane_service_client::DataplaneServiceClient,
    },
    pbserverdiscovery::{WatchServersRequest, server_discovery_service_client::ServerDiscoveryServiceClient},
};
use proconsul_server::{Config, PortAt, Server};
use proconsul_tls::{Settings, Tls};
use support::{certificates, config, promptly};
use tonic::{Code, Request};

mod support;

/// With an external port.
async fn start(tls: Settings) -> Server {
    let config = Config { grpc: PortAt::At(0), tls, ..config() };
    Server::start(config).await.expect("the server starts")
}

fn channel(address: SocketAddr, dialler: impl proconsul_client::Dialler) -> GrpcChannel {
    GrpcChannel::new(address.to_string(), dialler, GrpcOptions { retries: false, ..GrpcOptions::default() })
}

async fn features(channel: &GrpcChannel) -> usize {
    let mut client = DataplaneServiceClient::new(channel.clone());
    let asked = client.get_supported_dataplane_features(GetSupportedDataplaneFeaturesRequest::default());
    promptly("the features", asked).await.expect("an answer").into_inner().supported_dataplane_features.len()
}

#[tokio::test]
async fn generated_clients_call_on_the_server_port_and_on_a_port_of_its_own() {
    let server = start(Settings::default()).await;
    let inner = channel(server.rpc_address(), Transport::Plain);
    let mut operator = OperatorServiceClient::new(inner.clone());
    let refused = promptly("an answer", operator.transfer_leader(TransferLeaderRequest::default())).await;
    let refused = refused.expect_err("there is nobody to give it to");
    assert_ne!(refused.code(), Code::Unavailable, "{refused:?}");
    assert_eq!(server.connections(), 1, "calls share a connection");

    let outer = channel(server.grpc_address().expect("it has one"), GrpcPort::Plain);
    assert!(features(&outer).await > 0);
    let mut discovery = ServerDiscoveryServiceClient::new(outer);
    let watch = promptly("a stream", discovery.watch_servers(WatchServersRequest::default())).await;
    let mut servers = watch.expect("it begins").into_inner();
    let first = promptly("a list", servers.message()).await.expect("no failure").expect("no end");
    assert_eq!(first.servers.len(), 1);
}

#[tokio::test]
async fn a_stream_ends_with_its_deadline() {
    let server = start(Settings::default()).await;
    let outer = channel(server.grpc_address().expect("it has one"), GrpcPort::Plain);
    let mut request = Request::new(WatchServersRequest::default());
    request.set_timeout(Duration::from_secs(2));
    let watch = ServerDiscoveryServiceClient::new(outer).watch_servers(request).await;
    let mut servers = watch.expect("it begins").into_inner();
    promptly("a list", servers.message()).await.expect("no failure");
    let late = promptly("the deadline", servers.message()).await.expect_err("it is over");
    assert_eq!(late.code(), Code::DeadlineExceeded, "{late:?}");
}

#[tokio::test]
async fn a_connection_that_is_lost_is_made_again() {
    let server = start(Settings::default()).await;
    let address = server.grpc_address().expect("it has one");
    let outer = channel(address, GrpcPort::Plain);
    features(&outer).await;
    server.stop(Duration::ZERO).await;
    let again = Config { grpc: PortAt::At(address.port()), ..config() };
    let _server = Server::start(again).await.expect("the port is free");
    features(&outer).await;
}

#[tokio::test]
async fn nobody_to_connect_to_is_unavailable_and_not_tried_at_once_again() {
    let server = start(Settings::default()).await;
    let address = server.grpc_address().expect("it has one");
    server.stop(Duration::ZERO).await;
    let outer = channel(address, GrpcPort::Plain);
    for _ in 0..2 {
        let error = outer.connect().await.expect_err("nobody");
        assert_eq!(error.code(), Code::Unavailable);
        assert!(error.message().contains(&address.to_string()), "{error:?}");
    }
}

#[tokio::test]
async fn tls_leads_to_grpc_by_its_byte_and_by_its_name() {
    let (_folder, servers, clients) = certificates();
    let server = start(servers).await;
    let tls = Tls::load(clients).expect("the certificates are good");
    for transport in [Transport::type_byte(tls.clone(), "dc1"), Transport::alpn(tls.clone(), "dc1")] {
        let inner = channel(server.rpc_address(), transport);
        let mut operator = OperatorServiceClient::new(inner);
        let refused = promptly("an answer", operator.transfer_leader(TransferLeaderRequest::default())).await;
        let refused = refused.expect_err("there is nobody to give it to");
        assert_ne!(refused.code(), Code::Unavailable, "{refused:?}");
    }
}

fn watch(addresses: impl IntoIterator<Item = SocketAddr>) -> ServerWatch {
    watch_for(addresses, Vec::new())
}

fn watch_for(addresses: impl IntoIterator<Item = SocketAddr>, needs: Vec<DataplaneFeatures>) -> ServerWatch {
    let backoff = Backoff { first: Duration::from_millis(20), most: Duration::from_millis(100) };
    let redial = Backoff { first: Duration::ZERO, most: Duration::ZERO };
    let channel = GrpcOptions { retries: false, redial, ..GrpcOptions::default() };
    let token = Some(Token::new("secret"));
    let options = ServerWatchOptions { backoff, channel, token, needs, ..ServerWatchOptions::default() };
    ServerWatch::start(addresses.into_iter().map(|address| address.to_string()), options).expect("a good token")
}

#[tokio::test]
async fn a_watch_moves_to_another_server_when_its_own_is_gone() {
    let mut servers = vec![start(Settings::default()).await, start(Settings::default()).await];
    let address = |server: &Server| server.grpc_address().expect("it has one");
    let watch = watch(servers.iter().map(address));
    let first = promptly("a server", watch.current()).await;
    assert!(first.features.contains(&DataplaneFeatures::WatchServers));
    let mut client = DataplaneServiceClient::new(watch.channel());
    let at = servers.iter().position(|server| address(server).to_string() == *first.server).expect("one of them");
    servers.remove(at).stop(Duration::ZERO).await;
    let mut changes = watch.changes();
    let other = address(&servers[0]).to_string();
    let moved = changes.wait_for(|current| current.as_ref().is_some_and(|current| *current.server == *other));
    drop(promptly("the other server", moved).await.expect("the watch goes on"));
    let asked = client.get_supported_dataplane_features(GetSupportedDataplaneFeaturesRequest::default());
    promptly("the features", asked).await.expect("an answer of the other");
}

#[tokio::test]
async fn a_watch_follows_a_restart() {
    let server = start(Settings::default()).await;
    let address = server.grpc_address().expect("it has one");
    let watch = watch([address]);
    promptly("the server", watch.current()).await;
    let mut changes = watch.changes();
    server.stop(Duration::ZERO).await;
    drop(promptly("its end", changes.wait_for(Option::is_none)).await.expect("the watch goes on"));
    let again = Config { grpc: PortAt::At(address.port()), ..config() };
    let _server = Server::start(again).await.expect("the port is free");
    let mut client = DataplaneServiceClient::new(watch.channel());
    let asked = client.get_supported_dataplane_features(GetSupportedDataplaneFeaturesRequest::default());
    promptly("the features", asked).await.expect("the call waits for the server");
}

#[tokio::test]
async fn a_server_that_lacks_what_is_needed_is_passed_over() {
    let server = start(Settings::default()).await;
    let address = server.grpc_address().expect("it has one");
    let content = watch_for([address], vec![DataplaneFeatures::WatchServers]);
    promptly("the server", content.current()).await;
    drop(content);
    let watch = watch_for([address], vec![DataplaneFeatures::WatchServers, DataplaneFeatures::Fips]);
    let tried_again = async {
        while server.registry().reasons().iter().map(|(_, count)| *count).sum::<u64>() < 4 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    promptly("further attempts", tried_again).await;
    assert!(watch.changes().borrow().is_none(), "it was connected to, and not used");
}
