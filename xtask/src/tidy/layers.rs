//! Who may use whom: a crate uses crates of lower layers only.
use anyhow::Result;

use super::{Checkout, Complaints};
use crate::metadata::Package;

/// Every crate of the workspace with its layer. `None`: it serves tests and tools, may use every crate, and none uses it.
pub(super) const LAYERS: &[(&str, Option<u8>)] = &[
    ("proconsul", Some(7)),
    ("proconsul-server", Some(6)),
    ("proconsul-grpc", Some(5)),
    ("proconsul-admin", Some(5)),
    ("proconsul-client", Some(5)),
    ("proconsul-services", Some(4)),
    ("proconsul-decode", Some(4)),
    ("proconsul-mux", Some(3)),
    ("proconsul-netrpc", Some(3)),
    ("proconsul-layers", Some(3)),
    ("proconsul-yamux", Some(2)),
    ("proconsul-tls", Some(2)),
    ("proconsul-snapshot", Some(2)),
    ("proconsul-state", Some(2)),
    ("proconsul-bexpr", Some(2)),
    ("proconsul-methods", Some(2)),
    ("proconsul-convert", Some(2)),
    ("proconsul-dns", Some(2)),
    ("proconsul-structs", Some(1)),
    ("proconsul-proto", Some(1)),
    ("proconsul-proto-public", Some(1)),
    ("proconsul-msgpack", Some(0)),
    ("proconsul-msgpack-derive", Some(0)),
    ("proconsul-types", Some(0)),
    ("proconsul-testkit", None),
    ("proconsul-tests", None),
    ("xtask", None),
];

/// A crate and a part of it that cargo wants to be a crate of its own.
const PARTS: &[(&str, &str)] =
    &[("proconsul-msgpack", "proconsul-msgpack-derive"), ("proconsul-proto", "proconsul-proto-public")];

pub(super) fn check(checkout: &Checkout) -> Result<Complaints> {
    let members: Vec<&Package> = checkout.metadata.members().collect();
    let mut complaints: Complaints = members.iter().flat_map(|package| complain(package)).collect();
    for (name, _) in LAYERS {
        if !members.iter().any(|package| package.name == *name) {
            complaints.push(format!("{name} has a layer in xtask/src/tidy/layers.rs and is no crate of the workspace"));
        }
    }
    Ok(complaints)
}

fn complain(package: &Package) -> Complaints {
    let Some(layer) = layer_of(&package.name) else {
        return vec![format!("{} has no layer: add it to LAYERS in xtask/src/tidy/layers.rs", package.name)];
    };
    let ours = package.depends_on.iter().filter_map(|name| Some((name, layer_of(name)?)));
    ours.filter(|(name, other)| match (layer, other) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(mine), Some(theirs)) => theirs >= &mine && !PARTS.contains(&(package.name.as_str(), name)),
    })
    .map(|(name, other)| {
        let (mine, theirs) = (written(layer), written(other));
        format!("{} (layer {mine}) may not use {name} (layer {theirs}): dependencies point down", package.name)
    })
    .collect()
}

/// The layer of a crate of ours, itself `None` for one without; `None` for a crate that is not ours.
fn layer_of(name: &str) -> Option<Option<u8>> {
    LAYERS.iter().find(|(crate_, _)| *crate_ == name).map(|(_, layer)| *layer)
}

/// A layer as people write it.
pub(super) fn written(layer: Option<u8>) -> String {
    layer.map_or_else(|| "–".to_owned(), |layer| layer.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(name: &str, uses: &[&str]) -> usize {
        let depends_on = uses.iter().map(|name| (*name).to_owned()).collect();
        complain(&Package { name: name.to_owned(), depends_on, ..Package::default() }).len()
    }

    #[test]
    fn dependencies_point_down() {
        assert_eq!(complaints("proconsul-mux", &["proconsul-types", "serde", "tokio"]), 0);
        assert_eq!(complaints("proconsul-mux", &["proconsul-netrpc"]), 1, "the same layer");
        assert_eq!(complaints("proconsul-yamux", &["proconsul-mux", "proconsul-server"]), 2, "upwards");
        assert_eq!(complaints("proconsul-server", &["proconsul-testkit"]), 1, "a crate for tests");
        assert_eq!(complaints("proconsul-tests", &["proconsul", "proconsul-testkit"]), 0);
        assert_eq!(complaints("proconsul-msgpack", &["proconsul-msgpack-derive"]), 0, "a part of it");
        assert_eq!(complaints("proconsul-msgpack-derive", &["proconsul-msgpack"]), 1);
        assert_eq!(complaints("proconsul-proto", &["proconsul-proto-public"]), 0, "a part of it, in that way only");
        assert_eq!(complaints("proconsul-proto-public", &["proconsul-proto"]), 1);
        assert_eq!(complaints("proconsul-new", &[]), 1, "no layer");
    }
}
