//! Certificates change under a server that goes on: all at once, or not at all.
#![cfg(feature = "tokio")]
mod support;

use std::{
    fs,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use proconsul_tls::{
    Incoming, Place, Policy, Tls,
    create::CertRequest,
    watch::{Look, Watch},
};
use rustls::{Error, HandshakeKind};
use support::{Client, Lab, at, chain, meet, replace, server_request, settings};

/// The serial number of what a way in shows.
fn shown(lab: &Lab, tls: &Tls, how: Incoming) -> Vec<u8> {
    let client = lab.client();
    Client::new(&lab.ca).showing(&client).dials(tls, how).both().0.peer[0].to_vec()
}

const PORT: [Incoming; 3] = [Incoming::TypeByte, Incoming::Insecure, Incoming::Alpn];

#[test]
fn a_reload_takes_the_new_chain_for_every_way_in_and_a_broken_one_keeps_the_old() {
    let lab = Lab::new();
    let tls = lab.load(|_| {});
    let old = lab.path("server.pem");
    let before = shown(&lab, &tls, Incoming::TypeByte);

    lab.write("server.pem", "broken");
    let error = tls.reload().expect_err("broken");
    assert!(error.place == Place::InternalRpc && error.to_string().contains(&*old.display().to_string()), "{error}");
    assert!(PORT.into_iter().all(|how| shown(&lab, &tls, how) == before), "the old one is shown");

    let new = lab.server();
    lab.save("server", &new);
    tls.reload().expect("whole again");
    assert!(PORT.into_iter().all(|how| shown(&lab, &tls, how) == chain(&new.cert_pem)[0].to_vec()));
    fs::remove_file(&old).expect("removed");
    assert!(tls.reload().expect_err("gone").to_string().contains("No such file"));
    assert!(shown(&lab, &tls, Incoming::Alpn) == chain(&new.cert_pem)[0].to_vec());
}

#[test]
fn sessions_outlive_a_reload_that_changes_nothing_and_none_that_changes_cas() {
    let lab = Lab::new();
    let (tls, pair) = (lab.load(|policy| policy.verify_incoming = true), lab.client());
    for client in [Client::new(&lab.ca).showing(&pair), Client::new(&lab.ca).showing(&pair).tls12()] {
        lab.write("ca.pem", &lab.ca.cert_pem);
        tls.reload().expect("as it was");
        let config = client.config();
        let dials = || meet(tls.incoming(Incoming::TypeByte).expect("one"), config.clone(), "server.dc1.consul");
        assert_eq!(dials().both().1.kind, HandshakeKind::Full);
        tls.reload().expect("unchanged");
        assert_eq!(dials().both().1.kind, HandshakeKind::Resumed);
        lab.write("ca.pem", &Lab::new().ca.cert_pem);
        tls.reload().expect("another CA");
        assert!(matches!(dials().server, Err(Error::InvalidCertificate(_))), "the session is not enough");
    }
}

#[test]
fn other_settings_are_taken_whole_or_not_at_all() {
    let lab = Lab::new();
    let tls = lab.load(|_| {});
    let wanted = settings(Policy { verify_incoming: true, ..lab.policy("server") });
    tls.update(wanted.clone()).expect("taken");
    assert!(tls.verify_incoming() && tls.settings() == wanted);
    tls.update(settings(Policy { cert_file: None, ..wanted.internal_rpc.clone() })).expect_err("no certificate");
    assert_eq!(tls.settings(), wanted);
    assert_eq!(tls.clone().settings(), wanted, "clones are the same one");
}

#[test]
fn a_handshake_never_meets_half_a_reload() {
    let lab = Lab::new();
    let tls = lab.load(|policy| policy.verify_incoming = true);
    // Two worlds that know nothing of each other: CA, server and client of each.
    let worlds = [Lab::new(), Lab::new()];
    let clients: Vec<_> = worlds.iter().map(|world| (world, world.client(), world.server())).collect();
    let done = Arc::new(AtomicBool::new(false));
    let failures = Mutex::new(Vec::new());
    thread::scope(|scope| {
        let handshakes = scope.spawn(|| {
            let mut met = 0;
            while !done.load(Ordering::Relaxed) {
                let config = tls.incoming(Incoming::TypeByte).expect("one");
                let good = |(world, client, _): &&(&Lab, _, _)| {
                    meet(config.clone(), Client::new(&world.ca).showing(client).config(), "server.dc1.consul")
                        .server
                        .is_ok()
                };
                let fits = clients.iter().filter(good).count();
                if fits > 1 {
                    failures.lock().expect("no panic").push(fits);
                }
                met += fits;
            }
            met
        });
        for turn in 0..40 {
            let (world, _, pair) = &clients[turn % 2];
            lab.write("ca.pem", &world.ca.cert_pem);
            lab.save("server", pair);
            tls.reload().expect("whole");
        }
        done.store(true, Ordering::Relaxed);
        assert!(handshakes.join().expect("no panic") > 0, "there were handshakes");
    });
    assert!(failures.lock().expect("no panic").is_empty(), "a configuration of two worlds");
}

#[test]
fn expiry_is_that_of_what_is_shown() {
    let lab = Lab::new();
    let tls = lab.load(|_| {});
    let [expiry] = &tls.expires()[..] else { panic!("one listener") };
    assert_eq!((expiry.place, expiry.automatic), (Place::InternalRpc, false));
    assert_eq!(expiry.names, ["n1.server.dc1.consul", "server.dc1.consul", "localhost", "127.0.0.1"]);
    assert!(matches!(expiry.days_left(at(0)), 364..=365) && !expiry.soon(at(0)));
    assert!(expiry.soon(at(338)) && !expiry.soon(at(336)), "28 days before the end");
    assert_eq!(expiry.days_left(at(368)), -3);

    lab.save("server", &lab.cert(&CertRequest { days: 10, ..server_request() }));
    tls.reload().expect("another");
    let [expiry] = &tls.expires()[..] else { panic!("one listener") };
    assert_eq!(expiry.days_left(at(0)), 9);
    assert!(!expiry.soon(at(5)) && expiry.soon(at(7)), "the last four tenths of a short life");
}

#[track_caller]
fn same(look: Look) {
    assert!(matches!(look, Look::Same), "{look:?}");
}

#[test]
fn a_watch_takes_what_changes_and_says_what_is_broken_once() {
    let lab = Lab::new();
    let tls = lab.load(|_| {});
    let mut watch = Watch::new(tls.clone());
    same(watch.look());
    let new = lab.server();
    // The certificate first: for a moment it does not fit its key, and that is not yet worth a word.
    replace(&lab.path("server.pem"), &new.cert_pem);
    assert!(matches!(watch.look(), Look::Settling));
    replace(&lab.path("server-key.pem"), &new.key_pem);
    assert!(matches!(watch.look(), Look::Reloaded));
    same(watch.look());
    assert!(shown(&lab, &tls, Incoming::TypeByte) == chain(&new.cert_pem)[0].to_vec());

    lab.write("server.pem", "broken");
    assert!(matches!(watch.look(), Look::Settling));
    assert!(matches!(watch.look(), Look::Failed(_)));
    same(watch.look());
    lab.write("ca.pem", "broken too");
    same(watch.look()); // what was said first still is wrong
    lab.save("server", &new);
    assert!(
        matches!(watch.look(), Look::Failed(error) if error.to_string().contains("ca.pem")),
        "another fault is said"
    );
    lab.write("ca.pem", &lab.ca.cert_pem);
    assert!(matches!(watch.look(), Look::Mended), "as it was loaded");
    same(watch.look());
}

#[test]
fn a_watch_notices_what_changed_before_its_first_look_and_what_comes_into_a_folder() {
    let lab = Lab::new();
    fs::create_dir(lab.path("cas")).expect("a folder");
    lab.write("cas/a.pem", &lab.ca.cert_pem);
    let tls = lab.load(|policy| {
        (policy.ca_file, policy.ca_path, policy.verify_incoming) = (None, Some(lab.path("cas")), true);
    });
    let other = Lab::new();
    lab.write("cas/b.pem", &other.ca.cert_pem);
    let mut watch = Watch::new(tls.clone());
    assert!(matches!(watch.look(), Look::Reloaded), "it came between load and watch");
    let client = other.client();
    Client::new(&lab.ca).showing(&client).dials(&tls, Incoming::TypeByte).both();
    fs::remove_file(lab.path("cas/b.pem")).expect("removed");
    assert!(matches!(watch.look(), Look::Reloaded));
    assert!(Client::new(&lab.ca).showing(&client).dials(&tls, Incoming::TypeByte).server.is_err());
}

#[cfg(unix)]
#[test]
fn a_watch_sees_a_link_two_folders_up_that_is_swapped() {
    use std::os::unix::fs::symlink;
    let lab = Lab::new();
    for (folder, pair) in [("..one", lab.server()), ("..two", lab.server())] {
        fs::create_dir(lab.path(folder)).expect("a folder");
        lab.save(&format!("{folder}/tls"), &pair);
    }
    symlink("..one", lab.path("..data")).expect("a link");
    for file in ["tls.pem", "tls-key.pem"] {
        symlink(format!("..data/{file}"), lab.path(file)).expect("a link");
    }
    let tls = Tls::load(settings(lab.policy("tls"))).expect("loads");
    let mut watch = Watch::new(tls.clone());
    same(watch.look());
    symlink("..two", lab.path("..new")).expect("a link");
    fs::rename(lab.path("..new"), lab.path("..data")).expect("swapped in one step");
    assert!(matches!(watch.look(), Look::Reloaded));
    let two = fs::read_to_string(lab.path("..two/tls.pem")).expect("there");
    assert!(shown(&lab, &tls, Incoming::TypeByte) == chain(&two)[0].to_vec());
}

#[tokio::test]
async fn the_watching_task_reloads_by_itself() {
    let lab = Lab::new();
    let tls = lab.load(|_| {});
    let task = tokio::spawn(proconsul_tls::watch::watch(tls.clone(), Duration::from_millis(10)));
    let new = lab.server();
    replace(&lab.path("server.pem"), &new.cert_pem);
    replace(&lab.path("server-key.pem"), &new.key_pem);
    let wanted = chain(&new.cert_pem)[0].to_vec();
    let reloaded = async {
        while shown(&lab, &tls, Incoming::TypeByte) != wanted {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), reloaded).await.expect("reloaded");
    task.abort();
    assert!(task.await.expect_err("it never ends by itself").is_cancelled());
}
