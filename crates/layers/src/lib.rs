//! Tower layers in front of every RPC handler: panic, metrics, deadline.
//!
//! They know a call by its facts ([`proconsul_types::Call`]) and say no with a [`proconsul_types::Rejected`], so net/rpc and
//! gRPC share them; each edge turns a refusal into what its protocol has for it. The order is part of the design and is built
//! in one place, [`stack`]. Not here: rate limits and tokens, which come with the methods that need them.
mod catch_panic; // a handler's panic ends its call alone
mod deadline; // a call ends when its caller stops waiting
mod measure; // what is counted and timed of every call
mod slow_calls; // the slowest calls of late
mod stack; // the order of them all

pub use catch_panic::{CatchPanic, CatchPanicFuture, CatchPanicLayer};
pub use deadline::{Deadline, DeadlineFuture, DeadlineLayer};
pub use measure::{Measure, MeasureFuture, MeasureLayer, RpcType};
pub use slow_calls::{SLOW_CALLS_MAX, SLOW_CALLS_TEND_EVERY, SLOW_CALLS_WINDOW, SlowCall, SlowCalls};
pub use stack::{Stack, stack};
