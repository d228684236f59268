//! The order of the layers.
use std::sync::Arc;

use tower_layer::Layer;

use crate::{
    CatchPanic, CatchPanicLayer, Deadline, DeadlineLayer, Limits, LimitsLayer, Measure, MeasureLayer, RequestLimits,
    RpcType, SlowCalls,
};

/// Every layer in front of a handler `S`.
pub type Stack<S> = CatchPanic<Measure<Limits<Deadline<S>>>>;

/// Puts every layer in front of `handler`: panic, metrics, limits, deadline, and then the handler. Its table has so many
/// `methods`. The slowest calls are kept in `slow`, and calls are counted against `limits`; several stacks may share them.
///
/// Panic is outermost so that nothing that a call runs through can end a connection. Metrics come before anything that says
/// no, so that refusals are counted. The deadline is innermost: what it cancels is the handler.
pub fn stack<S>(
    handler: S,
    methods: usize,
    rpc_type: RpcType,
    slow: Arc<SlowCalls>,
    limits: Arc<RequestLimits>,
) -> Stack<S> {
    let handler = DeadlineLayer.layer(handler);
    let limited = LimitsLayer::new(methods, rpc_type, limits).layer(handler);
    CatchPanicLayer.layer(MeasureLayer::new(methods, rpc_type, slow).layer(limited))
}

#[cfg(test)]
mod tests;
