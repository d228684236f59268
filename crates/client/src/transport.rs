//! How a server is reached.
use std::fmt;

use futures_util::future::BoxFuture;
use proconsul_mux::{
    Route,
    driver::dial::{Cause, DialError, Step, Via, dial},
    row_of,
};
use proconsul_tls::{Outgoing, Tls};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::DIAL_TIMEOUT;

/// A connection to a server.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// Makes connections to servers. [`Transport`] is the usual one; others are for tests, tunnels and proxies.
pub trait Dialler: Send + Sync + 'static {
    /// Connects to `server`, one of the client's addresses, and says that the connection takes `route`.
    fn dial<'a>(&'a self, server: &'a str, route: Route) -> BoxFuture<'a, Result<Box<dyn Io>, DialError>>;
}

/// How a server port is dialled: in clear, or in TLS by one of its two ways.
///
/// The certificates are asked for at every connection, so that files which were reloaded are used from the next one on.
#[derive(Clone)]
#[non_exhaustive]
pub enum Transport {
    /// In clear, by the type byte alone.
    Plain,
    /// In TLS after type byte 3, the way of Consul's own agents. What is checked is what the settings say; with
    /// `verify_server_hostname`, that the certificate is one of a server of this datacenter.
    TypeByte {
        /// CAs, and a certificate of ours if the servers demand one.
        tls: Tls,
        /// The servers' datacenter.
        datacenter: String,
    },
    /// In TLS from the first byte, by the route's ALPN name. Servers demand a certificate for it.
    Alpn {
        /// CAs, and a certificate of ours.
        tls: Tls,
        /// The servers' datacenter.
        datacenter: String,
    },
    /// Always so.
    Via(Via),
}

impl Transport {
    /// In TLS after type byte 3 with these certificates.
    pub fn type_byte(tls: Tls, datacenter: impl Into<String>) -> Self {
        Self::TypeByte { tls, datacenter: datacenter.into() }
    }

    /// In TLS by ALPN with these certificates.
    pub fn alpn(tls: Tls, datacenter: impl Into<String>) -> Self {
        Self::Alpn { tls, datacenter: datacenter.into() }
    }

    fn via(&self, route: Route) -> Result<Via, Cause> {
        let unusable = |error| Cause::Io(std::io::Error::other(error));
        let asked = match self {
            Self::Plain => return Ok(Via::Plain),
            Self::Via(via) => return Ok(via.clone()),
            Self::TypeByte { tls, datacenter } => tls.outgoing(Outgoing::TypeByte { dc: datacenter }),
            // Who asks for a first certificate has none to show: only byte 7 leads there.
            Self::Alpn { tls, datacenter } if route == Route::RpcInsecure => {
                tls.outgoing(Outgoing::TypeByte { dc: datacenter })
            }
            Self::Alpn { tls, datacenter } => {
                let name = row_of(route).and_then(|row| row.alpn).ok_or(Cause::NoWay("ALPN name"))?;
                tls.outgoing(Outgoing::Alpn { name, dc: datacenter, node: "*" })
            }
        };
        let dial = asked.map_err(unusable)?.ok_or(Cause::NoWay("TLS here: verify_outgoing is off in the settings"))?;
        Ok(match self {
            Self::Alpn { .. } if route != Route::RpcInsecure => Via::Native(dial),
            _ => Via::TypeByte(dial),
        })
    }
}

impl Dialler for Transport {
    fn dial<'a>(&'a self, server: &'a str, route: Route) -> BoxFuture<'a, Result<Box<dyn Io>, DialError>> {
        Box::pin(async move {
            let failed = |cause| DialError { server: server.to_owned(), step: Step::Handshake, cause };
            let via = self.via(route).map_err(failed)?;
            // Who waits for it has a limit of its own, which is the shorter one.
            let dialled = dial(server, route, &via, DIAL_TIMEOUT * 6).await?;
            Ok(Box::new(dialled) as Box<dyn Io>)
        })
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain => "Plain",
            Self::TypeByte { .. } => "TypeByte",
            Self::Alpn { .. } => "Alpn",
            Self::Via(_) => "Via",
        })
    }
}
