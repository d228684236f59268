//! TLS as a Consul server does it: certificates, verification policy per listener, hot reload.
mod settings; // what an operator sets

pub use settings::{MinVersion, Policy, Settings};
