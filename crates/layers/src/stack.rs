//! The order of the layers.
use proconsul_types::MethodRow;
use tower_layer::Layer;

use crate::{CatchPanic, CatchPanicLayer, Deadline, DeadlineLayer, Measure, MeasureLayer, RpcType};

/// Every layer in front of a handler `S`.
pub type Stack<S> = CatchPanic<Measure<Deadline<S>>>;

/// Puts every layer in front of `handler`: panic, metrics, deadline, and then the handler.
///
/// Panic is outermost so that nothing that a call runs through can end a connection. Metrics come before anything that says
/// no, so that refusals are counted. The deadline is innermost: what it cancels is the handler.
pub fn stack<S>(handler: S, rows: &[MethodRow], rpc_type: RpcType) -> Stack<S> {
    CatchPanicLayer.layer(MeasureLayer::new(rows, rpc_type).layer(DeadlineLayer.layer(handler)))
}

#[cfg(test)]
mod tests;
