//! What config entries say about a service's proxies, and how an instance looks with that in it.
mod merge; // instances with central settings in them
mod opaque; // settings that only proxies understand
mod resolve; // all that config entries say about one service

pub use merge::in_service;
pub(crate) use merge::in_service_node;
