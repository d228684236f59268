//! Queries that wait for news.
//!
//! A query with an index that is not in the past is **parked as data**: which method, its request's bytes, what it watches,
//! when it stops waiting, where the answer goes. No task and no buffer waits with it. Identical queries are one entry of the
//! [`Lot`], evaluated once and encoded once when what they watch changes. Start at [`Query`] and [`Lot`].
mod hold; // a connection's hold on a parked query
mod kept; // answers that are kept for those who ask the same again
mod lot; // where queries wait
mod method; // a method that may wait, as a handler
mod times; // how long

pub use kept::{KEPT_ANSWER_BYTES_MIN, KEPT_ANSWERS_MAX, KEPT_BYTES_MAX};
pub use lot::{Counts, Lot, PARKED_MAX, WaitingElsewhere};
pub(crate) use method::query;
pub use method::{Found, Query};
pub use times::{DEFAULT_QUERY_TIME, JITTER_FRACTION, MAX_QUERY_TIME, QueryTimes};

#[cfg(test)]
mod tests;
