//! The TLS of a server: its settings filled, its files read, a certificate made where there is none.
use proconsul_mux::alpn_names;
use proconsul_tls::{Automatic, Incoming, Settings, Tls};

use crate::{Config, StartError};

/// Reads the files that the configuration names. Where it names no certificate for the server port, one is made in memory, as
/// Consul does: with it byte 7 is answered, and nobody is verified by it.
pub(crate) fn load(config: &Config) -> Result<Tls, StartError> {
    let tls = Tls::load(settings(config))?;
    if tls.incoming(Incoming::Insecure).is_none() {
        let automatic = Automatic::generate(&config.datacenter, &config.domain, &config.node_name)
            .map_err(|source| StartError::Certificate { source })?;
        tls.set_automatic(automatic)?;
    }
    Ok(tls)
}

/// The settings of the configuration, with what is said elsewhere in it.
fn settings(config: &Config) -> Settings {
    Settings {
        datacenter: config.datacenter.clone(),
        node_name: config.node_name.clone(),
        domain: config.domain.clone(),
        alpn: alpn_names(config.http2_preface).collect(),
        ..config.tls.clone()
    }
}
