//! What a trace shows of a call: `stream{id}` > `call{method, seq}`, below the span `conn` that whoever serves the connection
//! puts around it.
//!
//! A span lasts for a part of a turn, not for a call's whole life: a call that waits holds none, and its answer is shown in
//! spans of its own with the same fields. While trace is off this is one comparison a call.
use proconsul_types::RequestSeq;
use tracing::{Level, Span, span::EnteredSpan};

use super::{calls::To, turn::Lane};

/// Spans that are left when this is dropped, the inner one first.
pub(super) struct Entered {
    _call: EnteredSpan,
    _stream: EnteredSpan,
}

/// Enters the spans of the call whose answer goes `to`; `None` while trace is off.
#[inline]
pub(super) fn enter<L: Lane>(lane: &L, to: &To<L::Stream>) -> Option<Entered> {
    tracing::enabled!(Level::TRACE).then(|| enter_now(lane, to))
}

#[cold]
fn enter_now<L: Lane>(lane: &L, to: &To<L::Stream>) -> Entered {
    let stream = match lane.id(to.stream) {
        Some(id) => tracing::trace_span!("stream", id),
        None => Span::none(),
    };
    let stream = stream.entered();
    let RequestSeq(seq) = to.seq;
    let call = tracing::trace_span!("call", method = to.method.name, seq).entered();
    Entered { _call: call, _stream: stream }
}
