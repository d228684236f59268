//! `proconsul tls`: a CA and certificates to try with, under Consul's names and with its flags.
use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    net::IpAddr,
    os::unix::fs::OpenOptionsExt,
    path::PathBuf,
};

use anyhow::{Context, Result, bail, ensure};
use clap::{ArgAction, Args, Subcommand};
use proconsul_tls::create::{self, CaRequest, CertRequest, Kind, Pair};
use serde_json::json;

use crate::print;

/// Who may read a certificate: everybody.
const CERTIFICATE_MODE: u32 = 0o644;

/// Who may read a key: its owner.
const KEY_MODE: u32 = 0o600;

/// What Consul says when it makes a server's certificate.
const SERVER_WARNING: &str = "==> WARNING: Server Certificates grants authority to become a
    server and access all state in the cluster including root keys
    and all ACL tokens. Do not distribute them to production hosts
    that are not server nodes. Store them as securely as CA keys.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Certificate authorities.
    #[command(subcommand)]
    Ca(CaCommand),
    /// Certificates.
    #[command(subcommand)]
    Cert(CertCommand),
}

#[derive(Debug, Subcommand)]
pub(crate) enum CaCommand {
    /// Make a CA: DOMAIN-agent-ca.pem and DOMAIN-agent-ca-key.pem in this directory.
    Create(CaArguments),
}

#[derive(Debug, Subcommand)]
pub(crate) enum CertCommand {
    /// Make a certificate: DC-server-DOMAIN-N.pem and its key in this directory, N from 0 on.
    Create(CertArguments),
}

/// What `proconsul tls ca create` takes.
#[derive(Debug, Args)]
pub(crate) struct CaArguments {
    /// How many days it is valid for.
    #[arg(long, value_name = "N", default_value_t = 1825)]
    days: u32,
    /// The cluster's domain: part of the files' names.
    #[arg(long, value_name = "NAME", default_value = "consul")]
    domain: String,
    /// Id of the cluster, for a SPIFFE URI in the CA.
    #[arg(long, value_name = "ID")]
    cluster_id: Option<String>,
    /// Common name. Default: Consul Agent CA and its serial number.
    #[arg(long, value_name = "NAME")]
    common_name: Option<String>,
    /// Let it sign for localhost, the domain and --additional-name-constraint only.
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_value_t = false, default_missing_value = "true", value_name = "BOOL", hide_possible_values = true, hide_default_value = true)]
    name_constraint: bool,
    /// With --name-constraint: another domain that it may sign for; may be given more than once.
    #[arg(long, value_name = "NAME")]
    additional_name_constraint: Vec<String>,
}

/// What `proconsul tls cert create` takes.
#[derive(Debug, Args)]
pub(crate) struct CertArguments {
    /// A server's certificate.
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_value_t = false, default_missing_value = "true", value_name = "BOOL", hide_possible_values = true, hide_default_value = true)]
    server: bool,
    /// A client agent's certificate.
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_value_t = false, default_missing_value = "true", value_name = "BOOL", hide_possible_values = true, hide_default_value = true)]
    client: bool,
    /// A certificate for command-line tools.
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_value_t = false, default_missing_value = "true", value_name = "BOOL", hide_possible_values = true, hide_default_value = true)]
    cli: bool,
    /// The CA's certificate.
    #[arg(long, value_name = "FILE", default_value = "#DOMAIN#-agent-ca.pem")]
    ca: String,
    /// The CA's key.
    #[arg(long, value_name = "FILE", default_value = "#DOMAIN#-agent-ca-key.pem")]
    key: String,
    /// Datacenter.
    #[arg(long, value_name = "NAME", default_value = "dc1")]
    dc: String,
    /// How many days it is valid for.
    #[arg(long, value_name = "N", default_value_t = 365)]
    days: u32,
    /// The cluster's domain.
    #[arg(long, value_name = "NAME", default_value = "consul")]
    domain: String,
    /// With --server: the node, for the further name NODE.server.DC.DOMAIN, which ALPN routes ask for.
    #[arg(long, value_name = "NAME")]
    node: Option<String>,
    /// A further DNS name; may be given more than once. localhost is always there.
    #[arg(long, value_name = "NAME")]
    additional_dnsname: Vec<String>,
    /// A further IP address; may be given more than once. 127.0.0.1 is always there.
    #[arg(long, value_name = "IP")]
    additional_ipaddress: Vec<IpAddr>,
}

pub(crate) fn run(command: Command, json: bool) -> Result<()> {
    match command {
        Command::Ca(CaCommand::Create(arguments)) => ca(arguments, json),
        Command::Cert(CertCommand::Create(arguments)) => cert(arguments, json),
    }
}

