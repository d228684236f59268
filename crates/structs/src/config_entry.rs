//! ConfigEntry: settings of the mesh, kept by the servers under a kind and a name.
//!
//! [`ConfigEntry`] is one entry of any kind; each kind has its own structure in a file of its own. What carries entries is in
//! [`carried`]: those messages begin with the kind, as the entry itself need not say it.
//!
//! Entries outlive servers: one that a newer server wrote must pass through an older one unharmed. So an entry of an unknown kind
//! is kept as it came, and each structure here keeps the fields that it does not know in its `rest`. Structures that registrations
//! use, too (those of [`crate::proxy`] and [`crate::intention`]), do not.

mod api_gateway; // gateways from outside, with routes
pub mod carried; // requests and replies with entries
mod certificates; // certificates for gateways
mod defaults; // settings of a service and of all proxies
mod exports; // what other clusters may see
mod http_route; // where an API gateway sends HTTP requests
mod ingress; // gateways from outside, the older form
mod intentions; // who may call a service
mod jwt; // who issues web tokens
mod kinds; // the kinds, and an entry of any of them
mod load_balancer; // how callers choose among instances
mod mesh; // settings of the whole mesh
mod resolver; // which instances a name stands for
mod router; // which requests go where
mod splitter; // which share of requests goes where
mod status; // what has become of gateways and routes
mod tcp_route; // where an API gateway sends connections
mod terminating; // gateways to the outside
mod tls; // versions of TLS
mod upstream; // how proxies treat what their service calls

pub use api_gateway::*;
pub use carried::{
    ConfigEntryDeleteResponse, ConfigEntryListAllRequest, ConfigEntryOp, ConfigEntryQuery, ConfigEntryRequest,
    ConfigEntryResponse, IndexedConfigEntries, IndexedGenericConfigEntries,
};
pub use certificates::*;
pub use defaults::*;
pub use exports::*;
pub use http_route::*;
pub use ingress::*;
pub use intentions::*;
pub use jwt::*;
pub use kinds::{ConfigEntry, ConfigEntryKind, UnknownEntry};
pub use load_balancer::*;
pub use mesh::*;
pub use resolver::*;
pub use router::*;
pub use splitter::*;
pub use status::*;
pub use tcp_route::*;
pub use terminating::*;
pub use tls::*;
pub use upstream::*;

#[cfg(test)]
mod tests;
