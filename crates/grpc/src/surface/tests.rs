use proconsul_layers::{LimitMode, RequestRates};
use proconsul_proto_public::{
    pbacl::acl_service_server::AclServiceServer, pbconnectca::connect_ca_service_server::ConnectCaServiceServer,
};
use tonic::Code;

use crate::{Health, acl::Acl, connect_ca::ConnectCa};

use super::*;

/// The external surface of a server that leads, or does not, and lets no call through that is counted.
fn shut(leads: bool) -> Surface {
    let rates = RequestRates { mode: LimitMode::Enforcing, read_rate: 0.0, write_rate: 0.0 };
    let limits = Arc::new(RequestLimits::new(rates, move || leads));
    let (_, health) = Health::new();
    Surface::new(GrpcListener::External, Arc::default(), limits)
        .with(AclServiceServer::new(Acl))
        .with_waiting(ConnectCaServiceServer::new(ConnectCa), &["Sign", "WatchRoots"])
        .with(health)
}

async fn status(surface: &Surface, path: &str) -> Option<Status> {
    let request =
        Request::post(path).header("content-type", "application/grpc").body(Body::empty()).expect("a request");
    let call = match surface.begin(request, ([127, 0, 0, 1], 1).into(), Reach::All) {
        Ok(call) => call,
        Err(response) => return Status::from_header_map(response.headers()),
    };
    let refusal = surface.answer(call).await.err()?;
    Status::from_header_map(refusal.0.headers())
}

#[tokio::test]
async fn a_call_beyond_the_rates_has_consuls_code_and_words() {
    let elsewhere = "rate limit exceeded, try again later or against a different server";
    let later = "rate limit exceeded for operation that can only be performed by the leader, try again later";
    for (leads, path, code, text) in [
        (true, "/hashicorp.consul.acl.ACLService/Login", Code::Unavailable, later),
        (false, "/hashicorp.consul.acl.ACLService/Login", Code::ResourceExhausted, elsewhere),
        (true, "/hashicorp.consul.connectca.ConnectCAService/Sign", Code::Unavailable, later),
        (true, "/hashicorp.consul.connectca.ConnectCAService/WatchRoots", Code::ResourceExhausted, elsewhere),
        (true, "/hashicorp.consul.acl.ACLService/Nothing", Code::Unimplemented, ""),
    ] {
        let status = status(&shut(leads), path).await.expect("it is refused");
        assert_eq!(status.code(), code, "{path}: {status}");
        assert!(text.is_empty() || status.message() == text, "{path}: {status}");
    }
    let ours = status(&shut(true), "/grpc.health.v1.Health/Check").await;
    assert!(ours.is_none_or(|status| status.code() != Code::ResourceExhausted), "what is not Consul's is not counted");
}

#[test]
fn clients_of_the_grpc_ports_have_longer_to_answer_a_ping_as_in_consul() {
    let new = |listener| {
        Surface::new(listener, Arc::default(), Arc::new(RequestLimits::new(RequestRates::default(), || true)))
    };
    assert_eq!(new(GrpcListener::External).keepalive_timeout().as_secs(), 20);
    assert_eq!(new(GrpcListener::Internal).keepalive_timeout().as_secs(), 10);
}
