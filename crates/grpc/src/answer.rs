//! An answer as the layers see it, and its end.
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Instant,
};

use bytes::Bytes;
use http::{HeaderMap, Response};
use http_body::{Frame, SizeHint};
use proconsul_types::{Outcome, Rejected};
use tonic::{Code, Status, body::Body};

/// An answer that is no refusal: complete, or a stream of messages that goes on.
pub struct Answer {
    pub(crate) response: Response<Body>,
    /// Whether messages may come for as long as the client wants them.
    pub(crate) streams: bool,
    /// When it ends at the latest.
    pub(crate) deadline: Option<Instant>,
    finish: Vec<Finish>,
}

type Finish = Box<dyn FnOnce(bool) + Send>;

impl Answer {
    pub(crate) fn new(response: Response<Body>, streams: bool, deadline: Option<Instant>) -> Self {
        Self { response, streams, deadline, finish: Vec::new() }
    }

    /// What goes to the client. A stream of messages ends with its deadline, and when `stopped` is ready; `held` is dropped when
    /// the last byte has gone, or the client.
    pub(crate) fn into_response(
        self,
        stopped: impl Future<Output = ()> + Send + 'static,
        held: impl Send + 'static,
    ) -> Response<Body> {
        if !self.streams {
            return self.response;
        }
        let (finish, held, deadline) = (self.finish, Box::new(held), self.deadline);
        let over = Box::pin(async move {
            let late = async {
                match deadline {
                    Some(at) => tokio::time::sleep_until(at.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = late => late_status(),
                () = stopped => Status::unavailable("the server stops"),
            }
        });
        self.response.map(|inner| Body::new(Streaming { inner, finish, over, done: false, _held: held }))
    }
}

impl Outcome for Answer {
    fn is_done(&self) -> bool {
        !self.streams
    }

    fn when_done<F: FnOnce(bool) + Send + 'static>(mut self, finish: F) -> Self {
        if self.streams {
            self.finish.push(Box::new(finish));
        } else {
            finish(true);
        }
        self
    }
}

/// Messages until the last, and what is to be done then.
struct Streaming<H> {
    inner: Body,
    finish: Vec<Finish>,
    /// Ready when it ends for another reason than its last message: which.
    over: Pin<Box<dyn Future<Output = Status> + Send>>,
    done: bool,
    _held: Box<H>,
}

impl<H> Streaming<H> {
    fn end(&mut self, trailers: &HeaderMap) {
        self.done = true;
        let ok = trailers.get(Status::GRPC_STATUS).is_some_and(|status| status == "0");
        self.finish.drain(..).for_each(|finish| finish(ok));
    }
}

impl<H: Send> http_body::Body for Streaming<H> {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if self.done {
            return Poll::Ready(None);
        }
        let polled = Pin::new(&mut self.inner).poll_frame(cx);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(trailers) = frame.trailers_ref() {
                    let trailers = trailers.clone();
                    self.end(&trailers);
                }
            }
            Poll::Ready(Some(Err(_)) | None) => self.done = true,
            Poll::Pending => {
                if let Poll::Ready(status) = self.over.as_mut().poll(cx) {
                    let mut trailers = HeaderMap::new();
                    if let Err(error) = status.add_header(&mut trailers) {
                        return Poll::Ready(Some(Err(error)));
                    }
                    self.end(&trailers);
                    return Poll::Ready(Some(Ok(Frame::trailers(trailers))));
                }
            }
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.done
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// A refusal, of a layer or of a service: what goes to the client.
pub struct Refusal(pub(crate) Box<Response<Body>>);

impl Refusal {
    pub(crate) fn new(status: &Status) -> Self {
        Self(Box::new(status.clone().into_http()))
    }
}

impl From<Rejected> for Refusal {
    fn from(rejected: Rejected) -> Self {
        Self::new(&status_of(rejected))
    }
}

/// What a layer's no is called in gRPC: Consul's words, or those of Go's library.
fn status_of(rejected: Rejected) -> Status {
    match rejected {
        Rejected::Panicked => Status::internal("grpc: panic serving request"),
        Rejected::RateLimited => Status::resource_exhausted(rejected.to_string()),
        Rejected::RateLimitedAtLeader => Status::unavailable(rejected.to_string()),
        Rejected::Late { .. } => late_status(),
    }
}

fn late_status() -> Status {
    Status::new(Code::DeadlineExceeded, "context deadline exceeded")
}