fn ca(arguments: CaArguments, json: bool) -> Result<()> {
    fits_a_file(&arguments.domain, "--domain")?;
    let request = CaRequest {
        domain: arguments.domain,
        days: arguments.days,
        common_name: arguments.common_name,
        cluster_id: arguments.cluster_id,
        name_constraint: arguments.name_constraint,
        constraints: arguments.additional_name_constraint,
        ..CaRequest::default()
    };
    let files = request.files();
    for file in [&files.0, &files.1] {
        ensure!(!exists(file)?, "{file} already exists.");
    }
    let pair = create::ca(&request)?;
    if !save(&files, &pair)? {
        bail!("{} or {} already exists.", files.0, files.1);
    }
    told(&[], &files, json);
    Ok(())
}

fn cert(arguments: CertArguments, json: bool) -> Result<()> {
    ensure!(!arguments.ca.is_empty(), "Please provide the ca");
    ensure!(!arguments.key.is_empty(), "Please provide the key");
    let kind = match (arguments.server, arguments.client, arguments.cli) {
        (true, false, false) => Kind::Server { node: arguments.node.clone().filter(|node| !node.is_empty()) },
        (false, true, false) => Kind::Client,
        (false, false, true) => Kind::Cli,
        _ => bail!("Please provide either -server, -client, or -cli"),
    };
    ensure!(arguments.server || arguments.node.is_none(), "-node requires -server");
    fits_a_file(&arguments.domain, "--domain")?;
    fits_a_file(&arguments.dc, "--dc")?;
    let ca_file = arguments.ca.replacen("#DOMAIN#", &arguments.domain, 1);
    let key_file = arguments.key.replacen("#DOMAIN#", &arguments.domain, 1);
    let hint = "make one with `proconsul tls ca create`, or name its files with --ca and --key";
    let ca = fs::read_to_string(&ca_file).with_context(|| format!("Error reading CA {ca_file} ({hint})"))?;
    let key = fs::read_to_string(&key_file).with_context(|| format!("Error reading CA key {key_file} ({hint})"))?;
    let request = CertRequest {
        kind,
        dc: arguments.dc,
        domain: arguments.domain,
        days: arguments.days,
        dns_names: arguments.additional_dnsname,
        addresses: arguments.additional_ipaddress,
        ..CertRequest::default()
    };
    let pair = create::cert(&request, &ca, &key).with_context(|| format!("with the CA {ca_file} and {key_file}"))?;
    let files = save_as_next(&request, &pair)?;
    let mut before = Vec::new();
    if arguments.server {
        before.push(SERVER_WARNING.to_owned());
    }
    before.push(format!("==> Using {ca_file} and {key_file}"));
    told(&before, &files, json);
    Ok(())
}

/// A name that becomes part of a file's name: nothing is written elsewhere by it.
fn fits_a_file(name: &str, flag: &str) -> Result<()> {
    let fits = !name.is_empty() && name != ".." && !name.contains(['/', '\0']) && !name.starts_with('.');
    ensure!(fits, "{flag} {name:?} cannot be a part of a file's name: write a name of DNS");
    Ok(())
}

fn exists(file: &str) -> Result<bool> {
    fs::exists(file).with_context(|| format!("cannot look for {file}"))
}

/// Writes both files under the first number that neither has.
fn save_as_next(request: &CertRequest, pair: &Pair) -> Result<(String, String)> {
    for number in 0..=CertRequest::FILES_MAX {
        let files = request.files(number);
        if !exists(&files.0)? && !exists(&files.1)? && save(&files, pair)? {
            return Ok(files);
        }
    }
    bail!("Could not find a filename that doesn't already exist")
}

/// Writes a certificate and its key, or neither; `false`: one of the files is there already.
fn save(files: &(String, String), pair: &Pair) -> Result<bool> {
    if !write(&files.0, &pair.cert_pem, CERTIFICATE_MODE)? {
        return Ok(false);
    }
    let saved = write(&files.1, &pair.key_pem, KEY_MODE);
    if !matches!(saved, Ok(true)) {
        // It is of no use without its key. If it cannot be removed, that is less than what is told already.
        let _ = fs::remove_file(&files.0);
    }
    saved
}

/// Writes a new file, whole and on the disk; `false`: there is one.
fn write(file: &str, text: &str, mode: u32) -> Result<bool> {
    let path = PathBuf::from(file);
    let mut open = match OpenOptions::new().write(true).create_new(true).mode(mode).open(&path) {
        Ok(open) => open,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(false),
        Err(error) => return Err(error).with_context(|| format!("failed to create {file}")),
    };
    let written = open.write_all(text.as_bytes()).and_then(|()| open.sync_all());
    if written.is_err() {
        let _ = fs::remove_file(&path); // half a file is worse than none
    }
    written.with_context(|| format!("failed to write {file}"))?;
    Ok(true)
}

fn told(before: &[String], files: &(String, String), json: bool) {
    if json {
        return print::value(&json!({"certificate": files.0, "key": files.1}), true);
    }
    before.iter().for_each(|line| print::line(line));
    print::line(&format!("==> Saved {}", files.0));
    print::line(&format!("==> Saved {}", files.1));
}
