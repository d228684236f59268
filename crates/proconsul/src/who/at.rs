//! Which admin listener is asked.
use std::{
    net::{Ipv4Addr, SocketAddr, ToSocketAddrs},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use clap::Args;
use proconsul_admin::{Address, client::Client};

use crate::config::{ADMIN_PORT_DEFAULT, ADMIN_SOCKET};

/// Which admin listener is asked.
#[derive(Debug, Args)]
pub(crate) struct At {
    /// The server's admin listener: HOST:PORT of the loopback, or the path of its socket or data directory. Default:
    /// PROCONSUL_ADMIN, or 127.0.0.1:8310.
    #[arg(long, value_name = "HOST:PORT|PATH", global = true)]
    admin: Option<String>,
}

impl At {
    /// Who is to be asked.
    ///
    /// # Errors
    /// What was given is no address.
    pub(super) fn client(&self) -> Result<Client> {
        let given = self.admin.clone().or_else(|| std::env::var("PROCONSUL_ADMIN").ok());
        let address = match given.filter(|given| !given.trim().is_empty()) {
            Some(given) => address(given.trim())?,
            None => Address::Tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, ADMIN_PORT_DEFAULT))),
        };
        Ok(Client::new(address))
    }
}

/// Reads an address as people write it and as servers print it.
fn address(text: &str) -> Result<Address> {
    if let Some(path) = text.strip_prefix("unix:") {
        return Ok(Address::Unix(socket(path)));
    }
    let host = text.strip_prefix("http://").map(|rest| rest.trim_end_matches('/'));
    if host.is_none() && (text.contains('/') || Path::new(text).exists()) {
        return Ok(Address::Unix(socket(text)));
    }
    let host = host.unwrap_or(text);
    if let Ok(port) = host.parse::<u16>() {
        return Ok(Address::Tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, port))));
    }
    let mut found = host
        .to_socket_addrs()
        .with_context(|| format!("--admin {text:?} is neither HOST:PORT nor the path of a socket that there is"))?;
    found.next().map(Address::Tcp).with_context(|| format!("--admin {text:?} has no address"))
}

/// The socket at a path, or in the data directory at it.
fn socket(path: &str) -> PathBuf {
    let path = PathBuf::from(path);
    if path.is_dir() { path.join(ADMIN_SOCKET) } else { path }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_is_named_by_address_or_path() {
        let folder = tempfile::tempdir().expect("a folder");
        let inside = folder.path().join(ADMIN_SOCKET);
        let folder = folder.path().display().to_string();
        let tcp = |text: &str| Address::Tcp(text.parse().expect("an address"));
        for (text, expected) in [
            ("127.0.0.1:9", tcp("127.0.0.1:9")),
            ("http://127.0.0.1:9", tcp("127.0.0.1:9")),
            ("http://127.0.0.1:9/", tcp("127.0.0.1:9")),
            ("[::1]:9", tcp("[::1]:9")),
            ("9", tcp("127.0.0.1:9")),
            ("/run/x.sock", Address::Unix("/run/x.sock".into())),
            ("./x.sock", Address::Unix("./x.sock".into())),
            ("unix:x.sock", Address::Unix("x.sock".into())),
            (&folder, Address::Unix(inside.clone())),
            (&format!("unix:{folder}"), Address::Unix(inside.clone())),
        ] {
            assert_eq!(address(text).unwrap_or_else(|error| panic!("{text}: {error}")), expected, "{text}");
        }
        for text in ["nonsense", "127.0.0.1", "127.0.0.1:99999"] {
            let error = address(text).expect_err(text).to_string();
            assert!(error.contains("HOST:PORT"), "{error}");
        }
    }
}
