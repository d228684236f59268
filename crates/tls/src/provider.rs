//! Cryptography and cipher suites. No provider is installed for the process: every configuration names its own.
use std::sync::{Arc, LazyLock};

use rustls::{
    SupportedCipherSuite, SupportedProtocolVersion, TicketRotator,
    crypto::{CryptoProvider, GetRandomFailed},
    server::ProducesTickets,
    version,
};

use crate::{MinVersion, error::Fault};

#[cfg(feature = "aws-lc")]
use rustls::crypto::aws_lc_rs as backend;
#[cfg(not(feature = "aws-lc"))]
use rustls::crypto::ring as backend;

/// The provider, made once.
pub(crate) fn provider() -> &'static Arc<CryptoProvider> {
    static PROVIDER: LazyLock<Arc<CryptoProvider>> = LazyLock::new(|| Arc::new(backend::default_provider()));
    &PROVIDER
}

/// How long a session's ticket is good, in seconds, at most: an hour. The provider's own would be for twelve.
pub const TICKET_SECS_MAX: u32 = 60 * 60;

/// A fresh maker of session tickets: what it sealed, no other opens.
pub(crate) fn ticketer() -> Result<Arc<dyn ProducesTickets>, rustls::Error> {
    // Its keys are used for half of the time, and kept for the other half.
    let rotator = TicketRotator::new(TICKET_SECS_MAX / 2, || match backend::Ticketer::new() {
        Ok(ticketer) => Ok(Box::new(Boxed(ticketer))),
        Err(_) => Err(GetRandomFailed),
    })?;
    Ok(Arc::new(rotator))
}

/// A shared maker of tickets as an owned one.
#[derive(Debug)]
struct Boxed(Arc<dyn ProducesTickets>);

impl ProducesTickets for Boxed {
    fn enabled(&self) -> bool {
        self.0.enabled()
    }

    fn lifetime(&self) -> u32 {
        self.0.lifetime()
    }

    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        self.0.encrypt(plain)
    }

    fn decrypt(&self, cipher: &[u8]) -> Option<Vec<u8>> {
        self.0.decrypt(cipher)
    }
}

/// The versions from `min` on.
pub(crate) fn versions(min: MinVersion) -> &'static [&'static SupportedProtocolVersion] {
    static ALL: [&SupportedProtocolVersion; 2] = [&version::TLS13, &version::TLS12];
    match min {
        MinVersion::Tls12 => &ALL,
        MinVersion::Tls13 => &ALL[..1],
    }
}

/// The names that `tls_cipher_suites` may have: what the provider has for TLS 1.2, in its order of preference.
pub fn cipher_suites() -> Vec<&'static str> {
    provider()
        .cipher_suites
        .iter()
        .filter(|suite| suite.tls13().is_none())
        .filter_map(|suite| suite.suite().as_str())
        .collect()
}

/// The provider with those suites of TLS 1.2 that are named, in the provider's order of preference, as Go has its own too; with
/// all of them when none is named. TLS 1.3's stay, named or not.
///
/// # Errors
/// Names that there are not, all at once; names of TLS 1.3's alone; any name when TLS 1.2 is off.
pub(crate) fn with_suites(names: &[String], min: MinVersion) -> Result<Arc<CryptoProvider>, Fault> {
    let names: Vec<&str> = names.iter().map(|name| name.trim()).filter(|name| !name.is_empty()).collect();
    if names.is_empty() {
        return Ok(provider().clone());
    }
    if min == MinVersion::Tls13 {
        return Err(Fault::CipherSuites(
            "TLS 1.3 cipher suites are not configurable; leave it out, or lower tls_min_version".into(),
        ));
    }
    let known = cipher_suites();
    let unknown: Vec<&str> = names.iter().copied().filter(|name| !known.contains(name) && !always_on(name)).collect();
    if !unknown.is_empty() {
        return Err(Fault::CipherSuites(format!(
            "no matching Consul Agent TLS cipher suite found for {}; there are {} (those of TLS 1.3 are always on)",
            unknown.join(","),
            known.join(", "),
        )));
    }
    if names.iter().all(|name| always_on(name)) {
        return Err(Fault::CipherSuites(format!(
            "TLS 1.3 cipher suites are not configurable, and none of TLS 1.2 is named; name one of {}, or set tls_min_version to TLSv1_3",
            known.join(", "),
        )));
    }
    let named = |suite: &SupportedCipherSuite| suite.suite().as_str().is_some_and(|name| names.contains(&name));
    let suites = provider().cipher_suites.iter().filter(|suite| suite.tls13().is_some() || named(suite)).copied();
    Ok(Arc::new(CryptoProvider { cipher_suites: suites.collect(), ..CryptoProvider::clone(provider()) }))
}

