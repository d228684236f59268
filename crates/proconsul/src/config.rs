//! Configuration files: HCL 2 and JSON with Consul's key names.
//!
//! One table of keys ([`keys`]) is the truth: loading, errors, warnings and `docs/configuration.md` come from it. A key that means
//! something sets it; a key of Consul's that has no meaning here is a warning; a key of nobody's is an error with the nearest name.
//! Not here: flags, which their caller applies on top.
mod admin; // where the server shows who is on its port
mod check; // a file's content against the table
mod dns; // what the keys of dns_config do
mod duration; // durations as Go writes them
mod error; // what can be wrong, what should be known
mod from_hcl; // HCL 2 to a tree
mod from_json; // JSON to a tree
mod hcl1; // what to write where a file is HCL 1
mod keys; // the table
mod nearest; // the known key nearest to a misspelt one
mod settings; // what the keys in effect do
mod tls; // the tls stanza
mod tree; // what a file says

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use proconsul_server::Config;
use proconsul_tls::{Expiry, Policy, Settings as TlsSettings, Tls};

pub(crate) use {
    admin::{ADMIN_PORT_DEFAULT, ADMIN_SOCKET, Admin, AdminPort, admin_port},
    duration::parse as parse_duration,
    error::{ConfigError, PlacedProblem, Warning},
    nearest::distance,
    settings::grpc_port_flag,
};

use settings::Settings;

/// The longest file that is read.
pub(crate) const FILE_BYTES_MAX: u64 = 1 << 20;

/// A configuration, read.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// What the server runs with.
    pub(crate) server: Config,
    /// `log_level`, as tracing names it: trace, debug, info, warn or error.
    pub(crate) log_level: String,
    /// Where it shows who is on its port. Not in `server` yet, as flags may say otherwise.
    pub(crate) admin: Admin,
    /// What the operator should know, in the order of the files.
    pub(crate) warnings: Vec<Warning>,
    /// Where the `tls` stanza's keys stand.
    tls: tls::Stanza,
}

/// Reads configuration files. What a later file sets wins; what none sets stays as it is in `base`.
///
/// # Errors
/// A file that cannot be read, has another ending than `.hcl` or `.json`, is neither, or has a key or value that cannot be; keys
/// that do not go together. All that is wrong is told at once.
pub(crate) fn load(files: &[PathBuf], base: Config) -> Result<Loaded, ConfigError> {
    let (loaded, mut errors) = examine(files, base);
    match errors.len() {
        0 => Ok(loaded),
        1 => Err(errors.remove(0)),
        _ => Err(ConfigError::Several { errors }),
    }
}

/// As [`load`], but goes on where something is wrong: what there is of a configuration, and all errors.
pub(crate) fn examine(files: &[PathBuf], base: Config) -> (Loaded, Vec<ConfigError>) {
    let mut settings = Settings::new(base);
    let mut warnings = Vec::new();
    let mut errors = Vec::new();
    for file in files {
        match examine_file(file, &mut settings, &mut warnings) {
            Ok(()) => {}
            Err(error) => errors.push(error),
        }
        settings.tls.take(&mut settings.reading);
    }
    let mut problems = Vec::new();
    settings.server.tls = settings.tls.build(&mut problems);
    if !problems.is_empty() {
        errors.push(ConfigError::Together { problems });
    }
    let Settings { mut server, log_level, admin, tls, grpc_addr, grpc_tls_addr, .. } = settings;
    server.grpc_addr = grpc_addr.unwrap_or(server.grpc_addr);
    server.grpc_tls_addr = grpc_tls_addr.unwrap_or(server.grpc_tls_addr);
    (Loaded { server, log_level, admin, warnings, tls }, errors)
}

impl Loaded {
    /// Reads the certificates that the `tls` stanza names, as the server does at its start: until when they are good.
    ///
    /// # Errors
    /// What the server would not start with, the first thing of each listener, with the line of the key.
    pub(crate) fn check_certificates(&self) -> Result<Vec<Expiry>, ConfigError> {
        let all = TlsSettings {
            datacenter: self.server.datacenter.clone(),
            node_name: self.server.node_name.clone(),
            domain: self.server.domain.clone(),
            ..self.server.tls.clone()
        };
        // One after the other: what is wrong with both is told of both, and once where it is a default.
        let rpc = TlsSettings { grpc: Policy::default(), ..all.clone() };
        let grpc = TlsSettings { internal_rpc: Policy::default(), ..all.clone() };
        let mut problems: Vec<PlacedProblem> = Vec::new();
        for error in [rpc, grpc].into_iter().filter_map(|alone| Tls::load(alone).err()) {
            let problem = self.tls.problem(&error, &all);
            if !problems.contains(&problem) {
                problems.push(problem);
            }
        }
        match Tls::load(all) {
            Ok(tls) if problems.is_empty() => Ok(tls.expires()),
            _ => Err(ConfigError::Together { problems }),
        }
    }
}

fn examine_file(file: &Path, settings: &mut Settings, warnings: &mut Vec<Warning>) -> Result<(), ConfigError> {
    let format = format_of(file).ok_or_else(|| ConfigError::Extension { file: file.to_owned() })?;
    apply(file, format, &read(file)?, settings, warnings)
}

/// The configuration files of a directory, in the order of their names. Other files and directories are passed over, as Consul does.
///
/// # Errors
/// The directory cannot be read.
pub(crate) fn files_in(directory: &Path) -> Result<Vec<PathBuf>, ConfigError> {
    let failed = |cause| ConfigError::Read { file: directory.to_owned(), cause };
    let mut files = Vec::new();
    for entry in directory.read_dir().map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        // Follows links, so that files mounted as links to a versioned directory are found.
        if format_of(&path).is_some() && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Hcl,
    Json,
}

fn format_of(file: &Path) -> Option<Format> {
    let name = file.as_os_str().as_encoded_bytes();
    if name.ends_with(b".hcl") { Some(Format::Hcl) } else { name.ends_with(b".json").then_some(Format::Json) }
}

fn read(file: &Path) -> Result<String, ConfigError> {
    let failed = |cause| ConfigError::Read { file: file.to_owned(), cause };
    let mut bytes = Vec::new();
    File::open(file).map_err(failed)?.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(ConfigError::TooLong { file: file.to_owned() });
    }
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let line = 1 + error.as_bytes()[..good].iter().filter(|&&byte| byte == b'\n').count();
        ConfigError::NotText { file: file.to_owned(), line }
    })
}

fn apply(
    file: &Path,
    format: Format,
    text: &str,
    settings: &mut Settings,
    warnings: &mut Vec<Warning>,
) -> Result<(), ConfigError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text); // a byte order mark, which some editors write
    if text.trim().is_empty() {
        return Ok(()); // nothing is said, in either language
    }
    let parsed = match format {
        Format::Hcl => from_hcl::parse(text),
        Format::Json => from_json::parse(text),
    };
    let root = parsed.map_err(|syntax| ConfigError::Syntax { file: file.to_owned(), syntax })?;
    let mut checker = check::Checker { file, settings, problems: Vec::new(), warnings: Vec::new() };
    checker.object(&keys::TOP, "", "", &root);
    warnings.append(&mut checker.warnings);
    if !checker.problems.is_empty() {
        return Err(ConfigError::Invalid { file: file.to_owned(), problems: checker.problems });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
