//! The `tls` stanza: what files say, and what it comes to once all files are read.
//!
//! Source: Consul 1.21.4, `buildTLSConfig` in `agent/config/builder.go` and `applyDeprecatedTLSConfig` in `deprecated.go`.
use std::path::PathBuf;

use proconsul_tls::{BadMinVersion, Fault, LoadError, MinVersion, Policy, Settings as TlsSettings};

use super::{
    error::{Place, PlacedProblem},
    settings::{Settings, text},
    tree::Value,
};

/// A value, and where it was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said<T> {
    pub(super) value: T,
    pub(super) place: Place,
    /// The key as it stands in the file: an old name, where one was used.
    pub(super) key: String,
}

/// What was said about one listener, or as a default of all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Listener {
    pub(super) ca_file: Option<Said<String>>,
    pub(super) ca_path: Option<Said<String>>,
    pub(super) cert_file: Option<Said<String>>,
    pub(super) key_file: Option<Said<String>>,
    pub(super) tls_min_version: Option<Said<MinVersion>>,
    pub(super) tls_cipher_suites: Option<Said<Vec<String>>>,
    pub(super) verify_incoming: Option<Said<bool>>,
    pub(super) verify_outgoing: Option<Said<bool>>,
    pub(super) verify_server_hostname: Option<Said<bool>>,
    pub(super) use_auto_cert: Option<Said<bool>>,
}

/// What was said about all listeners.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Stanza {
    pub(super) defaults: Listener,
    pub(super) internal_rpc: Listener,
    pub(super) grpc: Listener,
}

/// The stanza of the file that is being read, and of the old names of its top level.
#[derive(Debug, Default)]
pub(super) struct Reading {
    pub(super) file: Stanza,
    pub(super) old: Stanza,
}

impl Listener {
    /// What was said here, and where nothing was, there.
    fn or(self, there: Self) -> Self {
        Self {
            ca_file: self.ca_file.or(there.ca_file),
            ca_path: self.ca_path.or(there.ca_path),
            cert_file: self.cert_file.or(there.cert_file),
            key_file: self.key_file.or(there.key_file),
            tls_min_version: self.tls_min_version.or(there.tls_min_version),
            tls_cipher_suites: self.tls_cipher_suites.or(there.tls_cipher_suites),
            verify_incoming: self.verify_incoming.or(there.verify_incoming),
            verify_outgoing: self.verify_outgoing.or(there.verify_outgoing),
            verify_server_hostname: self.verify_server_hostname.or(there.verify_server_hostname),
            use_auto_cert: self.use_auto_cert.or(there.use_auto_cert),
        }
    }

    /// Where a key was said, if it was.
    fn place(&self, key: &str) -> Option<(&str, &Place)> {
        fn of<T>(said: Option<&Said<T>>) -> Option<(&str, &Place)> {
            said.map(|said| (said.key.as_str(), &said.place))
        }
        match key {
            "ca_file" => of(self.ca_file.as_ref()),
            "ca_path" => of(self.ca_path.as_ref()),
            "cert_file" => of(self.cert_file.as_ref()),
            "key_file" => of(self.key_file.as_ref()),
            "tls_min_version" => of(self.tls_min_version.as_ref()),
            "tls_cipher_suites" => of(self.tls_cipher_suites.as_ref()),
            "verify_incoming" => of(self.verify_incoming.as_ref()),
            "verify_outgoing" => of(self.verify_outgoing.as_ref()),
            "verify_server_hostname" => of(self.verify_server_hostname.as_ref()),
            "use_auto_cert" => of(self.use_auto_cert.as_ref()),
            _ => None,
        }
    }
}

impl Stanza {
    /// What was said here, and where nothing was, there.
    fn or(self, there: Self) -> Self {
        Self {
            defaults: self.defaults.or(there.defaults),
            internal_rpc: self.internal_rpc.or(there.internal_rpc),
            grpc: self.grpc.or(there.grpc),
        }
    }

    /// Takes over a file that has been read. It wins over those before it; in itself, the stanza wins over the old names.
    pub(super) fn take(&mut self, read: &mut Reading) {
        let Reading { file, old } = std::mem::take(read);
        *self = file.or(old).or(std::mem::take(self));
    }

