//! The method table, and a type per method.
//!
//! [`METHODS`] is the truth about every net/rpc method of Consul. A handler is registered for a [`Method`], a marker type
//! that ties a row to the types of its request and reply: without a row it does not compile.

mod draft; // how a row is written
mod table; // the rows, and nothing else

pub mod acl; // tokens and their rights
pub mod auto_config; // a first configuration for an agent, over byte 7
pub mod auto_encrypt; // a first certificate for an agent, over byte 7
pub mod catalog; // nodes and services
pub mod config_entry; // settings of the mesh
pub mod connect_ca; // the authority of the mesh
pub mod coordinate; // where nodes are
pub mod discovery_chain; // what a service's name stands for
pub mod federation_state; // how datacenters reach each other
pub mod health; // checks
pub mod intention; // who may talk to whom
pub mod internal; // what agents ask for people and for the mesh
pub mod kvs; // keys and values
pub mod operator; // consensus and the autopilot
pub mod prepared_query; // stored questions
pub mod session; // claims on keys
pub mod status; // who leads, who is there
pub mod txn; // operations together

use proconsul_msgpack::Shape;
use proconsul_types::{MethodRow, same_text};

pub use table::{METHOD_COUNT, METHODS};

/// A net/rpc method with the types it carries.
pub trait Method {
    /// What a client sends.
    type Request;
    /// What it gets when all went well.
    type Reply;
    /// The method's position in [`METHODS`].
    const INDEX: u16;
    /// The method's row.
    const ROW: &'static MethodRow;
}

/// Position of the method with this full name (`KVS.Get`) in [`METHODS`]; `None` when Consul has no such method.
pub fn find(name: impl AsRef<[u8]>) -> Option<u16> {
    let name = name.as_ref();
    METHODS.binary_search_by(|row| row.name.as_bytes().cmp(name)).ok().map(|index| index as u16)
}

/// Whether any method belongs to this service (`KVS`).
pub fn has_service(service: impl AsRef<[u8]>) -> bool {
    METHODS.iter().any(|row| row.service().as_bytes() == service.as_ref())
}

/// As [`find`], at compile time; a name without a row does not compile.
const fn index_of(service: &str, method: &str) -> u16 {
    let mut index = 0;
    while index < METHOD_COUNT {
        let row = &METHODS[index];
        if same_text(row.service(), service) && same_text(row.method(), method) {
            return index as u16;
        }
        index += 1;
    }
    panic!("no row of METHODS has this name");
}

/// A marker type without its type: for tools that know a method only when they run.
#[derive(Clone, Copy, Debug)]
pub struct Marker {
    /// The method's position in [`METHODS`].
    pub index: u16,
    /// What it is for, in a line.
    pub meaning: &'static str,
    /// What a client sends.
    pub request: fn() -> Shape,
    /// What it gets when all went well.
    pub reply: fn() -> Shape,
}

/// Every marker type, service by service.
pub fn markers() -> impl Iterator<Item = &'static Marker> {
    SERVICES.iter().copied().flatten()
}

/// What the method at this position in [`METHODS`] is for, in a line; empty where there is no such method.
pub fn meaning(index: u16) -> &'static str {
    markers().find(|marker| marker.index == index).map(|marker| marker.meaning).unwrap_or_default()
}

/// Declares the marker types of one service. It has a line in [`SERVICES`], too.
macro_rules! methods {
    ($service:literal {
        $(#[doc = $meaning:literal] $(#[$method_doc:meta])* $method:ident($request:ty) -> $reply:ty;)*
    }) => {
        /// All of them.
        pub(super) const MARKERS: &[super::Marker] = &[$(super::Marker {
            index: <$method as super::Method>::INDEX,
            meaning: $meaning.trim_ascii(),
            request: <$request as proconsul_msgpack::Shaped>::shape,
            reply: <$reply as proconsul_msgpack::Shaped>::shape,
        },)*];

        $(
            #[doc = $meaning]
            $(#[$method_doc])*
            #[derive(Clone, Copy, Debug)]
            pub enum $method {}

            impl super::Method for $method {
                type Request = $request;
                type Reply = $reply;
                const INDEX: u16 = super::index_of($service, stringify!($method));
                const ROW: &'static proconsul_types::MethodRow = &super::METHODS[Self::INDEX as usize];
            }
        )*
    };
}
pub(crate) use methods;

/// The marker types of each service.
const SERVICES: &[&[Marker]] = &[
    acl::MARKERS,
    auto_config::MARKERS,
    auto_encrypt::MARKERS,
    catalog::MARKERS,
    config_entry::MARKERS,
    connect_ca::MARKERS,
    coordinate::MARKERS,
    discovery_chain::MARKERS,
    federation_state::MARKERS,
    health::MARKERS,
    intention::MARKERS,
    internal::MARKERS,
    kvs::MARKERS,
    operator::MARKERS,
    prepared_query::MARKERS,
    session::MARKERS,
    status::MARKERS,
    txn::MARKERS,
];

#[cfg(test)]
mod tests;
