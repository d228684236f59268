//! `cargo xtask tidy`: rules about the whole that no compiler checks. Each says what is wrong and what to do about it.
mod code_map; // ARCHITECTURE.md names what there is
mod files; // the files of the checkout
mod layers; // who may use whom
mod paths; // no machine's own paths
mod products; // crates that stand alone: a README, a core without tokio
mod ratchets; // numbers that may only fall
mod source; // Rust source as tokens

use anyhow::{Result, bail, ensure};

use crate::metadata::Metadata;

/// What `cargo xtask tidy --help` prints.
const USAGE: &str = "\
cargo xtask tidy [--bless]

  --bless   write the numbers in xtask/ratchets.txt down where there is less to forgive now. To raise one, edit the file
            and say why in the commit.";

/// What a rule found, one line each; none if all is well.
type Complaints = Vec<String>;

/// A rule: its name, and what finds out whether it is kept.
struct Rule {
    name: &'static str,
    check: fn(&Checkout) -> Result<Complaints>,
}

const RULES: &[Rule] = &[
    Rule { name: "layers", check: layers::check },
    Rule { name: "code map", check: code_map::check },
    Rule { name: "cores without tokio", check: products::check_cores },
    Rule { name: "cores without clocks", check: products::check_clocks },
    Rule { name: "READMEs", check: products::check_readmes },
    Rule { name: "ratchets", check: ratchets::check },
    Rule { name: "unfinished work", check: ratchets::check_unfinished },
    Rule { name: "paths", check: paths::check },
];

/// What the rules look at.
struct Checkout {
    metadata: Metadata,
    /// Every file, relative to the workspace's folder, with slashes.
    files: Vec<String>,
}

impl Checkout {
    fn load() -> Result<Self> {
        Ok(Self { metadata: Metadata::load(false)?, files: files::list()? })
    }
}

/// Runs the command with the arguments that follow `cargo xtask tidy`.
///
/// # Errors
/// What is not tidy.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let bless = match args.first().map(String::as_str) {
        None => false,
        Some("--bless") => true,
        Some("-h" | "--help") => {
            println!("{USAGE}");
            return Ok(());
        }
        Some(other) => bail!("{other}: no such argument\n\n{USAGE}"),
    };
    let checkout = Checkout::load()?;
    if bless {
        ratchets::bless(&checkout)?;
    }
    let mut complaints = Vec::new();
    for rule in RULES {
        let found = (rule.check)(&checkout)?;
        println!(
            "{}: {}",
            rule.name,
            if found.is_empty() { "ok".to_owned() } else { format!("{} complaints", found.len()) }
        );
        complaints.extend(found.iter().map(|complaint| format!("  {}: {complaint}", rule.name)));
    }
    ensure!(complaints.is_empty(), "not tidy:\n{}", complaints.join("\n"));
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_workspace_is_tidy() -> anyhow::Result<()> {
        super::run(&[])
    }
}
