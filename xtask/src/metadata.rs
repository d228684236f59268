//! What cargo knows of the workspace.
use std::{path::PathBuf, process::Command};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::interop::servers::{cargo, workspace_root};

/// `cargo metadata`, as far as it matters here.
#[derive(Debug)]
pub(crate) struct Metadata {
    /// Every package in the lock file that some target needs, ours among them.
    pub(crate) packages: Vec<Package>,
}

/// A package of the workspace or one it depends on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    /// The SPDX expression, if it has one.
    pub(crate) license: Option<String>,
    /// Where it comes from; nothing for a package of the workspace.
    pub(crate) source: Option<String>,
    /// Whether it is a member of the workspace.
    pub(crate) member: bool,
    /// The folder of its manifest.
    pub(crate) dir: PathBuf,
    /// The names of the packages it depends on when it is built, not only when it is tested.
    pub(crate) depends_on: Vec<String>,
}

impl Metadata {
    /// Asks cargo. `deep` includes the packages that are not ours.
    pub(crate) fn load(deep: bool) -> Result<Self> {
        let mut command = Command::new(cargo());
        command.args(["metadata", "--format-version", "1", "--locked"]).current_dir(workspace_root());
        if !deep {
            command.arg("--no-deps");
        }
        let out = command.output().context("running cargo metadata")?;
        ensure!(out.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&out.stderr).trim());
        Self::parse(&serde_json::from_slice(&out.stdout).context("reading cargo metadata")?)
    }

    fn parse(json: &Value) -> Result<Self> {
        let members: Vec<&Value> = json["workspace_members"].as_array().context("workspace_members")?.iter().collect();
        let packages = json["packages"].as_array().context("packages")?;
        let packages = packages
            .iter()
            .map(|package| read_package(package, members.contains(&&package["id"])))
            .collect::<Result<_>>()?;
        Ok(Self { packages })
    }

    /// The packages of the workspace.
    pub(crate) fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| package.member)
    }
}

fn read_package(json: &Value, member: bool) -> Result<Package> {
    let text = |field: &str| json[field].as_str().map(str::to_owned);
    let manifest = PathBuf::from(text("manifest_path").context("manifest_path")?);
    let depends_on = json["dependencies"].as_array().context("dependencies")?.iter();
    Ok(Package {
        name: text("name").context("name")?,
        version: text("version").context("version")?,
        license: text("license"),
        source: text("source"),
        member,
        dir: manifest.parent().context("a manifest is in a folder")?.to_owned(),
        depends_on: depends_on
            .filter(|dependency| dependency["kind"].as_str() != Some("dev"))
            .filter_map(|dependency| dependency["name"].as_str().map(str::to_owned))
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_only_tests_need_is_no_dependency() {
        let metadata = Metadata::parse(&json!({
            "workspace_members": ["path+a"],
            "packages": [
                {"id": "path+a", "name": "a", "version": "1.0.0", "license": "MIT", "source": null, "manifest_path": "x/a/Cargo.toml",
                 "dependencies": [{"name": "b", "kind": null}, {"name": "c", "kind": "dev"}, {"name": "d", "kind": "build"}]},
                {"id": "registry+b", "name": "b", "version": "2.0.0", "license": null, "source": "registry+r",
                 "manifest_path": "y/b/Cargo.toml", "dependencies": []},
            ],
        }))
        .expect("what cargo prints");
        let [a, b] = metadata.packages.as_slice() else { panic!("{metadata:?}") };
        assert_eq!((a.member, b.member), (true, false));
        assert_eq!(a.depends_on, ["b", "d"]);
        assert_eq!(metadata.members().count(), 1);
    }
}
