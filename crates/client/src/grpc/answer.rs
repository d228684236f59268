//! The messages that come back: a body that ends with the call's deadline, and whose failures are statuses.
use std::{
    error::Error,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use h2::Reason;
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::{
    sync::OwnedSemaphorePermit,
    time::{Instant, Sleep, sleep_until},
};
use tonic::{Code, Status};

/// What a channel answers with. The call is in hand until it is dropped.
#[derive(Debug)]
pub struct AnswerBody {
    incoming: Incoming,
    deadline: Option<Pin<Box<Sleep>>>,
    _in_hand: OwnedSemaphorePermit,
}

impl AnswerBody {
    pub(super) fn new(incoming: Incoming, deadline: Option<Instant>, in_hand: OwnedSemaphorePermit) -> Self {
        Self { incoming, deadline: deadline.map(|at| Box::pin(sleep_until(at))), _in_hand: in_hand }
    }
}

/// What is behind a status that no server sent.
#[derive(Debug, thiserror::Error)]
#[error("no server has answered")]
struct NoAnswer;

/// Whether a server answered with this status; else it is one that a channel of this crate made for the want of an answer.
pub fn is_answer(status: &Status) -> bool {
    !status.source().is_some_and(|source| source.is::<NoAnswer>())
}

/// A status for the want of an answer.
pub(super) fn none(code: Code, why: impl Into<String>) -> Status {
    let mut status = Status::new(code, why);
    status.set_source(Arc::new(NoAnswer));
    status
}

/// What a call fails with whose time is up.
pub(super) fn late() -> Status {
    none(Code::DeadlineExceeded, "context deadline exceeded")
}

/// What HTTP/2 failed with, as the status that Go's library gives it. What is lost may come again.
pub(super) fn status(error: &hyper::Error) -> Status {
    let reason = h2_error(error).and_then(h2::Error::reason);
    let code = match reason {
        None | Some(Reason::REFUSED_STREAM) => Code::Unavailable,
        Some(Reason::CANCEL) => Code::Cancelled,
        Some(Reason::ENHANCE_YOUR_CALM) => Code::ResourceExhausted,
        Some(Reason::INADEQUATE_SECURITY) => Code::PermissionDenied,
        // A connection that is told to go says no more than that it is going.
        Some(Reason::NO_ERROR) if h2_error(error).is_some_and(h2::Error::is_go_away) => Code::Unavailable,
        Some(_) => Code::Internal,
    };
    let why = error.source().map_or_else(|| error.to_string(), ToString::to_string);
    none(code, why)
}

/// Whether the server says that it has not looked at the call.
pub(super) fn is_unseen(error: &hyper::Error) -> bool {
    let Some(error) = h2_error(error) else { return false };
    error.reason() == Some(Reason::REFUSED_STREAM)
        || (error.is_go_away() && error.is_remote() && error.reason() == Some(Reason::NO_ERROR))
}

fn h2_error(error: &hyper::Error) -> Option<&h2::Error> {
    error.source()?.downcast_ref()
}

impl HttpBody for AnswerBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.incoming).poll_frame(cx) {
            return Poll::Ready(frame.map(|frame| frame.map_err(|error| status(&error))));
        }
        let is_late = self.deadline.as_mut().is_some_and(|deadline| deadline.as_mut().poll(cx).is_ready());
        if is_late { Poll::Ready(Some(Err(late()))) } else { Poll::Pending }
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}
