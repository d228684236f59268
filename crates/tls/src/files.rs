//! PEM files, read with Consul's checks: what a policy names, turned into certificates and keys.
use std::{
    fs, io,
    path::{Path, PathBuf},
};

use rustls::sign::CertifiedKey;
use rustls_pki_types::{
    CertificateDer, PrivateKeyDer,
    pem::{PemObject, SectionKind},
};

use crate::{Policy, Settings, error::Fault, pool::any_readable, provider::provider};

/// What one policy's files hold.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Material {
    /// Certificates of `ca_file` or `ca_path`; `None` when neither is set.
    pub(crate) cas: Option<Vec<CertificateDer<'static>>>,
    /// What `cert_file` and `key_file` hold.
    pub(crate) pair: Option<Pair>,
}

/// A chain and the key of its leaf.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Pair {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Material {
    /// Reads what a policy names.
    pub(crate) fn read(policy: &Policy) -> Result<Self, Fault> {
        let pair = match (&policy.cert_file, &policy.key_file) {
            (Some(cert), Some(key)) => Some(read_pair(cert, key)?),
            _ => None,
        };
        Ok(Self { cas: read_cas(policy)?, pair })
    }
}

/// The files that a policy names and those in its `ca_path`, with the folders themselves, for in them files come and go. Nothing
/// is opened; what cannot be listed is left out.
pub(crate) fn named(policy: &Policy) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        [&policy.cert_file, &policy.key_file, &policy.ca_file].into_iter().flatten().cloned().collect();
    if let (None, Some(folder)) = (&policy.ca_file, &policy.ca_path) {
        files.push(folder.clone());
        let mut found = Folder::default();
        // What is wrong is said by the load. Here a part of the list is better than none.
        let _ = found.walk(folder, 0);
        files.extend(found.folders);
        files.extend(found.files);
    }
    files
}

fn read_cas(policy: &Policy) -> Result<Option<Vec<CertificateDer<'static>>>, Fault> {
    let files = match (&policy.ca_file, &policy.ca_path) {
        (Some(file), _) => vec![file.clone()],
        (None, Some(folder)) => ca_files(folder)?,
        (None, None) => return Ok(None),
    };
    let mut cas = Vec::new();
    for file in files {
        let bytes = read(&file).map_err(|fault| fault.loading(&file))?;
        let place = file.display().to_string();
        let found = certificates(&bytes, &place)?;
        // Every file needs one that can be read, as in Consul, and where it is not there the file is to be named.
        any_readable(&found).map_err(|why| Fault::NoCertificate { place, why })?;
        cas.extend(found);
    }
    Ok(Some(cas))
}

/// Every file of a `ca_path`, in the order of their names.
fn ca_files(folder: &Path) -> Result<Vec<PathBuf>, Fault> {
    let mut found = Folder::default();
    found.walk(folder, 0)?;
    if found.files.is_empty() {
        return Err(Fault::NoCas { path: folder.into() });
    }
    Ok(found.files)
}

/// What a walk through a folder finds.
#[derive(Default)]
struct Folder {
    files: Vec<PathBuf>,
    folders: Vec<PathBuf>,
}

impl Folder {
    /// Links to files are followed. Links to folders are not, as in Go's walk: what they lead to is mostly beside them, as in the
    /// mounted secrets of Kubernetes, and they may lead in circles.
    fn walk(&mut self, folder: &Path, depth: usize) -> Result<(), Fault> {
        let unreadable = |path: &Path, error| Fault::Unreadable { path: path.into(), error };
        let mut paths = Vec::new();
        for entry in fs::read_dir(folder).map_err(|error| unreadable(folder, error))? {
            paths.push(entry.map_err(|error| unreadable(folder, error))?.path());
        }
        paths.sort();
        for path in paths {
            let kind = fs::symlink_metadata(&path).map_err(|error| unreadable(&path, error))?;
            if kind.is_dir() {
                if depth == Settings::CA_DEPTH_MAX {
                    return Err(too_many(folder));
                }
                self.walk(&path, depth + 1)?;
                self.folders.push(path);
            } else if !(kind.is_symlink() && path.is_dir()) {
                self.files.push(path);
            }
            if self.files.len() > Settings::CA_FILES_MAX {
                return Err(too_many(folder));
            }
        }
        Ok(())
    }
}

fn too_many(path: &Path) -> Fault {
    Fault::TooMany { path: path.into(), files_max: Settings::CA_FILES_MAX, depth_max: Settings::CA_DEPTH_MAX }
}

