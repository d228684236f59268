//! Tower layers in front of every RPC handler: panic, metrics, limits, deadline.
//!
//! They know a call by its facts ([`proconsul_types::Call`]) and say no with a [`proconsul_types::Rejected`], so net/rpc and
//! gRPC share them; each edge turns a refusal into what its protocol has for it. The order is part of the design and is built
//! in one place, [`stack`]. Not here: tokens, which each method asks about for itself.
mod catch_panic; // a handler's panic ends its call alone
mod deadline; // a call ends when its caller stops waiting
mod limits; // calls beyond the rates are told of, and refused
mod measure; // what is counted and timed of every call
mod request_limits; // whether a call keeps within the rates
mod slow_calls; // the slowest calls of late
mod stack; // the order of them all

pub use catch_panic::{CatchPanic, CatchPanicFuture, CatchPanicLayer};
pub use deadline::{Deadline, DeadlineFuture, DeadlineLayer};
pub use limits::{Limits, LimitsFuture, LimitsLayer};
pub use measure::{Measure, MeasureFuture, MeasureLayer, RpcType};
pub use request_limits::{LimitMode, REQUEST_BURST_SECONDS, RequestLimits, RequestRates};
pub use slow_calls::{SLOW_CALLS_MAX, SLOW_CALLS_TEND_EVERY, SLOW_CALLS_WINDOW, SlowCall, SlowCalls};
pub use stack::{Stack, stack};