    /// Where a listener (`internal_rpc`, `grpc`) has a key's value from: its own stanza or the defaults.
    pub(super) fn place(&self, listener: &str, key: &str) -> Option<(&str, &Place)> {
        let own = match listener {
            "internal_rpc" => &self.internal_rpc,
            "grpc" => &self.grpc,
            _ => &self.defaults,
        };
        own.place(key).or_else(|| self.defaults.place(key))
    }

    /// What it comes to: each listener's policy with the defaults in it.
    ///
    /// Names and ALPN are left to the server, which knows them.
    pub(super) fn build(&self, problems: &mut Vec<PlacedProblem>) -> TlsSettings {
        for listener in [&self.defaults, &self.internal_rpc, &self.grpc] {
            let least = listener.tls_min_version.as_ref().or(self.defaults.tls_min_version.as_ref());
            if let Some(suites) = &listener.tls_cipher_suites
                && least.is_some_and(|least| least.value == MinVersion::Tls13)
            {
                let text = "is set, but TLS 1.3 cipher suites are not configurable: remove it, or set tls_min_version to \
                            \"TLSv1_2\"";
                problems.push(PlacedProblem::new(&suites.place, &suites.key, text.to_owned()));
            }
        }
        let mut internal_rpc = self.policy(&self.internal_rpc);
        internal_rpc.verify_outgoing = yes(&self.internal_rpc.verify_outgoing, &self.defaults.verify_outgoing);
        internal_rpc.verify_server_hostname =
            yes(&self.internal_rpc.verify_server_hostname, &self.defaults.verify_server_hostname);
        // A name can only be checked in TLS, so who asks for the check asks for TLS (CVE-2018-19653).
        internal_rpc.verify_outgoing |= internal_rpc.verify_server_hostname;
        let mut grpc = self.policy(&self.grpc);
        grpc.use_auto_cert = yes(&self.grpc.use_auto_cert, &None);
        TlsSettings { internal_rpc, grpc, ..TlsSettings::default() }
    }

    /// What all listeners have.
    fn policy(&self, own: &Listener) -> Policy {
        let all = &self.defaults;
        let min_version = value(&own.tls_min_version, &all.tls_min_version).unwrap_or_default();
        let inherited = if min_version == MinVersion::Tls13 { &None } else { &all.tls_cipher_suites };
        Policy {
            ca_file: path(&own.ca_file, &all.ca_file),
            ca_path: path(&own.ca_path, &all.ca_path),
            cert_file: path(&own.cert_file, &all.cert_file),
            key_file: path(&own.key_file, &all.key_file),
            min_version,
            cipher_suites: value(&own.tls_cipher_suites, inherited).unwrap_or_default(),
            verify_incoming: yes(&own.verify_incoming, &all.verify_incoming),
            ..Policy::default()
        }
    }
}

fn value<T: Clone>(own: &Option<Said<T>>, default: &Option<Said<T>>) -> Option<T> {
    own.as_ref().or(default.as_ref()).map(|said| said.value.clone())
}

fn yes(own: &Option<Said<bool>>, default: &Option<Said<bool>>) -> bool {
    value(own, default).unwrap_or_default()
}

/// A path; an empty one is none, and hides the default.
fn path(own: &Option<Said<String>>, default: &Option<Said<String>>) -> Option<PathBuf> {
    value(own, default).filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// The key that a fault of loading is about.
fn key_of(fault: &Fault, policy: &Policy) -> &'static str {
    let is_ca_path =
        |path: &PathBuf| policy.ca_file.is_none() && policy.ca_path.as_ref().is_some_and(|ca| path.starts_with(ca));
    match fault {
        Fault::KeyPair { cert, .. } if policy.cert_file.as_ref() == Some(cert) => "cert_file",
        Fault::KeyPair { .. } => "key_file",
        Fault::Unreadable { path, .. } | Fault::TooLong { path, .. } => match policy {
            _ if policy.cert_file.as_ref() == Some(path) => "cert_file",
            _ if policy.key_file.as_ref() == Some(path) => "key_file",
            _ if is_ca_path(path) => "ca_path",
            _ => "ca_file",
        },
        Fault::TooMany { .. } | Fault::NoCas { .. } => "ca_path",
        Fault::NoCertificate { .. } if policy.ca_file.is_none() => "ca_path",
        Fault::NoCertificate { .. } => "ca_file",
        Fault::IncomingWithoutCa | Fault::IncomingWithoutCertificate => "verify_incoming",
        // Where only the check of names was asked for, that is what turned the other on.
        Fault::OutgoingWithoutCa => "verify_outgoing",
        Fault::CipherSuites(_) => "tls_cipher_suites",
        _ => "cert_file",
    }
}

