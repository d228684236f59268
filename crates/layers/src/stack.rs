//! The order of the layers.
use std::sync::Arc;

use tower_layer::Layer;

use crate::{CatchPanic, CatchPanicLayer, Deadline, DeadlineLayer, Measure, MeasureLayer, RpcType, SlowCalls};

/// Every layer in front of a handler `S`.
pub type Stack<S> = CatchPanic<Measure<Deadline<S>>>;

/// Puts every layer in front of `handler`: panic, metrics, deadline, and then the handler. Its table has so many `methods`. The
/// slowest calls are kept in `slow`, which several stacks may share.
///
/// Panic is outermost so that nothing that a call runs through can end a connection. Metrics come before anything that says
/// no, so that refusals are counted. The deadline is innermost: what it cancels is the handler.
pub fn stack<S>(handler: S, methods: usize, rpc_type: RpcType, slow: Arc<SlowCalls>) -> Stack<S> {
    CatchPanicLayer.layer(MeasureLayer::new(methods, rpc_type, slow).layer(DeadlineLayer.layer(handler)))
}

#[cfg(test)]
mod tests;
