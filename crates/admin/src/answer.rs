//! From a request to a response.
use std::convert::Infallible;

use bytes::Bytes;
use http_body_util::{Either, Full};
use hyper::{
    Method, Request, Response, StatusCode, Uri,
    body::Incoming,
    header::{
        ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue,
        REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
    },
};
use serde::Serialize;
use tokio::time::timeout;

use crate::{
    Page, Source,
    events::{Feed, Subscription, snapshot},
    guard::{Denied, Guard},
    request::{Asked, BadBody, NotAsked, asked, read_away},
    serve::{ANSWER_TIME_MAX, CONNS_LISTED_MAX},
    view::Killed,
};

pub(crate) type Answer = Response<Either<Full<Bytes>, Subscription>>;

const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";
const HTML: &str = "text/html; charset=utf-8";
const EVENTS: &str = "text/event-stream";
/// Prometheus's text format.
const EXPOSITION: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What browsers are told about everything but the page, which has a policy of its own.
const NOTHING_LOADS: &str = "default-src 'none'; frame-ancestors 'none'";

/// What all connections of a listener share.
pub(crate) struct Desk<S> {
    pub(crate) source: S,
    pub(crate) guard: Guard,
    pub(crate) page: Page,
    pub(crate) feed: Feed,
}

impl<S: Source> Desk<S> {
    /// Never an error: what goes wrong is an answer too.
    pub(crate) async fn answer(&self, request: Request<Incoming>) -> Result<Answer, Infallible> {
        let (head, body) = request.into_parts();
        let answer = match self.wanted(&head.method, &head.uri, &head.headers) {
            Err(refused) => refused.into(),
            Ok(asked) => match read_away(body).await {
                Err(BadBody::TooLong) => last(plain(StatusCode::PAYLOAD_TOO_LARGE, "no body is needed here\n")),
                Err(BadBody::TooSlow) => last(plain(StatusCode::REQUEST_TIMEOUT, "the body did not come\n")),
                Ok(()) => timeout(ANSWER_TIME_MAX, self.to(asked))
                    .await
                    .unwrap_or_else(|_| plain(StatusCode::SERVICE_UNAVAILABLE, "the server did not answer in time\n")),
            },
        };
        Ok(guarded(answer))
    }

    /// What a request's head asks for, if it may.
    fn wanted(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<Asked, Refused> {
        if *method != Method::GET && *method != Method::POST {
            return Err(Refused::NotAsked(NotAsked::Only("GET, POST")));
        }
        self.guard.admit(uri, headers).map_err(Refused::Denied)?;
        let asked = asked(method, uri.path()).map_err(Refused::NotAsked)?;
        if matches!(asked, Asked::Kill(_)) {
            self.guard.permit(headers).map_err(Refused::Denied)?;
        }
        Ok(asked)
    }

    async fn to(&self, asked: Asked) -> Answer {
        let source = &self.source;
        match asked {
            Asked::Page => self.page(),
            Asked::Healthz => {
                let health = source.healthy();
                let status = if health.ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
                with_status(json(&health), status)
            }
            Asked::Metrics => whole(EXPOSITION, source.metrics_text()),
            Asked::Events => match self.feed.subscribe() {
                Some(events) => of_type(Response::new(Either::Right(events)), EVENTS),
                None => plain(StatusCode::SERVICE_UNAVAILABLE, "too many watch already\n"),
            },
            Asked::Conns => json(&source.conns(CONNS_LISTED_MAX).await),
            Asked::Streams => json(&source.streams(CONNS_LISTED_MAX).await),
            Asked::Slow => json(&source.slow().await),
            Asked::Closed => json(&source.closed().await),
            Asked::Routes => json(&source.routes().await),
            Asked::Methods => json(&source.methods().await),
            Asked::Server => json(&source.server()),
            Asked::Snapshot => json(&snapshot(source).await),
            Asked::Kill(id) if source.kill(id).await => {
                tracing::info!(conn = id, "a connection is ended from the admin listener");
                json(&Killed { killed: id })
            }
            Asked::Kill(id) => plain(StatusCode::NOT_FOUND, format!("there is no connection {id}\n")),
        }
    }

    fn page(&self) -> Answer {
        let (html, policy) = self.page.render();
        let mut answer = whole(HTML, html);
        if let Ok(policy) = HeaderValue::try_from(policy) {
            answer.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
        }
        answer
    }
}

/// Why a request is not answered, as far as its head tells.
enum Refused {
    Denied(Denied),
    NotAsked(NotAsked),
}

impl From<Refused> for Answer {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Denied(denied) => plain(denied.status(), denied.text()),
            Refused::NotAsked(NotAsked::Unknown) => plain(StatusCode::NOT_FOUND, "there is nothing here\n"),
            Refused::NotAsked(NotAsked::Only(allow)) => {
                let mut answer = plain(StatusCode::METHOD_NOT_ALLOWED, format!("only {allow} here\n"));
                answer.headers_mut().insert(ALLOW, HeaderValue::from_static(allow));
                answer
            }
        }
    }
}

/// The connection's last answer: what follows on it was not read.
fn last(mut answer: Answer) -> Answer {
    answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    answer
}

fn plain(status: StatusCode, text: impl Into<Bytes>) -> Answer {
    with_status(whole(TEXT, text), status)
}

fn json(view: &impl Serialize) -> Answer {
    match serde_json::to_vec(view) {
        Ok(text) => whole(JSON, text),
        Err(error) => plain(StatusCode::INTERNAL_SERVER_ERROR, format!("no JSON for that: {error}\n")),
    }
}

fn whole(kind: &'static str, text: impl Into<Bytes>) -> Answer {
    of_type(Response::new(Either::Left(Full::new(text.into()))), kind)
}

fn of_type(mut answer: Answer, kind: &'static str) -> Answer {
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    answer
}

fn with_status(mut answer: Answer, status: StatusCode) -> Answer {
    *answer.status_mut() = status;
    answer
}

/// With what keeps browsers from showing, keeping or guessing at it where they should not.
fn guarded(mut answer: Answer) -> Answer {
    static SAME_SITE: [(HeaderName, &str); 2] = [
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    let headers = answer.headers_mut();
    for (name, value) in &SAME_SITE {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(NOTHING_LOADS));
    answer
}
