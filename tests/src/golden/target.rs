//! Where a server listens, what its names are, and when it is ready to be asked.
use std::{
    io,
    net::{IpAddr, SocketAddr},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::{
    call::{self, Answer},
    case::Port,
    link,
    session::Session,
    tls,
};

/// How long a server may take to have a leader and its own entry in the catalog.
pub const READY_TIMEOUT: Duration = Duration::from_secs(30);
/// How often a server that is not ready is asked again.
const READY_INTERVAL: Duration = Duration::from_millis(100);
/// The management token of the variant `acl`.
pub const MANAGEMENT_TOKEN: &str = "11111111-2222-3333-4444-555555555555";

/// Whether a reply's body says that the server is ready.
type IsReady = fn(&Value) -> bool;

/// A server to replay against.
#[derive(Clone, Debug)]
pub struct Target {
    /// The server port.
    pub rpc: SocketAddr,
    /// The second server's, where the variant has one.
    pub rpc2: Option<SocketAddr>,
    /// The external gRPC port, where it is open.
    pub grpc: Option<SocketAddr>,
    /// The external gRPC port with TLS, where it is open.
    pub grpc_tls: Option<SocketAddr>,
    /// `${dc}`: its datacenter.
    pub dc: String,
    /// `${node}`: its node name.
    pub node: String,
    /// `${mgmt}`: a token that may do anything.
    pub mgmt: String,
    /// The address to dial from, where it must not be the server's own.
    pub source: Option<IpAddr>,
    /// Whether sessions go over TLS after type byte 3, with the client certificate: the server takes no others.
    pub session_tls: bool,
}

impl Target {
    /// A target with the names that all variants share.
    pub fn at(rpc: SocketAddr) -> Self {
        Self {
            rpc,
            rpc2: None,
            grpc: None,
            grpc_tls: None,
            dc: "dc1".into(),
            node: "probe-srv1".into(),
            mgmt: MANAGEMENT_TOKEN.into(),
            source: None,
            session_tls: false,
        }
    }

    /// This target as its variant's recording met it: some were recorded from an address of their own, some over TLS.
    pub fn for_variant(mut self, variant: &str) -> Self {
        if variant == "limits" || variant.starts_with("rate-") {
            self.source = Some(IpAddr::from([127, 0, 0, 9]));
        }
        self.session_tls = matches!(variant, "tls" | "tls-vsh");
        self
    }

    /// Starts a session with one of its server ports, as its variant's recording did. The inner error is the system's, or TLS's.
    ///
    /// # Errors
    /// When the client certificate cannot be read.
    pub fn session(&self, to: SocketAddr) -> Result<io::Result<Session>> {
        let tcp = match link::connect(self, to) {
            Ok(tcp) => tcp,
            Err(error) => return Ok(Err(error)),
        };
        Ok(match self.session_tls {
            false => Session::start(Box::new(tcp)),
            true => tls::connect(tcp, &tls::Wanted::session())?.and_then(|link| Session::start(Box::new(link))),
        })
    }

    /// Where a port is, if the server has it.
    pub fn port(&self, port: Port) -> Option<SocketAddr> {
        match port {
            Port::Rpc => Some(self.rpc),
            Port::Rpc2 => self.rpc2,
            Port::Grpc => self.grpc,
            Port::GrpcTls => self.grpc_tls,
        }
    }

    /// Waits until the server has a leader, its own entry in the catalog and, if it knows certificates, a root. A server that does
    /// not know a method is not waited for on its account.
    ///
    /// # Errors
    /// What is still missing when [`READY_TIMEOUT`] has passed.
    pub fn wait_ready(&self) -> Result<()> {
        let deadline = Instant::now() + READY_TIMEOUT;
        let questions: [(&str, Value, IsReady); 3] = [
            ("Status.Leader", json!({}), |reply| reply.as_str().is_some_and(|leader| !leader.is_empty())),
            (
                "Catalog.ServiceNodes",
                json!({"Datacenter": self.dc, "ServiceName": "consul", "Token": self.mgmt}),
                |reply| reply["ServiceNodes"].as_array().is_some_and(|nodes| !nodes.is_empty()),
            ),
            ("ConnectCA.Roots", json!({"Datacenter": self.dc}), |reply| {
                reply["ActiveRootID"].as_str().is_some_and(|id| !id.is_empty())
            }),
        ];
        for (method, args, is_ready) in questions {
            loop {
                let last = self.ask(method, &args);
                match &last {
                    Ok(Answer::Reply(reply, _)) if is_ready(&reply.body) => break,
                    Ok(Answer::Reply(reply, _)) if is_unknown_method(&reply.header) => break,
                    _ if Instant::now() > deadline => bail!("{} is not ready: {method}: {last:?}", self.rpc),
                    _ => thread::sleep(READY_INTERVAL),
                }
            }
        }
        Ok(())
    }

    fn ask(&self, method: &str, args: &Value) -> Result<Answer> {
        let deadline = Instant::now() + Duration::from_secs(5);
        // Not from the source address: where connections are counted by it, these are not the case's.
        let from_anywhere = Self { source: None, ..self.clone() };
        let mut session = from_anywhere.session(self.rpc)?.context("dialling")?;
        let stream = session.open()?;
        stream.send(&call::request(1, method, args)?, deadline)?;
        Ok(call::read_on_stream(&stream, deadline))
    }
}

fn is_unknown_method(header: &Value) -> bool {
    header["Error"].as_str().is_some_and(|error| error.starts_with("rpc: can't find"))
}
