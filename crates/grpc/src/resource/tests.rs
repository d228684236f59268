//! The service as its callers see it, over a store whose log applies at once.

mod deletes;
mod forwarded;
mod reaping;
mod refusals;
mod rights;
mod watching;
mod world;
mod writes;

use proconsul_proto::pbdemo::{v1, v2};
use proconsul_proto_public::pbresource::*;
use tonic::{Code, Request};
use world::*;

use super::demo;
use crate::details::pack;
