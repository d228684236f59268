#![doc = include_str!("../README.md")]

mod common; // pbcommon
mod config_entry; // pbconfigentry
mod connect; // pbconnect
mod proxy; // pbservice: proxies
mod raw; // messages in raw values
mod service; // pbservice: nodes, services, checks

mod define; // the macros that define conversions
mod error; // what cannot be said in the other form
mod mirror; // the conversion, and how simple things convert
mod opaque; // settings of free form

pub use error::{ConvertError, Reason};
pub use mirror::Mirror;

#[cfg(test)]
mod tests;
