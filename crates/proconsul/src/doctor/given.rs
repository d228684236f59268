//! The certificates that were given: read from their files once, with what is wrong with them.
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    crypto::CryptoProvider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    sign::CertifiedKey,
};

use super::{certificate::Certificate, facts::GivenFacts};

/// How many files of a directory are read.
const CA_FILES_MAX: usize = 1_000;

/// How deep below a directory files are looked for.
const CA_DEPTH_MAX: usize = 8;

/// Where certificates are.
#[derive(Clone, Debug, Default)]
pub(super) struct Files {
    pub(super) ca_file: Option<PathBuf>,
    pub(super) ca_path: Option<PathBuf>,
    pub(super) client_cert: Option<PathBuf>,
    pub(super) client_key: Option<PathBuf>,
}

/// What the files hold, and what to show to a server.
#[derive(Clone, Debug, Default)]
pub(super) struct Given {
    pub(super) facts: GivenFacts,
    /// The client's chain and key, where both are there and belong together.
    pub(super) client: Option<Arc<CertifiedKey>>,
}

impl Given {
    /// Reads what there is. What cannot be read is a fact like any other.
    pub(super) fn read(files: &Files, provider: &CryptoProvider) -> Self {
        let mut facts = GivenFacts {
            authority_asked: files.ca_file.is_some() || files.ca_path.is_some(),
            client_asked: files.client_cert.is_some() || files.client_key.is_some(),
            ..GivenFacts::default()
        };
        if let Some(file) = &files.ca_file {
            facts.authorities = certificates(file, &mut facts.unusable);
        } else if let Some(directory) = &files.ca_path {
            let mut found = Vec::new();
            walk(directory, 0, &mut found, &mut facts.unusable);
            found.sort();
            facts.authorities = found.iter().flat_map(|file| certificates(file, &mut facts.unusable)).collect();
        }
        let client = identity(files, provider, &mut facts);
        Self { facts, client }
    }
}

fn identity(files: &Files, provider: &CryptoProvider, facts: &mut GivenFacts) -> Option<Arc<CertifiedKey>> {
    match (&files.client_cert, &files.client_key) {
        (None, None) => return None,
        (Some(file), None) => {
            facts.unusable.push((shown(file), "it needs its key: give --client-key too".to_owned()));
        }
        (None, Some(file)) => {
            facts.unusable.push((shown(file), "it needs its certificate: give --client-cert too".to_owned()));
        }
        (Some(_), Some(_)) => {}
    }
    if let Some(file) = &files.client_cert {
        facts.client = certificates(file, &mut facts.unusable);
    }
    let file = files.client_key.as_ref()?;
    let key = match PrivateKeyDer::from_pem_file(file) {
        Ok(key) => key,
        Err(error) => {
            facts.unusable.push((shown(file), format!("no private key could be read from it: {error}")));
            return None;
        }
    };
    let key = match provider.key_provider.load_private_key(key) {
        Ok(key) => key,
        Err(error) => {
            facts.unusable.push((shown(file), format!("its key is of no kind that TLS uses: {error}")));
            return None;
        }
    };
    if facts.client.is_empty() {
        return None;
    }
    let chain = facts.client.iter().map(|one| CertificateDer::from(one.der.clone())).collect();
    let client = CertifiedKey::new(chain, key);
    // `Unknown` is a key that cannot tell its public half: the server will.
    let fits =
        !matches!(client.keys_match(), Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::KeyMismatch)));
    facts.key_fits = Some(fits);
    fits.then(|| Arc::new(client))
}

/// The certificates of a file; what is wrong with it goes to `unusable`.
fn certificates(file: &Path, unusable: &mut Vec<(String, String)>) -> Vec<Certificate> {
    let mut found = Vec::new();
    let mut fail = |why: String| unusable.push((shown(file), why));
    match CertificateDer::pem_file_iter(file) {
        Err(error) => fail(format!("it cannot be read: {error}")),
        Ok(items) => {
            for item in items {
                match item {
                    Err(error) => {
                        fail(format!("it is broken: {error}"));
                        break;
                    }
                    Ok(der) => match Certificate::read(&der) {
                        Some(certificate) => found.push(certificate),
                        None => fail("it holds something that calls itself a certificate and is none".to_owned()),
                    },
                }
            }
            if found.is_empty() && !unusable.iter().any(|(name, _)| *name == shown(file)) {
                unusable.push((shown(file), "no PEM certificate is in it".to_owned()));
            }
        }
    }
    found
}

fn walk(directory: &Path, depth: usize, found: &mut Vec<PathBuf>, unusable: &mut Vec<(String, String)>) {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) => return unusable.push((shown(directory), format!("it cannot be read: {error}"))),
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            if depth < CA_DEPTH_MAX {
                walk(&path, depth + 1, found, unusable);
            }
        } else if found.len() < CA_FILES_MAX {
            found.push(path);
        }
    }
}

fn shown(file: &Path) -> String {
    file.display().to_string()
}
