//! Which chains lead to a CA: Go's rules, where rustls alone would be looser or stricter.
mod support;

use proconsul_tls::{
    Pool, Usage,
    create::{self, CaRequest, CertRequest, Pair},
};
use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use rustls::{CertificateError, Error};
use rustls_pki_types::UnixTime;
use support::{Lab, at, chain, server_request};

/// What is wrong with the leaf of `pem`, in one word.
fn verdict(pool: &Pool, pem: &str, usage: Usage) -> &'static str {
    let chain = chain(pem);
    match pool.verify(&chain[0], &chain[1..], usage, UnixTime::now()) {
        Ok(()) => "good",
        Err(Error::InvalidCertificate(error)) => match error {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => "expired",
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => "early",
            CertificateError::UnknownIssuer => "unknown",
            CertificateError::InvalidPurpose => "purpose",
            _ => "other",
        },
        Err(_) => "no certificate",
    }
}

fn pool(pems: &[&str]) -> Pool {
    Pool::from_pem(pems.concat().as_bytes()).expect("a pool")
}

#[test]
fn a_ca_that_is_over_or_not_yet_good_makes_nothing_good() {
    let ca = |days, now| create::ca(&CaRequest { days, now, ..CaRequest::default() }).expect("made");
    // Made while the CA was good, and good for longer than it.
    let of = |ca: &Pair, now| {
        create::cert(&CertRequest { now, days: 900, ..server_request() }, &ca.cert_pem, &ca.key_pem)
            .expect("made")
            .cert_pem
    };
    let over = ca(30, at(-40));
    assert_eq!(verdict(&pool(&[&over.cert_pem]), &of(&over, at(-20)), Usage::Server), "expired");
    let good = ca(30, at(-10));
    assert_eq!(verdict(&pool(&[&good.cert_pem]), &of(&good, at(-5)), Usage::Server), "good");
    assert_eq!(verdict(&pool(&[&over.cert_pem, &good.cert_pem]), &of(&good, at(-5)), Usage::Server), "good");
}

#[test]
fn a_renewed_ca_beside_its_old_self_is_found_in_either_order() {
    let key = KeyPair::generate().expect("a key");
    let ca = |from: i32, to: i32| {
        let mut params = CertificateParams::default();
        (params.not_before, params.not_after) = (at(from).into(), at(to).into());
        params.distinguished_name.push(DnType::CommonName, "our CA");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
    };
    let pem = |params: &CertificateParams| params.self_signed(&key).expect("made").pem();
    let (old, new) = (pem(&ca(-400, -10)), pem(&ca(-20, 400)));
    let leaf_key = KeyPair::generate().expect("a key");
    let leaf = CertificateParams::new(["n".to_owned()]).expect("a name");
    let leaf = leaf.signed_by(&leaf_key, &Issuer::from_params(&ca(0, 0), &key)).expect("made").pem();
    assert_eq!(verdict(&pool(&[&old, &new]), &leaf, Usage::Server), "good");
    assert_eq!(verdict(&pool(&[&new, &old]), &leaf, Usage::Server), "good");
    assert_eq!(verdict(&pool(&[&old]), &leaf, Usage::Server), "expired");
}

#[test]
fn a_servers_certificate_among_the_cas_signs_nothing() {
    // Its key is used as a CA's would be.
    let lab = Lab::new();
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new(["server.dc1.consul".to_owned()]).expect("a name");
    params.distinguished_name.push(DnType::CommonName, "a server");
    for is_ca in [IsCa::NoCa, IsCa::ExplicitNoCa] {
        params.is_ca = is_ca;
        let itself = params.self_signed(&key).expect("made").pem();
        let forged = CertificateParams::new(["server.dc1.consul".to_owned()]).expect("a name");
        let forged_key = KeyPair::generate().expect("a key");
        let forged = forged.signed_by(&forged_key, &Issuer::from_params(&params, &key)).expect("made").pem();
        let pool = pool(&[&lab.ca.cert_pem, &itself]);
        assert_eq!(verdict(&pool, &forged, Usage::Client), "unknown", "{:?}", params.is_ca);
        assert_eq!(verdict(&pool, &itself, Usage::Client), "good", "it is trusted itself");
    }
}

#[test]
fn a_ca_that_may_not_sign_certificates_signs_none() {
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![rcgen::KeyUsagePurpose::CrlSign];
    let ca = params.self_signed(&key).expect("made").pem();
    params.key_usages = Vec::new();
    let leaf = CertificateParams::new(["n".to_owned()]).expect("a name");
    let leaf = leaf.signed_by(&KeyPair::generate().expect("a key"), &Issuer::from_params(&params, &key)).expect("made");
    assert_eq!(verdict(&pool(&[&ca]), &leaf.pem(), Usage::Server), "unknown");
}

