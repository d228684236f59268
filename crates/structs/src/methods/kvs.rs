//! The key/value store.

use super::methods;
use crate::kvs::{IndexedDirEntries, IndexedKeyList, KeyListRequest, KeyRequest, KvsRequest};

methods! { "KVS" {
    /// Changes one key, or all below a prefix. The reply tells whether a conditional change took place.
    Apply(KvsRequest) -> bool;
    /// Reads one key.
    Get(KeyRequest) -> IndexedDirEntries;
    /// Reads all keys that begin with a prefix.
    List(KeyRequest) -> IndexedDirEntries;
    /// Lists key names below a prefix, optionally cut at a separator.
    ListKeys(KeyListRequest) -> IndexedKeyList;
} }
