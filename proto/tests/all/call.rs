//! Generated clients call generated servers, with no connection between them.
use std::{pin::Pin, sync::Arc};

use proconsul_proto::{
    methods,
    pboperator::{
        TransferLeaderRequest, TransferLeaderResponse,
        operator_service_client::OperatorServiceClient,
        operator_service_server::{OperatorService, OperatorServiceServer},
    },
};
use proconsul_proto_public::pbserverdiscovery::{
    Server, WatchServersRequest, WatchServersResponse,
    server_discovery_service_client::ServerDiscoveryServiceClient,
    server_discovery_service_server::{ServerDiscoveryService, ServerDiscoveryServiceServer},
};
use proconsul_types::GrpcMethod;
use tokio_stream::Stream;
use tonic::{Code, Request, Response, Status};

/// Two servers, of which the second leads.
struct Two;

#[tonic::async_trait]
impl OperatorService for Two {
    async fn transfer_leader(
        &self,
        request: Request<TransferLeaderRequest>,
    ) -> Result<Response<TransferLeaderResponse>, Status> {
        match request.get_ref().id.as_str() {
            "b" => Ok(Response::new(TransferLeaderResponse { success: true })),
            other => Err(Status::not_found(format!("no server {other:?}"))),
        }
    }
}

#[tonic::async_trait]
impl ServerDiscoveryService for Two {
    type WatchServersStream = Pin<Box<dyn Stream<Item = Result<WatchServersResponse, Status>> + Send>>;

    async fn watch_servers(
        &self,
        _: Request<WatchServersRequest>,
    ) -> Result<Response<Self::WatchServersStream>, Status> {
        let seen = ["a", "b"].map(|id| {
            let server = Server { id: id.into(), address: "127.0.0.1:8502".into(), version: "1.21.4".into() };
            Ok(WatchServersResponse { servers: vec![server] })
        });
        Ok(Response::new(Box::pin(tokio_stream::iter(seen))))
    }
}

#[tokio::test]
async fn a_call_is_answered_and_an_error_keeps_its_code() {
    let mut client = OperatorServiceClient::new(OperatorServiceServer::from_arc(Arc::new(Two)));
    let answer = client.transfer_leader(TransferLeaderRequest { id: "b".into() }).await.expect("b is there");
    assert!(answer.get_ref().success);
    let error = client.transfer_leader(TransferLeaderRequest { id: "c".into() }).await.expect_err("c is not");
    assert_eq!((error.code(), error.message()), (Code::NotFound, "no server \"c\""));
}

#[tokio::test]
async fn a_stream_of_the_server_arrives_in_order() {
    let mut client = ServerDiscoveryServiceClient::new(ServerDiscoveryServiceServer::new(Two));
    let mut stream = client.watch_servers(WatchServersRequest { wan: false }).await.expect("it streams").into_inner();
    let mut ids = Vec::new();
    while let Some(answer) = stream.message().await.expect("no error is sent") {
        ids.extend(answer.servers.into_iter().map(|server| server.id));
    }
    assert_eq!(ids, ["a", "b"]);
}

/// The types that a marker names are those that client and server have: if not, this does not compile.
#[test]
fn a_method_s_type_names_its_messages() {
    fn reply_of<M: GrpcMethod>(_: M::Request) -> (&'static str, Option<M::Reply>) {
        (M::ROW.path, None)
    }
    let (path, reply) = reply_of::<methods::operator_service::TransferLeader>(TransferLeaderRequest::default());
    assert_eq!(path, "/hashicorp.consul.internal.operator.OperatorService/TransferLeader");
    assert_eq!(reply.unwrap_or_default(), TransferLeaderResponse::default());
}
