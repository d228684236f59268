//! What is not wrong enough to refuse, but will be refused by others.
use std::time::SystemTime;

use rustls::{CertificateError, Error};
use rustls_pki_types::{ServerName, UnixTime};

use crate::{
    Place, Policy, Settings,
    configs::{Configs, Listener},
    peer::PeerCertificate,
    pool::{Usage, has_name},
};

/// One line each. Consul starts with all of these and says nothing.
pub(crate) fn concerns(configs: &Configs, now: SystemTime) -> Vec<String> {
    let settings = &configs.source.settings;
    let listeners = [
        (Place::InternalRpc, &settings.internal_rpc, &configs.internal_rpc),
        (Place::Grpc, &settings.grpc, &configs.grpc),
    ];
    let mut all = Vec::new();
    for (place, policy, listener) in listeners {
        // Commands that only dial have no ALPN names, and their certificates need no server's name.
        let serves = place == Place::Grpc || !settings.alpn.is_empty();
        let names = (place == Place::InternalRpc && serves && policy.verify_server_hostname).then_some(settings);
        all.extend(of(policy, listener, (serves, names), now).into_iter().map(|concern| format!("{place}: {concern}")));
    }
    all
}

fn of(
    policy: &Policy,
    listener: &Listener,
    (serves, names): (bool, Option<&Settings>),
    now: SystemTime,
) -> Vec<String> {
    let mut all = Vec::new();
    match (&policy.cert_file, &policy.key_file) {
        (Some(_), None) => all.push("cert_file is set and key_file is not, so neither is used; set both".into()),
        (None, Some(_)) => all.push("key_file is set and cert_file is not, so neither is used; set both".into()),
        _ => {}
    }
    let unix = UnixTime::since_unix_epoch(now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default());
    let expired = listener.combined.as_ref().map_or_else(Vec::new, |pool| pool.out_of_date(unix));
    all.extend(expired.into_iter().map(|name| {
        format!("the CA {name:?} has expired or is not yet good, and what it signed is refused; replace it in ca_file or ca_path")
    }));
    let Some([leaf, intermediates @ ..]) = listener.own.as_ref().map(|own| own.cert.as_slice()) else { return all };
    let facts = PeerCertificate::parse(leaf).ok();
    if facts.as_ref().is_some_and(|facts| !facts.good_at(now)) {
        all.push("the certificate of cert_file has expired or is not yet good: peers refuse it; replace it".into());
    } else if let Some(pool) = &listener.combined {
        let purpose = |error: &Error| matches!(error, Error::InvalidCertificate(CertificateError::InvalidPurpose));
        match pool.verify(leaf, intermediates, Usage::Server, unix) {
            Ok(()) => {}
            Err(error) if purpose(&error) && !serves => {}
            Err(error) if purpose(&error) => {
                all.push("the certificate of cert_file may not be used by a server (extended key usage): peers refuse it".into());
            }
            Err(error) => all.push(format!(
                "the certificate of cert_file does not lead to a CA of ca_file or ca_path ({error}): peers with these CAs refuse it; \
                 sign it by one of them, or add its issuer's certificate",
            )),
        }
        if pool.verify(leaf, intermediates, Usage::Client, unix).is_err_and(|error| purpose(&error)) {
            all.push(
                "the certificate of cert_file may not be used by a client (extended key usage): servers with verify_incoming refuse it"
                    .into(),
            );
        }
    }
    if let Some(settings) = names {
        let expected = settings.server_name();
        let named = ServerName::try_from(expected.as_str()).is_ok_and(|name| has_name(leaf, &name).is_ok());
        if !named {
            let has = facts.map(|facts| facts.names.join(", ")).unwrap_or_default();
            all.push(format!(
                "the certificate of cert_file is not valid for {expected} but for {has:?}: peers with verify_server_hostname refuse \
                 it, and other servers do not take this one for one of theirs",
            ));
        }
    }
    all
}
