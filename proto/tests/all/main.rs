//! Tests of both protobuf crates, in one program.
mod call; // clients and servers
mod encodings; // recorded messages
mod facts; // descriptors and rows
mod secrets; // what must not be printed

use std::{fs, path::Path, sync::LazyLock};

use prost_reflect::DescriptorPool;

/// Our descriptors, the public ones among them.
static POOL: LazyLock<DescriptorPool> =
    LazyLock::new(|| DescriptorPool::decode(proconsul_proto::FDS).expect("codegen wrote it"));

/// A file of recorded facts.
fn recorded(name: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/wire").join(name);
    fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}
