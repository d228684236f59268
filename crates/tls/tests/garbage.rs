//! Whatever a file, a peer or a caller holds out: an error at most, never a panic.
mod support;

use std::sync::LazyLock;

use proconsul_tls::{
    Automatic, MinVersion, Outgoing, PeerCertificate, Policy, Pool, Tls, Usage,
    create::{self, CaRequest, CertRequest, Pair},
};
use proptest::{collection::vec, prelude::*, sample::Index};
use rustls_pki_types::{CertificateDer, UnixTime};
use support::{Lab, chain, settings};

/// Made once, as it is the material of every case.
static CA: LazyLock<Pair> = LazyLock::new(|| create::ca(&CaRequest::default()).expect("made"));
static LEAF: LazyLock<Pair> =
    LazyLock::new(|| create::cert(&CertRequest::default(), &CA.cert_pem, &CA.key_pem).expect("made"));

/// Bytes of anything, or of a good thing with bytes changed, cut and repeated.
fn spoilt(good: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let changes = vec((any::<Index>(), any::<u8>()), 0..8);
    let spoilt = (changes, any::<Index>(), any::<bool>()).prop_map(move |(changes, cut, twice)| {
        let mut bytes = good.clone();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(cut.index(bytes.len()) + 1);
        if twice {
            bytes.extend_from_within(..);
        }
        bytes
    });
    prop_oneof![4 => spoilt, 1 => vec(any::<u8>(), 0..400)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn certificates_of_peers(der in spoilt(chain(&LEAF.cert_pem)[0].to_vec())) {
        let der = [CertificateDer::from(der)];
        if let Some(facts) = PeerCertificate::of(&der) {
            prop_assert!(facts.names.len() <= PeerCertificate::NAMES_MAX);
            for text in facts.names.iter().chain(&facts.common_name).chain([&facts.issuer, &facts.serial]) {
                prop_assert!(!text.contains(char::is_control) && text.len() <= PeerCertificate::TEXT_BYTES_MAX + 10, "{text:?}");
            }
        }
        let pool = Pool::from_pem(CA.cert_pem.as_bytes()).expect("a CA");
        for usage in [Usage::Server, Usage::Client] {
            let good = pool.verify(&der[0], &[], usage, UnixTime::now()).is_ok();
            prop_assert!(!good || der[0] == chain(&LEAF.cert_pem)[0], "a changed certificate is not good");
        }
    }

    #[test]
    fn certificates_as_cas(der in spoilt(chain(&CA.cert_pem)[0].to_vec())) {
        use base64::{Engine, prelude::BASE64_STANDARD};
        let pem = format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", BASE64_STANDARD.encode(der));
        if let Ok(pool) = Pool::from_pem(pem.as_bytes()) {
            let _ = pool.verify(&chain(&LEAF.cert_pem)[0], &[], Usage::Server, UnixTime::now());
        }
    }

    #[test]
    fn texts_of_files(text in spoilt([LEAF.cert_pem.as_bytes(), LEAF.key_pem.as_bytes()].concat())) {
        let text = String::from_utf8_lossy(&text).into_owned();
        let tls = Tls::load(settings(Policy::default())).expect("nothing set");
        let pair = Some(Pair { cert_pem: text.clone(), key_pem: text.clone() });
        let _ = tls.set_automatic(Automatic { pair, cas: vec![text.clone()] });
        let _ = create::cert(&CertRequest::default(), &text, &text);
        let _ = create::cert(&CertRequest::default(), &CA.cert_pem, &text);
    }

    #[test]
    fn words_of_settings(word in "\\PC{0,40}", dc in "\\PC{0,80}", node in "\\PC{0,80}") {
        let _ = MinVersion::parse(&word);
        let suites = Policy { cipher_suites: vec![word.clone()], ..Policy::default() };
        prop_assert!(Tls::load(settings(suites)).is_err() || word.trim().is_empty() || proconsul_tls::cipher_suites().contains(&word.trim()));
        let _ = Automatic::generate(&dc, &word, &node);
        let _ = create::ca(&CaRequest { domain: word.clone(), cluster_id: Some(node.clone()), common_name: Some(dc.clone()), ..CaRequest::default() });
    }
}

#[test]
fn targets_of_dials() {
    let lab = Lab::new();
    let tls = lab.load(|policy| policy.verify_outgoing = true);
    for word in ["", " ", ".", "a..b", "\u{e9}", "-", "a/b", &"x".repeat(70), &"x.".repeat(200), "\0"] {
        let _ = tls.outgoing(Outgoing::TypeByte { dc: word });
        let _ = tls.outgoing(Outgoing::Alpn { name: word, dc: word, node: word });
    }
}