impl Stanza {
    /// A fault of loading as a problem of the file that names what cannot be loaded.
    pub(super) fn problem(&self, error: &LoadError, settings: &TlsSettings) -> PlacedProblem {
        let listener = error.place.as_str();
        let policy = if listener == "grpc" { &settings.grpc } else { &settings.internal_rpc };
        let key = key_of(&error.fault, policy);
        let text = format!("cannot be used: {}", error.fault);
        if let Some((key, place)) = self.place(listener, key) {
            return PlacedProblem::new(place, key, text);
        }
        // Nobody said that: something else led to it.
        let (other, text) = match key {
            "verify_outgoing" => ("verify_server_hostname", format!("{text} (this key turns verify_outgoing on)")),
            _ => ("key_file", text),
        };
        match self.place(listener, other) {
            Some((key, place)) => PlacedProblem::new(place, key, text),
            None => {
                let nowhere = Place { file: PathBuf::from("the configuration").into(), line: 0 };
                PlacedProblem::new(&nowhere, &format!("tls.{listener}.{key}"), text)
            }
        }
    }
}

/// Which place of a file's stanza a row of the table fills.
type Field<T> = fn(&mut Reading) -> &mut Option<Said<T>>;

fn say<T>(to: &mut Settings, field: Field<T>, value: T) {
    let said = Said { value, place: to.place.clone(), key: to.key.clone() };
    *field(&mut to.reading) = Some(said);
}

/// Rows of texts: names of files and directories.
pub(super) fn file(to: &mut Settings, value: &Value, field: Field<String>) -> Result<(), String> {
    let file = text(value);
    // A certificate itself, where its file's name belongs, is a common mistake; and a key must not be told.
    if file.contains("-----BEGIN") {
        return Err("holds PEM text: it must be the name of a file that holds it".to_owned());
    }
    say(to, field, file.to_owned());
    Ok(())
}

/// Rows of switches.
pub(super) fn switch(to: &mut Settings, value: &Value, field: Field<bool>) -> Result<(), String> {
    say(to, field, matches!(value, Value::Bool(true)));
    Ok(())
}

/// Rows of `tls_min_version`.
pub(super) fn min_version(to: &mut Settings, value: &Value, field: Field<MinVersion>) -> Result<(), String> {
    let version = text(value);
    // Names of the old key, which the stanza does not know; nor does Consul.
    let known = if version.starts_with("tls") {
        Err(BadMinVersion::Unknown(version.to_owned()))
    } else {
        MinVersion::parse(version)
    };
    let least = known.map_err(|error| format!("is {version:?}: {error}"))?;
    say(to, field, least);
    Ok(())
}

/// The row of the top level's `tls_min_version`, which has names of its own for versions.
pub(super) fn old_min_version(to: &mut Settings, value: &Value, field: Field<MinVersion>) -> Result<(), String> {
    let version = text(value);
    let least = MinVersion::parse(version).map_err(|error| format!("is {version:?}: {error}"))?;
    say(to, field, least);
    if version.starts_with("tls") {
        let now = least.as_str();
        to.note(format!("'tls_min_version' value '{version}' is deprecated, please specify '{now}' instead"));
    }
    Ok(())
}

/// Rows of `tls_cipher_suites`: names with commas between them.
pub(super) fn cipher_suites(to: &mut Settings, value: &Value, field: Field<Vec<String>>) -> Result<(), String> {
    let names: Vec<String> =
        text(value).split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect();
    say(to, field, names);
    Ok(())
}

/// The row of the top level's `verify_incoming`, which never concerned the gRPC port.
pub(super) fn old_verify_incoming(to: &mut Settings, value: &Value) -> Result<(), String> {
    switch(to, value, |reading| &mut reading.old.defaults.verify_incoming)?;
    switch(to, &Value::Bool(false), |reading| &mut reading.old.grpc.verify_incoming)
}
