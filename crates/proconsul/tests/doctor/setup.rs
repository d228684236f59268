//! A world of certificates, and the doctor asked about it.
use std::{sync::Arc, thread};

use serde_json::Value;
use tempfile::TempDir;

use super::{
    certs::{CLIENT, Ca, Pair, SERVER},
    peer::{Clients, NAMES, Port, Tls, config},
    support::{code, err, out, proconsul},
};

/// A CA, another, and certificates of both.
pub(crate) struct World {
    pub(crate) directory: Arc<TempDir>,
    pub(crate) ca: Ca,
    pub(crate) rogue: Ca,
    pub(crate) server: Pair,
    pub(crate) client: Pair,
}

impl World {
    pub(crate) fn new() -> Self {
        let directory = Arc::new(TempDir::new().expect("a directory can be made"));
        let ca = Ca::new(&directory, "ca", (2020, 2120));
        let rogue = Ca::new(&directory, "rogue", (2020, 2120));
        let server = ca.make("server", &SERVER);
        let client = ca.make("client", &CLIENT);
        Self { directory, ca, rogue, server, client }
    }

    /// A server that demands certificates and presents `pair`, as Consul does with `verify_incoming`.
    pub(crate) fn strict(&self, pair: &Pair) -> Port {
        let clients = Clients::Of(&self.ca);
        let tls = Tls {
            by_byte: Some(config(pair, &clients, &[])),
            insecure: Some(config(pair, &Clients::Any, &[])),
            native: Some(config(pair, &clients, NAMES)),
        };
        Port { tls, tls_only: true, verify_servers: false }
    }

    /// Flags for a client with this certificate.
    pub(crate) fn with<'a>(&'a self, client: &'a Pair) -> Vec<&'a str> {
        let [cert, key] = [client.cert_file.as_str(), client.key_file.as_str()];
        vec!["--ca-file", &self.ca.file, "--client-cert", cert, "--client-key", key, "--dc", "dc1"]
    }

    pub(crate) fn usual(&self) -> Vec<&str> {
        self.with(&self.client)
    }
}

/// What the doctor says.
pub(crate) struct Told {
    pub(crate) exit: Option<i32>,
    pub(crate) json: Value,
    pub(crate) stderr: String,
}

impl Told {
    /// The causes of one severity, in order.
    pub(crate) fn causes(&self, severity: &str) -> Vec<&str> {
        let findings = self.json["findings"].as_array().map(Vec::as_slice).unwrap_or_default();
        findings.iter().filter(|one| one["severity"] == severity).filter_map(|one| one["cause"].as_str()).collect()
    }

    pub(crate) fn text(&self, cause: &str) -> String {
        let findings = self.json["findings"].as_array().map(Vec::as_slice).unwrap_or_default();
        findings
            .iter()
            .filter(|one| one["cause"] == cause)
            .map(|one| format!("{} -> {}", one["what"], one["change"]))
            .collect()
    }

    pub(crate) fn reached(&self, route: &str, how: &str, certificate: bool) -> bool {
        let routes = self.json["routes"].as_array().map(Vec::as_slice).unwrap_or_default();
        let row = routes
            .iter()
            .find(|row| row["route"] == route && row["how"] == how && row["with_certificate"] == certificate);
        row.unwrap_or_else(|| panic!("{route} by {how} is not in {routes:?}"))["reached"] == true
    }
}

/// Asks about `server`, where the gRPC ports are left alone unless `arguments` name them.
pub(crate) fn ask(server: &str, arguments: &[&str]) -> Told {
    let grpc = if arguments.iter().any(|one| one.starts_with("--grpc")) { None } else { Some("--no-grpc") };
    let timeout = if arguments.contains(&"--timeout") { None } else { Some(["--timeout", "5s"]) };
    let mut command = proconsul();
    command.args(["doctor", server, "--json"]).args(grpc).args(timeout.iter().flatten()).args(arguments);
    let output = command.output().expect("the binary runs");
    let json =
        serde_json::from_str(&out(&output)).unwrap_or_else(|_| panic!("no JSON: {}{}", out(&output), err(&output)));
    Told { exit: code(&output), json, stderr: err(&output) }
}

/// One set-up that is broken: the cause that must be named as a problem, alone, and words that its line must have.
pub(crate) struct Case<'c> {
    pub(crate) name: &'static str,
    pub(crate) server: String,
    pub(crate) arguments: Vec<&'c str>,
    pub(crate) cause: &'static str,
    pub(crate) words: &'static str,
}

pub(crate) fn case<'c>(
    name: &'static str,
    server: impl ToString,
    arguments: &[&'c str],
    cause: &'static str,
    words: &'static str,
) -> Case<'c> {
    Case { name, server: server.to_string(), arguments: arguments.to_vec(), cause, words }
}

pub(crate) fn check(cases: &[Case<'_>], exit: i32) {
    thread::scope(|scope| {
        for case in cases {
            scope.spawn(move || {
                let told = ask(&case.server, &case.arguments);
                assert_eq!(told.causes("problem"), [case.cause], "{}: {:#}", case.name, told.json["findings"]);
                let text = told.text(case.cause);
                assert!(text.contains(case.words), "{}: {text}", case.name);
                assert_eq!(told.exit, Some(exit), "{}", case.name);
                assert!(!told.stderr.is_empty(), "{}", case.name);
                let change = told.json["findings"][0]["change"].as_str().unwrap_or_default();
                assert!(!change.is_empty(), "{}: what to change is said", case.name);
            });
        }
    });
}