/// A file that could not be read.
enum Unread {
    Io(io::Error),
    TooLong,
}

impl Unread {
    fn loading(self, path: &Path) -> Fault {
        match self {
            Self::Io(error) => Fault::Unreadable { path: path.into(), error },
            Self::TooLong => Fault::TooLong { path: path.into(), bytes_max: Settings::FILE_BYTES_MAX },
        }
    }
}

/// Reads a whole file. Only a regular one: a pipe would keep the start, or a reload, waiting for ever.
fn read(path: &Path) -> Result<Vec<u8>, Unread> {
    let about = fs::metadata(path).map_err(Unread::Io)?;
    if !about.is_file() {
        return Err(Unread::Io(io::Error::other("it is no file")));
    }
    if about.len() > Settings::FILE_BYTES_MAX {
        return Err(Unread::TooLong);
    }
    fs::read(path).map_err(Unread::Io)
}

fn read_pair(cert: &Path, key: &Path) -> Result<Pair, Fault> {
    let fault = |why| Fault::KeyPair { cert: cert.into(), key: key.into(), why };
    let open = |path: &Path| {
        read(path).map_err(|unread| {
            fault(match unread {
                Unread::Io(error) => format!("open {}: {error}", path.display()),
                Unread::TooLong => format!("{} has more than {} bytes", path.display(), Settings::FILE_BYTES_MAX),
            })
        })
    };
    pair(&open(cert)?, &open(key)?).map_err(fault)
}

/// A chain and its key out of PEM text. The key is checked by [`Pair::certified`].
///
/// # Errors
/// In words of Go's `tls.X509KeyPair`.
pub(crate) fn pair(chain: &[u8], key: &[u8]) -> Result<Pair, String> {
    let (chain, others) =
        sections(chain, |kind, der| (kind == SectionKind::Certificate).then(|| CertificateDer::from(der)))?;
    if chain.is_empty() {
        return Err(missing("certificate", "CERTIFICATE", &others));
    }
    let (keys, others) = sections(key, PrivateKeyDer::from_pem)?;
    let Some(key) = keys.into_iter().next() else { return Err(missing("key", "PRIVATE KEY", &others)) };
    Ok(Pair { chain, key })
}

fn missing(which: &str, kind: &str, others: &[String]) -> String {
    if others.is_empty() {
        return format!("tls: failed to find any PEM data in {which} input");
    }
    format!(
        "tls: failed to find PEM block with type ending in {kind:?} in {which} input, which has {}",
        others.join(", ")
    )
}

/// The PEM sections of a text that `take` wants, and the kinds of the others.
fn sections<T>(text: &[u8], take: impl Fn(SectionKind, Vec<u8>) -> Option<T>) -> Result<(Vec<T>, Vec<String>), String> {
    let (mut wanted, mut others) = (Vec::new(), Vec::new());
    for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(text) {
        let (kind, der) = section.map_err(|error| format!("the PEM text is broken: {error}"))?;
        match take(kind, der) {
            Some(item) => wanted.push(item),
            None => others.push(format!("{kind:?}")),
        }
    }
    Ok((wanted, others))
}

/// The certificates of a PEM text; what else it holds is skipped, as in Go.
pub(crate) fn certificates(text: &[u8], place: &str) -> Result<Vec<CertificateDer<'static>>, Fault> {
    let fault = |why| Fault::NoCertificate { place: place.into(), why };
    let certificate = |kind, der: Vec<u8>| (kind == SectionKind::Certificate).then(|| CertificateDer::from(der));
    let (found, others) = sections(text, certificate).map_err(fault)?;
    match (found.is_empty(), others.is_empty()) {
        (false, _) => Ok(found),
        (true, true) => Err(fault("there is no PEM block in it".into())),
        (true, false) => Err(fault(format!("there is no certificate in it, but {}", others.join(", ")))),
    }
}

impl Pair {
    /// The pair as rustls signs with it.
    ///
    /// # Errors
    /// A key that is not the leaf's, or of a kind that the provider does not have, in words of Go's `tls.X509KeyPair`.
    pub(crate) fn certified(&self) -> Result<CertifiedKey, String> {
        use rustls::{Error, InconsistentKeys};
        CertifiedKey::from_der(self.chain.clone(), self.key.clone_key(), provider()).map_err(|error| match error {
            Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                "tls: private key does not match public key".into()
            }
            Error::InvalidCertificate(error) => format!("x509: malformed certificate: {error}"),
            error => format!("tls: failed to parse private key: {error}"),
        })
    }
}
