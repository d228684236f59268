use std::collections::BTreeMap;

use proconsul_msgpack::GoStr;
use proconsul_services::{
    Access, Appended, Authorizer, Authorizers, Leadership, LeadershipFacts, Log, Rights,
    blocking::{Lot, QueryTimes},
};
use proconsul_state::{Entry, Store};
use proconsul_structs::{Token, catalog::RegisterRequest, check::HealthCheck, service::NodeService};

use super::*;

struct Nobody;

impl Log for Nobody {
    fn append(&self, _: Entry) -> Appended {
        panic!("a question writes nothing");
    }
}

impl Leadership for Nobody {
    fn facts(&self) -> LeadershipFacts {
        LeadershipFacts::default()
    }

    fn leads(&self) -> bool {
        false
    }
}

/// Sees nodes and services but `hidden`; the token `unknown` is none.
struct Some_;

impl Authorizer for Some_ {
    fn allows(&self, access: Access<'_>) -> bool {
        access.subject().is_none_or(|name| *name != "hidden")
    }

    fn accessor(&self) -> Option<GoStr> {
        None
    }
}

impl Authorizers for Some_ {
    fn of(&self, token: Option<&Token>) -> Result<Rights, Fault> {
        match token {
            Some(token) if *token == Token::new("unknown") => Err(Fault::answer("ACL not found")),
            _ => Ok(Rights::new(Arc::new(Some_))),
        }
    }
}

fn service(with_rules: bool) -> Dns {
    let store = Arc::new(Store::new());
    for (index, (name, status)) in
        [("web", "passing"), ("hidden", "passing"), ("ill", "critical")].into_iter().enumerate()
    {
        let own = NodeService { service: name.into(), id: name.into(), port: 80, ..NodeService::default() };
        let check = HealthCheck {
            node: "n1".into(),
            check_id: name.into(),
            service_id: name.into(),
            status: status.into(),
            ..HealthCheck::default()
        };
        let request = RegisterRequest {
            datacenter: "dc1".into(),
            node: "n1".into(),
            address: "10.0.0.1".into(),
            node_meta: Some(BTreeMap::new()),
            service: Some(own),
            checks: Some(vec![check]),
            ..RegisterRequest::default()
        };
        store.apply(index as u64 + 2, &Entry::Register(Box::new(request)));
    }
    let lot = Lot::new(Arc::clone(&store), QueryTimes::default());
    let context = Context::new("dc1".into(), store, lot, Arc::new(Nobody), Arc::new(Nobody));
    let context = if with_rules { context.with_authorizers(Arc::new(Some_)) } else { context };
    Dns::of(Arc::new(context), Arc::new(Settings::default()))
}

/// A question for addresses, by its labels.
fn question(labels: &[&str]) -> Vec<u8> {
    let mut message = b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0".to_vec();
    for label in labels {
        message.push(label.len() as u8);
        message.extend(label.as_bytes());
    }
    message.extend(b"\0\0\x01\0\x01");
    message
}

async fn ask(dns: &Dns, msg: Vec<u8>, protocol: i32, token: Option<&'static str>) -> Result<Vec<u8>, Status> {
    let mut request = Request::new(QueryRequest { msg: msg.into(), protocol });
    if let Some(token) = token {
        request.metadata_mut().insert(options::TOKEN_KEY, token.parse().unwrap());
    }
    dns.query(request).await.map(|response| response.into_inner().msg.to_vec())
}

const UDP: i32 = Protocol::Udp as i32;

/// The code of an answer, and its first record's last four bytes if it has one.
async fn outcome(dns: &Dns, labels: &[&str], token: Option<&'static str>) -> (u8, Option<[u8; 4]>) {
    let answer = ask(dns, question(labels), UDP, token).await.unwrap();
    let has_answer = answer[7] > 0;
    (answer[3] & 0xF, has_answer.then(|| *answer.last_chunk().unwrap()))
}

/// Golden case `grpc-external/dns-query`, whose serial number is the time.
#[tokio::test]
async fn questions_are_answered_and_refused_as_recorded() {
    let dns = service(false);
    let asked = question(&["nosuch", "service", "consul"]);
    for protocol in [Protocol::Udp, Protocol::Tcp] {
        let answer = ask(&dns, asked.clone(), protocol as i32, None).await.unwrap();
        let mut expected = b"\x12\x34\x85\x03\0\x01\0\0\0\x01\0\0".to_vec();
        expected.extend(&asked[12..]);
        expected.extend(b"\xc0\x1b\0\x06\0\x01\0\0\0\0\0\x26\x02ns\xc0\x1b\x0ahostmaster\xc0\x1b");
        let serial = expected.len();
        expected.extend(&answer[serial..serial + 4]);
        expected.extend(b"\0\0\x0e\x10\0\0\x02\x58\0\x01\x51\x80\0\0\0\0");
        assert_eq!(answer, expected);
    }
    let refused = |msg: &'static [u8], protocol| {
        let dns = &dns;
        async move {
            let status = ask(dns, msg.to_vec(), protocol, None).await.unwrap_err();
            (status.code(), status.message().to_owned())
        }
    };
    let unset = (tonic::Code::InvalidArgument, "error protocol type not set: PROTOCOL_UNSET_UNSPECIFIED".to_owned());
    assert_eq!(refused(b"", 0).await, unset, "asked for before the message is read");
    assert_eq!(refused(b"", 7).await.1, "error protocol type not set: 7");
    let cut = (tonic::Code::Internal, "failure decoding dns request: dns: overflow unpacking uint16".to_owned());
    assert_eq!(refused(b"\0", UDP).await, cut);
    assert_eq!(refused(b"", UDP).await, cut);
}

#[tokio::test]
async fn answers_come_from_the_store() {
    let dns = service(false);
    let (address, nothing) = (Some([10, 0, 0, 1]), None);
    for (labels, expected) in [
        (["web", "service", "consul"].as_slice(), (0, address)),
        (&["v1", "web", "service", "consul"], (3, nothing)),
        (&["ill", "service", "consul"], (3, nothing)),
        (&["web", "service", "dc2", "consul"], (3, nothing)),
        (&["N1", "node", "consul"], (0, address)),
        (&["n2", "node", "consul"], (3, nothing)),
        (&["web", "query", "consul"], (3, nothing)),
        (&["example", "org"], (5, nothing)),
    ] {
        assert_eq!(outcome(&dns, labels, None).await, expected, "{labels:?}");
    }
    assert_eq!(outcome(&dns, &["1", "0", "0", "10", "in-addr", "arpa"], None).await.0, 0);
    assert_eq!(outcome(&dns, &["2", "0", "0", "10", "in-addr", "arpa"], None).await.0, 3);
}

#[tokio::test]
async fn what_the_caller_may_not_see_does_not_exist() {
    let dns = service(true);
    let code = |labels: &'static [&'static str], token| {
        let dns = &dns;
        async move { outcome(dns, labels, token).await.0 }
    };
    assert_eq!(code(&["web", "service", "consul"], None).await, 0);
    assert_eq!(code(&["hidden", "service", "consul"], None).await, 3);
    assert_eq!(code(&["hidden", "connect", "consul"], None).await, 2, "the service itself must be seen first");
    assert_eq!(code(&["hidden", "virtual", "consul"], None).await, 2);
    assert_eq!(code(&["web", "service", "consul"], Some("unknown")).await, 2);
    assert_eq!(code(&["7f000001", "addr", "consul"], Some("unknown")).await, 0, "that asks for no rights");
}
