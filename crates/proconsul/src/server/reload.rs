//! SIGHUP: configuration files are read again, and of them the `tls` stanza is taken, with the certificates that it names, and
//! `limits.request_limits`.
use std::sync::Arc;

use anyhow::Result;
use proconsul_server::{RequestRates, Server};
use proconsul_tls::{Automatic, Settings, Tls};
use tokio::task::spawn_blocking;

use crate::cli::ServerArguments;

/// Takes what the files say now, or says what is wrong with them and keeps everything as it was.
pub(super) async fn reload(server: &Server, arguments: &Arc<ServerArguments>) {
    let (tls, arguments) = (server.tls().clone(), Arc::clone(arguments));
    // Files may lie on a network.
    match spawn_blocking(move || take(&tls, &arguments)).await {
        Ok(Ok(rates)) => {
            server.set_request_limits(rates);
            tracing::info!(
                "SIGHUP: the tls stanza, certificates and limits.request_limits are read again; new handshakes and calls take \
                 them"
            );
        }
        Ok(Err(error)) => tracing::error!("SIGHUP: nothing is changed: {error:#}"),
        Err(error) => tracing::error!(%error, "SIGHUP: nothing is changed"),
    }
}

/// Gives `tls` what is its own, and returns what is the server's.
fn take(tls: &Tls, arguments: &ServerArguments) -> Result<RequestRates> {
    let loaded = super::read(arguments)?;
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    let before = tls.settings();
    let (internal_rpc, grpc) = (loaded.server.tls.internal_rpc, loaded.server.tls.grpc);
    if internal_rpc.cert_file.is_none() && before.internal_rpc.cert_file.is_some() {
        // As at a start: byte 7 is answered with some certificate.
        tls.set_automatic(Automatic::generate(&before.datacenter, &before.domain, &before.node_name)?)?;
    }
    tls.update(Settings { internal_rpc, grpc, ..before })?;
    Ok(loaded.server.request_limits)
}
