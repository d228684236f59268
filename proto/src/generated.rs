//! What `cargo xtask codegen` wrote: a module per package. The crate's root gives them the names that others use.
#![allow(clippy::all, unreachable_pub, unused_qualifications, reason = "generated code is shaped by its generator")]

include!("generated/modules.rs");
include!("generated/secrets.rs");