/// Whether a name is of a suite of TLS 1.3, by rustls's name (`TLS13_AES_128_GCM_SHA256`) or Go's (`TLS_AES_128_GCM_SHA256`).
fn always_on(name: &str) -> bool {
    let mut names = provider()
        .cipher_suites
        .iter()
        .filter(|suite| suite.tls13().is_some())
        .filter_map(|suite| suite.suite().as_str());
    names.any(|known| known == name || known.strip_prefix("TLS13_") == name.strip_prefix("TLS_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GCM: &str = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256";

    fn chosen(names: &[&str], min: MinVersion) -> Result<Vec<String>, String> {
        let names: Vec<String> = names.iter().map(|name| (*name).into()).collect();
        let provider = with_suites(&names, min).map_err(|fault| fault.to_string())?;
        Ok(provider.cipher_suites.iter().map(|suite| format!("{:?}", suite.suite())).collect())
    }

    #[test]
    fn gos_names_choose_suites_of_tls_1_2_and_leave_those_of_1_3() {
        let suites =
            chosen(&[GCM, " TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"], MinVersion::Tls12).expect("known");
        assert!(suites.contains(&GCM.to_string()), "{suites:?}");
        assert_eq!(suites.iter().filter(|name| name.starts_with("TLS13_")).count(), 3, "{suites:?}");
        assert_eq!(suites.len(), 5, "{suites:?}");
    }

    #[test]
    fn tickets_are_opened_by_their_maker_alone_and_good_for_an_hour() {
        let (one, other) = (ticketer().expect("random bytes"), ticketer().expect("random bytes"));
        let ticket = one.encrypt(b"session").expect("sealed");
        assert_eq!(one.decrypt(&ticket).as_deref(), Some(&b"session"[..]));
        assert_eq!(other.decrypt(&ticket), None);
        assert_eq!(one.lifetime(), TICKET_SECS_MAX);
    }

    #[test]
    fn every_suite_that_consul_has_and_that_is_no_cbc_is_there() {
        for go in ["CHACHA20_POLY1305_SHA256", "AES_128_GCM_SHA256", "AES_256_GCM_SHA384"] {
            for with in ["ECDSA", "RSA"] {
                let name = format!("TLS_ECDHE_{with}_WITH_{go}");
                assert!(cipher_suites().contains(&name.as_str()), "{name}");
            }
        }
    }

    #[test]
    fn what_there_is_not_is_refused_with_a_list_of_what_there_is() {
        let error =
            chosen(&[GCM, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "nonsense"], MinVersion::Tls12).expect_err("unknown");
        assert!(error.contains("found for TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA,nonsense;"), "{error}");
        assert!(error.contains(GCM), "{error}");
    }

    #[test]
    fn names_of_tls_1_3_do_nothing_and_alone_are_refused() {
        assert_eq!(
            chosen(&["TLS13_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", GCM], MinVersion::Tls12)
                .map(|all| all.len()),
            Ok(4)
        );
        let error = chosen(&["TLS_AES_256_GCM_SHA384"], MinVersion::Tls12).expect_err("none of TLS 1.2");
        assert!(error.contains("not configurable") && error.contains(GCM), "{error}");
    }

    #[test]
    fn suites_with_tls_1_3_alone_are_refused_and_none_is_everything() {
        assert!(
            chosen(&[GCM], MinVersion::Tls13)
                .expect_err("not configurable")
                .contains("TLS 1.3 cipher suites are not configurable")
        );
        assert!(chosen(&[""], MinVersion::Tls13).expect("none named").len() > 5);
    }
}
