//! What is read, and what is said of what cannot be: the first words are Consul's.
mod support;

use std::fs;

use proconsul_tls::{
    Automatic, Fault, Incoming, LoadError, Place, Policy, Settings, Tls,
    create::{self, CaRequest},
};
use support::{Client, Lab, at, settings};

#[track_caller]
fn fault(policy: Policy) -> LoadError {
    let error = Tls::load(settings(policy)).expect_err("refused");
    assert_eq!(error.place, Place::InternalRpc);
    assert!(error.to_string().starts_with("tls.internal_rpc: "), "{error}");
    error
}

#[test]
fn nothing_set_is_no_tls() {
    let tls = Tls::load(Settings::default()).expect("loads");
    assert!(!tls.mutual_tls_capable() && !tls.verify_incoming() && tls.files().is_empty() && tls.expires().is_empty());
    assert!(Incoming::ALL.into_iter().all(|how| tls.incoming(how).is_none()));
}

#[test]
fn verification_without_what_it_needs_is_refused_in_consuls_words() {
    let lab = Lab::new();
    lab.save("server", &lab.server());
    let with = |change: fn(&mut Policy)| {
        let mut policy = lab.policy("server");
        change(&mut policy);
        fault(policy).to_string()
    };
    let text = with(|policy| (policy.ca_file, policy.verify_incoming) = (None, true));
    assert!(text.contains("VerifyIncoming set but no CA certificates were provided"), "{text}");
    let text = with(|policy| (policy.ca_file, policy.verify_outgoing) = (None, true));
    assert!(text.contains("VerifyOutgoing set but no CA certificates were provided"), "{text}");
    let text = with(|policy| (policy.ca_file, policy.verify_server_hostname) = (None, true));
    assert!(text.contains("VerifyOutgoing set but no CA certificates were provided"), "{text}");
    let text = with(|policy| (policy.cert_file, policy.verify_incoming) = (None, true));
    assert!(text.contains("VerifyIncoming requires either a Cert and Key pair in the configuration file"), "{text}");
}

#[test]
fn pairs_that_cannot_be_used_are_refused_with_their_files() {
    let lab = Lab::new();
    let (one, other) = (lab.server(), lab.client());
    lab.save("one", &one);
    lab.save("other", &other);
    lab.write("empty.pem", "");
    lab.write("text.pem", "not a certificate\n");
    lab.write("cut.pem", &one.cert_pem[..one.cert_pem.len() / 2]);
    lab.write("wrong.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    lab.write("wrong-key.pem", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    for (cert, key, words) in [
        ("one.pem", "other-key.pem", "tls: private key does not match public key"),
        ("none.pem", "one-key.pem", "No such file or directory"),
        ("one.pem", "none-key.pem", "No such file or directory"),
        ("empty.pem", "one-key.pem", "tls: failed to find any PEM data in certificate input"),
        ("text.pem", "one-key.pem", "tls: failed to find any PEM data in certificate input"),
        ("one.pem", "empty.pem", "tls: failed to find any PEM data in key input"),
        ("one-key.pem", "one-key.pem", "\"CERTIFICATE\" in certificate input"),
        ("one.pem", "one.pem", "\"PRIVATE KEY\" in key input"),
        ("cut.pem", "one-key.pem", "PEM"),
        ("wrong.pem", "one-key.pem", "malformed certificate"),
        ("one.pem", "wrong-key.pem", "failed to parse private key"),
        (".", "one-key.pem", "it is no file"),
    ] {
        let (cert, key) = (lab.path(cert), lab.path(key));
        let error = fault(Policy { cert_file: Some(cert.clone()), key_file: Some(key.clone()), ..Policy::default() });
        let text = error.to_string();
        assert!(matches!(error.fault, Fault::KeyPair { .. }), "{text}");
        assert!(text.contains("Failed to load cert/key pair: ") && text.contains(words), "{text}");
        assert!(text.contains(&*cert.display().to_string()) && text.contains(&*key.display().to_string()), "{text}");
    }
}

#[test]
fn a_certificate_without_a_key_is_not_read_as_in_consul() {
    let tls = Tls::load(settings(Policy { cert_file: Some("nowhere".into()), ..Policy::default() })).expect("loads");
    assert!(tls.incoming(Incoming::TypeByte).is_none());
}

