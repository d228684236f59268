//! Every protobuf message by its name, and structures made of those that have one.
use std::{fmt::Debug, sync::LazyLock};

use proconsul_convert::Mirror;
use proconsul_proto::{pbconfigentry, pbpeering, pbservice, pbstorage, pbsubscribe};
use proconsul_proto_public::pbresource;
use proconsul_structs::{config_entry::ConfigEntry, health::CheckServiceNode};
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage};

/// Every message there is, private and public. Empty if the descriptors cannot be read, which tests of their own would tell.
static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
    let mut pool = DescriptorPool::new();
    let read = [proconsul_proto_public::FDS, proconsul_proto::FDS].map(|set| pool.decode_file_descriptor_set(set));
    assert!(read.iter().all(Result::is_ok), "{read:?}");
    pool
});

/// Input: a message's full name, a line feed, then bytes of such a message.
///
/// What was read can be written, and reads as the same again: by its description, and by the generated types of those that
/// peers send us. A structure that can be made of it makes a message that makes the same structure.
pub fn messages(data: &[u8]) {
    let Some(at) = data.iter().position(|byte| *byte == b'\n') else { return };
    let (name, body) = (&data[..at], &data[at + 1..]);
    let Ok(name) = std::str::from_utf8(name) else { return };
    let Some(kind) = POOL.get_message_by_name(name) else { return };
    if let Ok(message) = DynamicMessage::decode(kind.clone(), body) {
        // What came explicitly as the default is not written: from then on it is the same.
        let reread = |message: &DynamicMessage| {
            let again = DynamicMessage::decode(kind.clone(), message.encode_to_vec().as_slice());
            again.unwrap_or_else(|error| panic!("{name}: what was written is not read: {error}"))
        };
        let written = reread(&message);
        same(name, &written, &reread(&written));
    }
    match name {
        "hashicorp.consul.internal.configentry.ConfigEntry" => {
            mirrored::<pbconfigentry::ConfigEntry, ConfigEntry>(name, body);
        }
        "hashicorp.consul.internal.service.CheckServiceNode" => {
            mirrored::<pbservice::CheckServiceNode, CheckServiceNode>(name, body);
        }
        "hashicorp.consul.internal.peering.PeeringWriteRequest" => {
            typed::<pbpeering::PeeringWriteRequest>(name, body);
        }
        "hashicorp.consul.internal.peering.SecretsWriteRequest" => {
            typed::<pbpeering::SecretsWriteRequest>(name, body);
        }
        "hashicorp.consul.internal.storage.raft.Log" => {
            typed::<pbstorage::Log>(name, body);
        }
        "hashicorp.consul.resource.Resource" => {
            typed::<pbresource::Resource>(name, body);
        }
        "subscribe.Event" => {
            typed::<pbsubscribe::Event>(name, body);
        }
        _ => {}
    }
}

/// Reads a message as its generated type, writes it, and reads it again.
fn typed<P: Message + Default + PartialEq + Debug>(name: &str, body: &[u8]) -> Option<P> {
    let message = P::decode(body).ok()?;
    same(name, &message, &P::decode(message.encode_to_vec().as_slice()).expect("what was written is read"));
    Some(message)
}

fn mirrored<P, T>(name: &str, body: &[u8])
where
    P: Message + Default + PartialEq + Debug,
    T: Mirror<P> + PartialEq + Debug,
{
    let Some(structure) = typed::<P>(name, body).and_then(|message| T::from_proto(message).ok()) else { return };
    let Ok(message) = structure.to_proto() else { return };
    let again = T::from_proto(message).expect("what a structure became is one");
    same(name, &structure, &again);
}

/// They are the same, but for NaN, which nothing is the same as.
fn same<T: PartialEq + Debug>(name: &str, left: &T, right: &T) {
    assert!(left == right || format!("{left:?}").contains("NaN"), "{name} changes");
}
