//! What a file says of itself.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// `meta.json`: where in the log of which cluster the state was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Meta {
    /// Of the form of these facts: 1.
    pub version: i64,
    /// Term, index and the time in milliseconds, joined by hyphens.
    #[serde(rename = "ID")]
    pub id: String,
    /// Index of the last entry in it.
    pub index: u64,
    /// Term of that entry.
    pub term: u64,
    /// The servers' addresses as an older raft wants them: a list in MessagePack.
    #[serde(with = "raw")]
    pub peers: Vec<u8>,
    /// The servers.
    pub configuration: Configuration,
    /// Index of the entry that made them these.
    pub configuration_index: u64,
    /// Bytes of `state.bin`.
    pub size: i64,
}

/// The servers of a cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Configuration {
    /// Each of them. Nil where nothing is said.
    pub servers: Option<Vec<Server>>,
}

/// One server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Server {
    /// 0: it votes.
    pub suffrage: i64,
    /// Its id.
    #[serde(rename = "ID")]
    pub id: String,
    /// Its server port.
    pub address: String,
}

impl Default for Meta {
    fn default() -> Self {
        Meta {
            version: 1,
            id: String::new(),
            index: 0,
            term: 0,
            peers: Vec::new(),
            configuration: Configuration::default(),
            configuration_index: 0,
            size: 0,
        }
    }
}

/// Bytes in base64; nil for none.
mod raw {
    use super::*;

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        BASE64_STANDARD.encode(bytes).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        let text = Option::<String>::deserialize(from)?.unwrap_or_default();
        BASE64_STANDARD.decode(text).map_err(serde::de::Error::custom)
    }
}
