//! Derive of proconsul-msgpack: fields written sorted by key, read by key or by position.