#[test]
fn ca_file_wins_over_ca_path_which_is_read_with_all_below_it() {
    let lab = Lab::new();
    let other = create::ca(&CaRequest::default()).expect("a CA");
    fs::create_dir_all(lab.path("cas/deep/deeper")).expect("folders");
    lab.write("cas/deep/deeper/one.crt", &lab.ca.cert_pem);
    lab.write("cas/deep/two", &other.cert_pem);
    let client = lab.client();
    let dials = |tls: &Tls| Client::new(&lab.ca).showing(&client).dials(tls, Incoming::Alpn);
    let by_path = lab.load(|policy| (policy.ca_file, policy.ca_path) = (None, Some(lab.path("cas"))));
    dials(&by_path).both();
    assert_eq!(by_path.files().len(), 2 + 3 + 2, "{:?}", by_path.files());
    lab.write("other.pem", &other.cert_pem);
    let by_file =
        lab.load(|policy| (policy.ca_file, policy.ca_path) = (Some(lab.path("other.pem")), Some(lab.path("cas"))));
    assert!(dials(&by_file).server.is_err(), "the path is not read");
}

#[test]
fn cas_that_cannot_be_read_are_refused_with_their_files() {
    let lab = Lab::new();
    fs::create_dir_all(lab.path("empty/still")).expect("folders");
    fs::create_dir_all(lab.path("mixed")).expect("a folder");
    lab.write("mixed/a.pem", &lab.ca.cert_pem);
    lab.write("mixed/b.txt", "read me\n");
    lab.write("key.pem", &lab.ca.key_pem);
    let file = |name: &str| fault(Policy { ca_file: Some(lab.path(name)), ..Policy::default() });
    let path = |name: &str| fault(Policy { ca_path: Some(lab.path(name)), ..Policy::default() });
    for (error, words, named) in [
        (file("none.pem"), "Error loading from", "none.pem"),
        (file("empty"), "it is no file", "empty"),
        (file("key.pem"), "failed to parse PEM", "key.pem"),
        (path("none"), "Error loading from", "none"),
        (path("empty"), "Error loading from CAPath: no CAs found", "empty"),
        (path("mixed"), "failed to parse PEM", "b.txt"),
    ] {
        let text = error.to_string();
        assert!(text.contains(words) && text.contains(named), "{text}");
        assert!(!text.contains("PRIVATE KEY-----"), "no contents: {text}");
    }
}

#[cfg(unix)]
#[test]
fn links_to_files_are_followed_and_links_to_folders_are_not() {
    use std::os::unix::fs::symlink;
    let lab = Lab::new();
    // As Kubernetes mounts a secret: a link to a folder, and links to files through it.
    fs::create_dir_all(lab.path("cas/..2026")).expect("folders");
    lab.write("cas/..2026/ca.crt", &lab.ca.cert_pem);
    symlink("..2026", lab.path("cas/..data")).expect("a link");
    symlink("..data/ca.crt", lab.path("cas/ca.crt")).expect("a link");
    symlink("..", lab.path("cas/..2026/circle")).expect("a link");
    let tls = lab.load(|policy| (policy.ca_file, policy.ca_path) = (None, Some(lab.path("cas"))));
    assert!(tls.mutual_tls_capable());
}

#[test]
fn what_is_too_long_or_too_deep_is_refused() {
    let lab = Lab::new();
    let long = fs::File::create(lab.path("long.pem")).expect("a file");
    long.set_len(Settings::FILE_BYTES_MAX + 1).expect("sparse");
    let error = fault(Policy { ca_file: Some(lab.path("long.pem")), ..Policy::default() });
    assert!(matches!(error.fault, Fault::TooLong { .. }), "{error}");
    let deep = (0..=Settings::CA_DEPTH_MAX).fold(lab.path("deep"), |path, _| path.join("d"));
    fs::create_dir_all(&deep).expect("folders");
    let error = fault(Policy { ca_path: Some(lab.path("deep")), ..Policy::default() });
    assert!(matches!(error.fault, Fault::TooMany { .. }), "{error}");
}

#[test]
fn a_fault_of_the_grpc_stanza_is_said_to_be_there() {
    let mut settings = settings(Policy::default());
    settings.grpc.verify_incoming = true;
    let error = Tls::load(settings.clone()).expect_err("refused");
    assert!(error.to_string().starts_with("tls.grpc: VerifyIncoming set"), "{error}");
    settings.grpc = Policy { verify_outgoing: true, verify_server_hostname: true, ..Policy::default() };
    Tls::load(settings).expect("nothing is dialled by it");
}

