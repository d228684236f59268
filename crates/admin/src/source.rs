//! Where the answers come from.
use crate::view::{ClosedView, ConnView, Health, MethodView, RouteView, ServerView, SlowView, StreamView};

/// A server, as far as the admin listener asks it. Answers are of the moment; they are asked for by few, and seldom more than
/// once a second.
///
/// An answer that takes longer than [`ANSWER_TIME_MAX`](crate::ANSWER_TIME_MAX) is dropped: its future must be one that
/// loses nothing by that.
pub trait Source: Send + Sync + 'static {
    /// Connections on the server port, by number: the newest `at_most` of them.
    fn conns(&self, at_most: usize) -> impl Future<Output = Vec<ConnView>> + Send;

    /// How many connections there are.
    fn conns_total(&self) -> u64;

    /// Streams, by connection and number: those of the newest connections, `at_most` in all.
    fn streams(&self, at_most: usize) -> impl Future<Output = Vec<StreamView>> + Send;

    /// The slowest recent calls, the slowest first.
    fn slow(&self) -> impl Future<Output = Vec<SlowView>> + Send;

    /// Connections that ended, the latest first.
    fn closed(&self) -> impl Future<Output = Vec<ClosedView>> + Send;

    /// The route table, in its order.
    fn routes(&self) -> impl Future<Output = Vec<RouteView>> + Send;

    /// Methods that were called, by name.
    fn methods(&self) -> impl Future<Output = Vec<MethodView>> + Send;

    /// Ends connection `id`; `false`: there is none.
    fn kill(&self, id: u64) -> impl Future<Output = bool> + Send;

    /// Every metric, in Prometheus's text format 0.0.4.
    fn metrics_text(&self) -> String;

    /// Whether the server serves.
    fn healthy(&self) -> Health;

    /// Who answers.
    fn server(&self) -> ServerView;
}

/// What a process's metrics recorder can tell. A server that embeds no recorder has none, and its [`Source`] answers with
/// what it has.
pub trait Recorded: Send + Sync + 'static {
    /// Every metric, in Prometheus's text format 0.0.4.
    fn metrics_text(&self) -> String;

    /// Methods that were called, by name.
    fn methods(&self) -> Vec<MethodView>;
}
