#![doc = include_str!("../README.md")]
mod catalog; // what is looked up, and by whom
mod edns; // the options of a message
mod length; // how long a message is going to be
mod name; // domain names as text
mod place; // addresses of nodes and services, and their weight
mod read; // a question out of a peer's bytes
mod record; // messages and records
mod respond; // from a question to an answer
mod settings; // what there is to set
mod shuffle; // chance from a seed
mod target; // what a name asks for
mod text; // what is said of bytes that are no message
mod trim; // answers that are too long for their way
mod write; // a message as bytes

pub use catalog::{Catalog, LookupError, NodeLookup, ServiceLookup};
pub use read::{Question, Request};
pub use record::record_type;
pub use respond::{Moment, Transport, respond};
pub use settings::{Domains, ServiceTtl, Settings, Soa};
pub use target::{Place, Target, parse};
pub use text::Unreadable;