#[test]
fn an_automatic_certificate_serves_where_there_is_none_and_demands_nothing() {
    let tls = Tls::load(settings(Policy::default())).expect("loads");
    tls.set_automatic(Automatic::generate("dc1", "consul.", "n1").expect("made")).expect("taken");
    assert!(tls.incoming(Incoming::Insecure).is_some() && tls.incoming(Incoming::TypeByte).is_some());
    assert!(!tls.mutual_tls_capable(), "there is no CA to check clients against");
    assert!(tls.incoming(Incoming::Alpn).is_none() && tls.incoming(Incoming::Grpc).is_none());
    assert_eq!(
        tls.expires().iter().map(|expiry| (expiry.place, expiry.automatic)).collect::<Vec<_>>(),
        [(Place::InternalRpc, true)]
    );

    let lab = Lab::new();
    let client = lab.client();
    let pair = Automatic::generate("dc1", "", "").expect("made").pair;
    tls.set_automatic(Automatic { pair, cas: vec![lab.ca.cert_pem.clone()] }).expect("taken");
    assert!(tls.mutual_tls_capable(), "an automatic CA makes it so");
    let met = Client::new(&lab.ca).showing(&client).asking(&["consul/raft"]).dials(&tls, Incoming::Alpn);
    assert!(met.client.is_err(), "another CA signed the server's");
}

#[test]
fn a_certificate_of_files_wins_over_the_automatic_one_and_cas_add_up() {
    let lab = Lab::new();
    let (tls, automatic_ca) =
        (lab.load(|policy| policy.verify_incoming = true), create::ca(&CaRequest::default()).expect("a CA"));
    let client =
        create::cert(&create::CertRequest::default(), &automatic_ca.cert_pem, &automatic_ca.key_pem).expect("made");
    let dials = || Client::new(&lab.ca).showing(&client).dials(&tls, Incoming::TypeByte);
    assert!(dials().server.is_err(), "not known yet");
    let automatic =
        Automatic { cas: vec![automatic_ca.cert_pem.clone()], ..Automatic::generate("dc1", "", "n").expect("made") };
    tls.set_automatic(automatic).expect("taken");
    dials().both();
    tls.reload().expect("reloads");
    dials().both();
}

#[test]
fn a_broken_automatic_certificate_is_refused_and_changes_nothing() {
    let lab = Lab::new();
    let tls = lab.load(|_| {});
    let mismatched = create::Pair { key_pem: lab.client().key_pem, ..lab.server() };
    let broken =
        [Automatic { pair: Some(mismatched), cas: Vec::new() }, Automatic { pair: None, cas: vec!["no PEM".into()] }];
    for automatic in broken {
        let error = tls.set_automatic(automatic).expect_err("refused");
        assert_eq!(error.place, Place::Automatic, "{error}");
    }
    Client::new(&lab.ca).dials(&tls, Incoming::TypeByte).both();
}

#[test]
fn use_auto_cert_turns_tls_of_the_grpc_port_on() {
    let mut settings = settings(Policy::default());
    settings.grpc.use_auto_cert = true;
    let tls = Tls::load(settings).expect("loads");
    assert!(tls.incoming(Incoming::Grpc).is_none());
    tls.set_automatic(Automatic::generate("dc1", "", "n").expect("made")).expect("taken");
    assert!(tls.incoming(Incoming::Grpc).is_some());
}

#[test]
fn what_peers_will_refuse_is_a_concern() {
    let lab = Lab::new();
    assert_eq!(lab.load(|policy| policy.verify_server_hostname = true).concerns(at(0)), [""; 0], "all is well");
    let one = |tls: &Tls, now, words: &str| {
        let all = tls.concerns(now);
        assert!(
            all.len() == 1 && all[0].starts_with("tls.internal_rpc: ") && all[0].contains(words),
            "{words}: {all:?}"
        );
    };
    one(&lab.load(|policy| policy.key_file = None), at(0), "cert_file is set and key_file is not");
    one(&lab.load(|policy| policy.cert_file = None), at(0), "key_file is set and cert_file is not");
    one(&lab.load(|_| {}), at(366), "the certificate of cert_file has expired");
    let over = create::ca(&CaRequest { days: 10, now: at(-20), ..CaRequest::default() }).expect("a CA");
    lab.write("both.pem", &[lab.ca.cert_pem.clone(), over.cert_pem].concat());
    one(&lab.load(|policy| policy.ca_file = Some(lab.path("both.pem"))), at(0), "the CA \"Consul Agent CA ");
    lab.write("other.pem", &create::ca(&CaRequest::default()).expect("a CA").cert_pem);
    one(&lab.load(|policy| policy.ca_file = Some(lab.path("other.pem"))), at(0), "does not lead to a CA");
    lab.save("client", &lab.client());
    let named = settings(Policy { verify_server_hostname: true, ..lab.policy("client") });
    one(
        &Tls::load(named).expect("loads"),
        at(0),
        "not valid for server.dc1.consul but for \"client.dc1.consul, localhost",
    );
}
