//! Protobuf messages as JSON, by the descriptors that the messages' crates ship.
use std::sync::OnceLock;

use proconsul_structs::json::Protobuf;
use prost_reflect::{DescriptorPool, DynamicMessage, SerializeOptions};
use serde_json::Value;

/// All messages that are known.
#[derive(Debug)]
pub(crate) struct Messages;

/// Both crates' messages. Descriptors that are ours and are tested are read; if ever they were not, nothing would be known.
pub(crate) fn pool() -> &'static DescriptorPool {
    static POOL: OnceLock<DescriptorPool> = OnceLock::new();
    POOL.get_or_init(|| {
        let mut pool = DescriptorPool::global();
        for set in [proconsul_proto_public::FDS, proconsul_proto::FDS] {
            // What is in both is the same in both.
            let _ = pool.decode_file_descriptor_set(set);
        }
        pool
    })
}

/// A message as JSON.
///
/// # Errors
/// It holds what has no form in JSON: a message inside `Any` that is not known, for one.
pub(crate) fn json(message: &DynamicMessage) -> Result<Value, serde_json::Error> {
    let options = SerializeOptions::new().stringify_64_bit_integers(false);
    let mut json = message.serialize_with_options(serde_json::value::Serializer, &options)?;
    // Maps come in no order; structures elsewhere are sorted, too.
    json.sort_all_objects();
    Ok(json)
}

impl Protobuf for Messages {
    fn to_json(&self, message: &str, bytes: &[u8]) -> Option<Value> {
        let descriptor = pool().get_message_by_name(message)?;
        json(&DynamicMessage::decode(descriptor, bytes).ok()?).ok()
    }

    fn to_bytes(&self, message: &str, json: &Value) -> Option<Result<Vec<u8>, String>> {
        let descriptor = pool().get_message_by_name(message)?;
        let message = DynamicMessage::deserialize(descriptor, json).map_err(|error| error.to_string());
        Some(message.map(|message| prost_reflect::prost::Message::encode_to_vec(&message)))
    }
}
