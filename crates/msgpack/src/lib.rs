//! The dialect of MessagePack that Consul speaks, as a serde format with its derive.
