//! The end of a call, for those who watch it from outside.

/// What a handler gave back, now or as a promise: something whose end can be watched.
///
/// Layers in front of a handler are generic over its response. A response of net/rpc may be parked for minutes and a gRPC
/// response streams; both tell a layer when they are really over through this.
pub trait Outcome {
    /// Whether the answer is complete already, and a success.
    fn is_done(&self) -> bool;

    /// Runs `finish` when the answer is complete, at once if it is complete already. `true`: it was a success. When the
    /// caller goes first, `finish` is dropped without being run.
    fn when_done<F: FnOnce(bool) + Send + 'static>(self, finish: F) -> Self;
}
