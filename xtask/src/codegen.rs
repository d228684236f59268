//! `cargo xtask codegen`: Rust from the `.proto` files, with no compiler but what cargo builds. Start at [`CRATES`].
//!
//! What it writes is committed, so that who builds the crates needs none of this; the tests run `--check`.
mod breaking; // what a change may not do to the public messages
mod compile; // from .proto files to descriptors and Rust
mod methods; // rows and types of the gRPC methods
mod secrets; // `Debug` for messages with secrets

use std::{collections::BTreeMap, fs, path::PathBuf};

use anyhow::{Context, Result, bail, ensure};

use crate::interop::servers::workspace_root;

/// What `cargo xtask codegen --help` prints.
const USAGE: &str = "\
cargo xtask codegen [--check | --baseline]

Writes src/generated in proto and proto-public from the .proto files there.

  --check      write nothing; say what is not as it would be written, and what change of proto-public would break its users
  --baseline   take proto-public as it is now for what its users have: after a release, or when a break is meant";

/// Where what is written goes, below a crate's folder.
const OUT: &str = "src/generated";
/// The descriptors that the users of `proto-public` have.
const BASELINE: &str = "proto-public/baseline.bin";

/// A crate that is made of `.proto` files.
struct Crate {
    /// Its folder, which is also where its imports are relative to.
    dir: &'static str,
    /// How other crates name it.
    name: &'static str,
    /// Its packages, and the module of the crate that each is.
    modules: &'static [(&'static str, &'static str)],
}

/// Both crates; one may use those before it.
const CRATES: &[Crate] = &[
    Crate {
        dir: "proto-public",
        name: "proconsul_proto_public",
        modules: &[
            ("hashicorp.consul.internal.ratelimit", "ratelimit"),
            ("hashicorp.consul.acl", "pbacl"),
            ("hashicorp.consul.connectca", "pbconnectca"),
            ("hashicorp.consul.dataplane", "pbdataplane"),
            ("hashicorp.consul.dns", "pbdns"),
            ("hashicorp.consul.multicluster.v2", "pbmulticluster::v2"),
            ("hashicorp.consul.resource", "pbresource"),
            ("hashicorp.consul.serverdiscovery", "pbserverdiscovery"),
        ],
    },
    Crate {
        dir: "proto",
        name: "proconsul_proto",
        modules: &[
            ("hashicorp.consul.internal.acl", "pbacl"),
            ("hashicorp.consul.internal.autoconf", "pbautoconf"),
            ("hashicorp.consul.internal.common", "pbcommon"),
            ("hashicorp.consul.internal.config", "pbconfig"),
            ("hashicorp.consul.internal.configentry", "pbconfigentry"),
            ("hashicorp.consul.internal.connect", "pbconnect"),
            ("hashicorp.consul.internal.demo.v1", "pbdemo::v1"),
            ("hashicorp.consul.internal.demo.v2", "pbdemo::v2"),
            ("hashicorp.consul.internal.operator", "pboperator"),
            ("hashicorp.consul.internal.peering", "pbpeering"),
            ("hashicorp.consul.internal.peerstream", "pbpeerstream"),
            ("hashicorp.consul.internal.service", "pbservice"),
            ("hashicorp.consul.internal.status", "pbstatus"),
            ("hashicorp.consul.internal.storage.raft", "pbstorage"),
            ("subscribe", "pbsubscribe"),
        ],
    },
];

/// Files by their path from the workspace's folder.
type Files = BTreeMap<PathBuf, Vec<u8>>;

/// Runs the command with the arguments that follow `cargo xtask codegen`.
///
/// # Errors
/// What is wrong with the `.proto` files; with `--check`, what is not as it should be.
pub(crate) fn run(args: &[String]) -> Result<()> {
    match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => write(&make()?),
        ["--check"] => check(&make()?),
        ["--baseline"] => {
            fs::write(workspace_root().join(BASELINE), public_descriptors()?).context(BASELINE)?;
            println!("{BASELINE} is what proto-public is now");
            Ok(())
        }
        ["-h" | "--help"] => {
            println!("{USAGE}");
            Ok(())
        }
        other => bail!("{}: no such argument\n\n{USAGE}", other.join(" ")),
    }
}

/// All that is generated.
fn make() -> Result<Files> {
    let mut files = Files::new();
    for (at, crate_) in CRATES.iter().enumerate() {
        let compiled = compile::compile(crate_, &CRATES[..at])?;
        let out = PathBuf::from(crate_.dir).join(OUT);
        files.insert(out.join("methods.rs"), methods::rust(crate_, &compiled)?.into_bytes());
        files.insert(out.join("secrets.rs"), secrets::rust(&compiled)?.into_bytes());
        files.extend(compiled.rust.into_iter().map(|(name, text)| (out.join(name), text.into_bytes())));
        files.insert(out.join("descriptor.bin"), compiled.descriptors);
    }
    Ok(files)
}

fn write(files: &Files) -> Result<()> {
    let root = workspace_root();
    for path in left_over(files)? {
        fs::remove_file(root.join(&path)).with_context(|| path.display().to_string())?;
        println!("{}: removed", path.display());
    }
    for (path, bytes) in files {
        if fs::read(root.join(path)).ok().as_ref() != Some(bytes) {
            fs::create_dir_all(root.join(path).parent().context("a file is in a folder")?)?;
            fs::write(root.join(path), bytes).with_context(|| path.display().to_string())?;
            println!("{}: written", path.display());
        }
    }
    Ok(())
}

fn check(files: &Files) -> Result<()> {
    let root = workspace_root();
    let differ = files.iter().filter(|(path, bytes)| fs::read(root.join(path)).ok().as_ref() != Some(bytes));
    let mut complaints: Vec<String> =
        differ.map(|(path, _)| format!("{} is not what `cargo xtask codegen` writes", path.display())).collect();
    complaints.extend(
        left_over(files)?.iter().map(|path| format!("{} is left over: run `cargo xtask codegen`", path.display())),
    );
    let baseline = fs::read(root.join(BASELINE)).context(BASELINE)?;
    complaints.extend(breaking::compare(&baseline, &public_descriptors()?)?);
    ensure!(complaints.is_empty(), "{}", complaints.join("\n"));
    println!("{} files are as generated, and nothing breaks who uses proto-public", files.len());
    Ok(())
}

/// What is in the folders of generated files and is not generated.
fn left_over(files: &Files) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for crate_ in CRATES {
        let out = PathBuf::from(crate_.dir).join(OUT);
        let Ok(entries) = fs::read_dir(workspace_root().join(&out)) else { continue };
        for entry in entries {
            let path = out.join(entry?.file_name());
            if !files.contains_key(&path) {
                found.push(path);
            }
        }
    }
    Ok(found)
}

/// The descriptors of `proto-public`, without its comments.
fn public_descriptors() -> Result<Vec<u8>> {
    compile::descriptors_alone(&CRATES[0])
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_is_committed_is_what_is_generated_and_breaks_nobody() -> anyhow::Result<()> {
        super::run(&["--check".to_owned()])
    }
}
