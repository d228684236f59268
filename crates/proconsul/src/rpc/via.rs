//! How a server is dialled: in clear, or in TLS with the certificates given.
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;
use proconsul_mux::{Route, driver::dial::Via, row_of};
use proconsul_tls::{Outgoing, Policy, Settings, Tls};
use rustls::pki_types::ServerName;

/// Flags of commands that call a server.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct TlsArguments {
    /// Dial in TLS after type byte 3.
    #[arg(long, conflicts_with = "alpn")]
    tls: bool,
    /// Dial in TLS by an ALPN name, which needs a client certificate.
    #[arg(long)]
    alpn: bool,
    /// Dial in TLS after type byte 7, for the methods that give clients their first certificate.
    #[arg(long, conflicts_with_all = ["tls", "alpn"])]
    insecure_rpc: bool,
    /// CA certificates to check the server with (PEM).
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// A directory of such files.
    #[arg(long, value_name = "DIR", conflicts_with = "ca_file")]
    ca_path: Option<PathBuf>,
    /// The certificate to show to the server (PEM).
    #[arg(long, value_name = "FILE", requires = "client_key")]
    client_cert: Option<PathBuf>,
    /// Its key (PEM).
    #[arg(long, value_name = "FILE", requires = "client_cert")]
    client_key: Option<PathBuf>,
    /// The datacenter that is to answer. In TLS it is also the server's, whose certificate must have the name
    /// server.DC.DOMAIN, dc1 if this is not given; --tls-server-name says otherwise.
    #[arg(long, value_name = "NAME")]
    dc: Option<String>,
    /// The domain of that name.
    #[arg(long, value_name = "NAME", default_value = "consul")]
    domain: String,
    /// Another name that the server's certificate must have.
    #[arg(long, value_name = "NAME")]
    tls_server_name: Option<String>,
    /// Take any name on a certificate of the CA, as Consul does without verify_server_hostname.
    #[arg(long, conflicts_with_all = ["alpn", "tls_server_name"])]
    any_name: bool,
}

/// The datacenter whose name a certificate must have if none is given.
const DATACENTER: &str = "dc1";

impl TlsArguments {
    /// The datacenter that was named.
    pub(crate) fn dc(&self) -> Option<&str> {
        self.dc.as_deref()
    }

    /// The route to take: many streams, or the one of byte 7.
    pub(crate) fn route(&self) -> Route {
        if self.insecure_rpc { Route::RpcInsecure } else { Route::RpcMulti }
    }

    /// Whether nothing of TLS was asked for.
    pub(crate) fn is_plain(&self) -> bool {
        !self.tls && !self.alpn && !self.insecure_rpc
    }

    /// Whether the server is shown a certificate.
    pub(crate) fn shows_a_certificate(&self) -> bool {
        self.client_cert.is_some()
    }

    /// How to dial for calls.
    ///
    /// # Errors
    /// See [`via_to`](Self::via_to).
    pub(crate) fn via(&self) -> Result<Via> {
        self.via_to(Route::RpcMulti)
    }

    /// How to dial for a route.
    ///
    /// # Errors
    /// Flags that do not go together, and files that cannot be used.
    pub(crate) fn via_to(&self, route: Route) -> Result<Via> {
        let certificates = self.ca_file.is_some() || self.ca_path.is_some() || self.client_cert.is_some();
        if self.is_plain() {
            if certificates || self.tls_server_name.is_some() || self.any_name {
                bail!("certificates and names are of use in TLS only: say --tls (type byte 3) or --alpn");
            }
            return Ok(Via::Plain);
        }
        if self.ca_file.is_none() && self.ca_path.is_none() {
            bail!("TLS needs a CA to check the server with: give --ca-file or --ca-path");
        }
        let dc = self.dc().unwrap_or(DATACENTER);
        let settings = Settings {
            internal_rpc: Policy {
                ca_file: self.ca_file.clone(),
                ca_path: self.ca_path.clone(),
                cert_file: self.client_cert.clone(),
                key_file: self.client_key.clone(),
                verify_outgoing: true,
                verify_server_hostname: !self.any_name,
                ..Policy::default()
            },
            datacenter: dc.to_owned(),
            domain: self.domain.clone(),
            ..Settings::default()
        };
        let tls =
            Tls::load(settings).context("the certificates cannot be used (--ca-file, --client-cert, --client-key)")?;
        let alpn = row_of(route).and_then(|row| row.alpn).context("the route has an ALPN name")?;
        let to = match self.alpn {
            true => Outgoing::Alpn { name: alpn, dc, node: "*" },
            false => Outgoing::TypeByte { dc },
        };
        if self.alpn && self.client_cert.is_none() {
            bail!(
                "a server takes ALPN names from clients with a certificate only: give --client-cert and --client-key, or use --tls"
            );
        }
        let mut dial = tls.outgoing(to)?.context("TLS was asked for")?;
        if let Some(name) = &self.tls_server_name {
            let parsed = ServerName::try_from(name.clone());
            dial.name = parsed.with_context(|| format!("--tls-server-name {name:?} is no name"))?;
        }
        Ok(if self.alpn { Via::Native(dial) } else { Via::TypeByte(dial) })
    }
}
