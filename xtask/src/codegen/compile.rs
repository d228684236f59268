//! From `.proto` files to descriptors and Rust.
use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, Result};
use prost_reflect::{DescriptorPool, DynamicMessage, FileDescriptor, Value, prost::Message};
use protox::Compiler;
use tonic_prost_build::FileDescriptorSet;

use super::{Crate, secrets};
use crate::interop::servers::workspace_root;

/// What became of a crate's files.
pub(super) struct Compiled {
    /// An encoded descriptor set of these files, those of the crates before and all that they import, with the comments on
    /// what is ours.
    pub(super) descriptors: Vec<u8>,
    /// The same, to look things up in.
    pub(super) pool: DescriptorPool,
    /// Names of the crate's own files, as imports name them.
    pub(super) own: Vec<String>,
    /// Rust source, a file per package, and `modules.rs` with the modules that they are.
    pub(super) rust: BTreeMap<String, String>,
}

impl Compiled {
    /// The crate's own files.
    pub(super) fn own_files(&self) -> impl Iterator<Item = FileDescriptor> {
        self.pool.files().filter(|file| self.own.iter().any(|own| own == file.name()))
    }
}

/// Compiles a crate's files. `before`: the crates that it may use.
pub(super) fn compile(crate_: &Crate, before: &[Crate]) -> Result<Compiled> {
    let own = proto_files(crate_)?;
    let mut compiler = Compiler::new([crate_].into_iter().chain(before).map(|c| workspace_root().join(c.dir)))?;
    compiler.include_imports(true).include_source_info(true).open_files(&own)?;
    for crate_ in before {
        // Whole, so that who reads descriptors needs one set.
        compiler.open_files(proto_files(crate_)?)?;
    }
    // Only this form keeps the options that are extensions, such as the rate limit's.
    let descriptors = with_our_comments_alone(&compiler.encode_file_descriptor_set())?;
    let pool = DescriptorPool::decode(descriptors.as_slice())?;
    let mut compiled = Compiled { descriptors, pool, own, rust: BTreeMap::new() };
    compiled.rust = rust(&compiled, before, compiler.file_descriptor_set())?;
    Ok(compiled)
}

/// A crate's descriptors and those of its imports, with nothing but what reaches the wire.
pub(super) fn descriptors_alone(crate_: &Crate) -> Result<Vec<u8>> {
    let mut compiler = Compiler::new([workspace_root().join(crate_.dir)])?;
    compiler.include_imports(true).open_files(proto_files(crate_)?)?;
    Ok(compiler.encode_file_descriptor_set())
}

/// Every `.proto` file of a crate, relative to its folder, sorted.
fn proto_files(crate_: &Crate) -> Result<Vec<String>> {
    let root = workspace_root().join(crate_.dir);
    let (mut files, mut dirs) = (Vec::new(), vec![root.clone()]);
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(&dir).with_context(|| dir.display().to_string())? {
            let path = entry?.path();
            if path.is_dir() {
                dirs.push(path);
            } else if path.extension().is_some_and(|extension| extension == "proto") {
                files.push(with_slashes(path.strip_prefix(&root)?));
            }
        }
    }
    files.sort();
    Ok(files)
}

fn with_slashes(path: &Path) -> String {
    path.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// A descriptor set without what nobody reads: where in a file something stands, and comments on what is not ours.
fn with_our_comments_alone(set: &[u8]) -> Result<Vec<u8>> {
    let of_sets = DescriptorPool::global()
        .get_message_by_name("google.protobuf.FileDescriptorSet")
        .context("descriptors describe themselves")?;
    let mut set = DynamicMessage::decode(of_sets, set)?;
    let files = set.get_field_by_name_mut("file").and_then(Value::as_list_mut).context("a set has files")?;
    for file in files.iter_mut().filter_map(Value::as_message_mut) {
        let ours =
            file.get_field_by_name("name").is_some_and(|n| n.as_str().is_some_and(|n| !n.starts_with("google/")));
        if !ours {
            file.clear_field_by_name("source_code_info");
            continue;
        }
        let Some(info) = file.get_field_by_name_mut("source_code_info").and_then(Value::as_message_mut) else {
            continue;
        };
        let Some(places) = info.get_field_by_name_mut("location").and_then(Value::as_list_mut) else { continue };
        places.retain(|place| place.as_message().is_some_and(|place| place.has_field_by_name("leading_comments")));
        for place in places.iter_mut().filter_map(Value::as_message_mut) {
            place.clear_field_by_name("leading_detached_comments");
            place.clear_field_by_name("trailing_comments");
        }
    }
    Ok(set.encode_to_vec())
}

/// Messages, clients and servers.
fn rust(compiled: &Compiled, before: &[Crate], mut set: FileDescriptorSet) -> Result<BTreeMap<String, String>> {
    // Messages of other crates are extern paths, and must be there to be looked at; their services would be generated again.
    for file in set.file.iter_mut().filter(|file| !compiled.own.iter().any(|own| own == file.name())) {
        file.service.clear();
    }
    let dir = tempfile::tempdir()?;
    let mut builder = tonic_prost_build::configure()
        .out_dir(dir.path())
        .include_file("modules.rs")
        .build_transport(false)
        .bytes(".")
        .btree_map(".") // encoding is then the same each time
        .client_mod_attribute(".", "#[cfg(feature = \"client\")]")
        .server_mod_attribute(".", "#[cfg(feature = \"server\")]")
        .skip_debug(secrets::messages(compiled));
    for crate_ in before {
        for (package, module) in crate_.modules {
            builder = builder.extern_path(format!(".{package}"), format!("::{}::{module}", crate_.name));
        }
    }
    builder.compile_fds(set)?;
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(dir.path())? {
        let entry = entry?;
        files.insert(entry.file_name().to_string_lossy().into_owned(), fs::read_to_string(entry.path())?);
    }
    Ok(files)
}