#[test]
fn another_ca_of_the_same_name_is_an_unknown_one() {
    let named = || create::ca(&CaRequest { common_name: Some("our CA".into()), ..CaRequest::default() }).expect("made");
    let (ours, theirs) = (named(), named());
    let leaf = create::cert(&server_request(), &theirs.cert_pem, &theirs.key_pem).expect("made");
    assert_eq!(verdict(&pool(&[&ours.cert_pem]), &leaf.cert_pem, Usage::Server), "unknown");
    assert_eq!(verdict(&pool(&[&ours.cert_pem, &theirs.cert_pem]), &leaf.cert_pem, Usage::Server), "good");
}

#[test]
fn usages_are_looked_at_where_there_are_any() {
    let (ca_key, key) = (KeyPair::generate().expect("a key"), KeyPair::generate().expect("a key"));
    let mut ca = CertificateParams::default();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let pool = pool(&[&ca.self_signed(&ca_key).expect("made").pem()]);
    let issuer = Issuer::from_params(&ca, &ca_key);
    use ExtendedKeyUsagePurpose::{Any, ClientAuth, CodeSigning, ServerAuth};
    for (usages, server, client) in [
        (vec![], "good", "good"),
        (vec![Any], "good", "good"),
        (vec![ServerAuth], "good", "purpose"),
        (vec![ClientAuth], "purpose", "good"),
        (vec![CodeSigning, ClientAuth, ServerAuth], "good", "good"),
        (vec![CodeSigning], "purpose", "purpose"),
    ] {
        let mut leaf = CertificateParams::new(["n".to_owned()]).expect("a name");
        leaf.extended_key_usages = usages;
        let pem = leaf.signed_by(&key, &issuer).expect("made").pem();
        assert_eq!(verdict(&pool, &pem, Usage::Server), server, "{:?}", leaf.extended_key_usages);
        assert_eq!(verdict(&pool, &pem, Usage::Client), client, "{:?}", leaf.extended_key_usages);
        // The same for one that is trusted itself.
        let itself = leaf.self_signed(&key).expect("made").pem();
        let alone = self::pool(&[&itself]);
        assert_eq!(verdict(&alone, &itself, Usage::Server), server, "{:?}", leaf.extended_key_usages);
        assert_eq!(verdict(&alone, &itself, Usage::Client), client, "{:?}", leaf.extended_key_usages);
    }
}

#[test]
fn usages_of_the_ca_itself_limit_what_it_signs() {
    let (ca_key, key) = (KeyPair::generate().expect("a key"), KeyPair::generate().expect("a key"));
    let mut ca = CertificateParams::default();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let pool = pool(&[&ca.self_signed(&ca_key).expect("made").pem()]);
    let leaf = CertificateParams::new(["n".to_owned()]).expect("a name");
    let leaf = leaf.signed_by(&key, &Issuer::from_params(&ca, &ca_key)).expect("made").pem();
    assert_eq!((verdict(&pool, &leaf, Usage::Server), verdict(&pool, &leaf, Usage::Client)), ("good", "purpose"));
}

#[test]
fn a_chain_that_was_good_is_no_longer_so_when_any_of_it_is_over() {
    let ca = create::ca(&CaRequest { days: 30, now: at(-10), ..CaRequest::default() }).expect("made");
    let leaf = |days| {
        create::cert(&CertRequest { days, now: at(-5), ..server_request() }, &ca.cert_pem, &ca.key_pem).expect("made")
    };
    let pool = pool(&[&ca.cert_pem]);
    let unix = |days| UnixTime::since_unix_epoch(at(days).duration_since(std::time::UNIX_EPOCH).expect("after 1970"));
    for (leaf, ends) in [(leaf(10), 5), (leaf(900), 20)] {
        let chain = chain(&leaf.cert_pem);
        let good = |usage, days| pool.verify(&chain[0], &[], usage, unix(days)).is_ok();
        for usage in [Usage::Server, Usage::Client] {
            assert!(!good(usage, ends + 1) && good(usage, 0) && good(usage, ends - 1) && good(usage, 0));
            assert!(!good(usage, ends + 1) && !good(usage, -6), "it was good, and is not then");
        }
    }
}

#[test]
fn a_chain_that_was_good_as_a_servers_is_not_for_that_a_clients() {
    let lab = Lab::new();
    let (ca_key, key) = (KeyPair::generate().expect("a key"), KeyPair::generate().expect("a key"));
    let mut ca = CertificateParams::default();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let mut leaf = CertificateParams::new(["n".to_owned()]).expect("a name");
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let leaf = leaf.signed_by(&key, &Issuer::from_params(&ca, &ca_key)).expect("made").pem();
    let pool = pool(&[&ca.self_signed(&ca_key).expect("made").pem(), &lab.ca.cert_pem]);
    for _ in 0..3 {
        assert_eq!((verdict(&pool, &leaf, Usage::Server), verdict(&pool, &leaf, Usage::Client)), ("good", "purpose"));
    }
    // And a CA is no leaf, here.
    assert_eq!(verdict(&pool, &lab.ca.cert_pem, Usage::Server), "good", "trusted itself");
    let named = create::ca(&CaRequest::default()).expect("made");
    assert_ne!(verdict(&pool, &named.cert_pem, Usage::Server), "good");
}
