//! A gRPC channel and a server that is played: what is attempted again.
use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body::Body as _;
use hyper::{body::Incoming, server::conn::http2, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use proconsul_client::grpc::{GrpcChannel, GrpcOptions, GrpcPort};
use proconsul_proto_public::{
    pbacl::{LogoutRequest, acl_service_client::AclServiceClient},
    pbdns::{QueryRequest, dns_service_client::DnsServiceClient},
};
use tokio::net::TcpListener;
use tonic::{Code, body::Body};

/// What the played server answers to each attempt; to those after the last as to the last.
struct Play {
    codes: Vec<Code>,
    headers: HeaderMap,
    attempts: AtomicUsize,
    /// What came with the last attempt: how many were before, and the bytes.
    last: parking_lot::Mutex<(Option<String>, Vec<u8>)>,
}

impl Play {
    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        let before = request.headers().get("grpc-previous-rpc-attempts");
        let before = before.map(|value| value.to_str().expect("text").to_owned());
        let mut body = request.into_body();
        let mut bytes = Vec::new();
        while let Some(frame) = std::future::poll_fn(|cx| std::pin::Pin::new(&mut body).poll_frame(cx)).await {
            bytes.extend(frame.expect("a frame").into_data().unwrap_or_default() as Bytes);
        }
        *self.last.lock() = (before, bytes);
        let at = self.attempts.fetch_add(1, SeqCst).min(self.codes.len() - 1);
        let mut response = tonic::Status::new(self.codes[at], "played").into_http::<Body>();
        response.headers_mut().extend(self.headers.clone());
        response
    }
}

async fn play(codes: &[Code], headers: HeaderMap) -> (SocketAddr, Arc<Play>) {
    let play =
        Arc::new(Play { codes: codes.to_vec(), headers, attempts: AtomicUsize::new(0), last: Default::default() });
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let player = Arc::clone(&play);
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let player = Arc::clone(&player);
            let answers = service_fn(move |request| {
                let player = Arc::clone(&player);
                async move { Ok::<_, Infallible>(player.answer(request).await) }
            });
            tokio::spawn(http2::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(tcp), answers));
        }
    });
    (address, play)
}

/// Pauses have no length here.
fn channel(address: SocketAddr) -> GrpcChannel {
    GrpcChannel::new(address.to_string(), GrpcPort::Plain, GrpcOptions { random: || 0, ..GrpcOptions::default() })
}

/// A question for a name, in a message of 9 bytes with its frame.
async fn ask(address: SocketAddr) -> Code {
    let request = QueryRequest { msg: Bytes::from_static(b"ab"), ..QueryRequest::default() };
    DnsServiceClient::new(channel(address)).query(request).await.expect_err("played").code()
}

async fn log_out(address: SocketAddr) -> Code {
    AclServiceClient::new(channel(address)).logout(LogoutRequest::default()).await.expect_err("played").code()
}

#[tokio::test]
async fn what_only_reads_is_attempted_five_times_with_all_of_its_request() {
    let (address, play) = play(&[Code::Unavailable], HeaderMap::new()).await;
    assert_eq!(ask(address).await, Code::Unavailable);
    assert_eq!(play.attempts.load(SeqCst), 5);
    assert_eq!(*play.last.lock(), (Some("4".into()), b"\0\0\0\0\x04\x0a\x02ab".to_vec()));
}

#[tokio::test]
async fn a_failure_that_stays_ends_the_attempts() {
    let (address, play) =
        play(&[Code::Internal, Code::ResourceExhausted, Code::PermissionDenied], HeaderMap::new()).await;
    assert_eq!(ask(address).await, Code::PermissionDenied);
    assert_eq!(play.attempts.load(SeqCst), 3);
}

#[tokio::test]
async fn what_changes_something_is_attempted_again_only_if_nothing_was_done() {
    let (address, play) = play(&[Code::ResourceExhausted, Code::Unavailable], HeaderMap::new()).await;
    assert_eq!(log_out(address).await, Code::Unavailable);
    assert_eq!(play.attempts.load(SeqCst), 2);
}

#[tokio::test]
async fn a_server_that_wants_no_other_attempt_gets_none() {
    let headers =
        HeaderMap::from_iter([("grpc-retry-pushback-ms".parse().expect("a name"), "-1".parse().expect("a value"))]);
    let (address, play) = play(&[Code::ResourceExhausted], headers).await;
    assert_eq!(ask(address).await, Code::ResourceExhausted);
    assert_eq!(play.attempts.load(SeqCst), 1);
}

#[tokio::test]
async fn a_deadline_is_for_all_attempts() {
    let pushback = ("grpc-retry-pushback-ms".parse().expect("a name"), "60000".parse().expect("a value"));
    let (address, play) = play(&[Code::ResourceExhausted], HeaderMap::from_iter([pushback])).await;
    let mut request = tonic::Request::new(QueryRequest::default());
    request.set_timeout(Duration::from_millis(300));
    let late = DnsServiceClient::new(channel(address)).query(request).await.expect_err("too late");
    assert_eq!(late.code(), Code::DeadlineExceeded);
    assert!(!proconsul_client::grpc::is_answer(&late));
    assert_eq!(play.attempts.load(SeqCst), 1);
}
