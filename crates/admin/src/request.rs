//! A request's body, and what a path names.
use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use hyper::{
    Method,
    body::{Body, Incoming},
};
use tokio::time::timeout;

/// The most that a request's body may have. Nothing here needs one.
pub const BODY_BYTES_MAX: usize = 1024;

/// How long a request's body may take.
pub const BODY_TIME_MAX: Duration = Duration::from_secs(5);

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    Page,
    Healthz,
    Metrics,
    Events,
    Conns,
    Streams,
    Slow,
    Closed,
    Routes,
    Methods,
    Server,
    Snapshot,
    /// The only change.
    Kill(u64),
}

/// Everything that a GET answers.
const PLACES: &[(&str, Asked)] = &[
    ("/", Asked::Page),
    ("/healthz", Asked::Healthz),
    ("/metrics", Asked::Metrics),
    ("/events", Asked::Events),
    ("/v1/conns", Asked::Conns),
    ("/v1/streams", Asked::Streams),
    ("/v1/slow", Asked::Slow),
    ("/v1/closed", Asked::Closed),
    ("/v1/routes", Asked::Routes),
    ("/v1/methods", Asked::Methods),
    ("/v1/server", Asked::Server),
    ("/v1/snapshot", Asked::Snapshot),
];

/// Why a request asks for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotAsked {
    /// There is nothing at the path.
    Unknown,
    /// There is, for this method only.
    Only(&'static str),
}

/// What `method` at `path` asks for. Whether the asker may have it is for the guard.
pub(crate) fn asked(method: &Method, path: &str) -> Result<Asked, NotAsked> {
    let (place, by) = match PLACES.iter().find(|(place, _)| *place == path) {
        Some((_, place)) => (*place, Method::GET),
        None => (Asked::Kill(killed_by(path).ok_or(NotAsked::Unknown)?), Method::POST),
    };
    let only = if by == Method::GET { "GET" } else { "POST" };
    if *method == by { Ok(place) } else { Err(NotAsked::Only(only)) }
}

/// The connection in `/v1/conns/{id}/kill`.
fn killed_by(path: &str) -> Option<u64> {
    let id = path.strip_prefix("/v1/conns/")?.strip_suffix("/kill")?;
    // `parse` would take a sign.
    if id.bytes().all(|byte| byte.is_ascii_digit()) { id.parse().ok() } else { None }
}

/// A request's body was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadBody {
    TooLong,
    TooSlow,
}

/// Reads a body to its end, and forgets it: nothing is asked for in one.
pub(crate) async fn read_away(body: Incoming) -> Result<(), BadBody> {
    if body.size_hint().lower() > BODY_BYTES_MAX as u64 {
        return Err(BadBody::TooLong); // said in the head: not a byte of it is read
    }
    let mut body = Limited::new(body, BODY_BYTES_MAX);
    let all = async {
        while let Some(frame) = body.frame().await {
            // A connection that broke is told by hyper.
            frame.map_err(|_| BadBody::TooLong)?;
        }
        Ok(())
    };
    timeout(BODY_TIME_MAX, all).await.map_err(|_| BadBody::TooSlow)?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_asked_for_by_get_and_by_nothing_else() {
        for (path, place) in PLACES {
            assert_eq!(asked(&Method::GET, path), Ok(*place));
            assert_eq!(asked(&Method::POST, path), Err(NotAsked::Only("GET")));
            assert_eq!(asked(&Method::GET, &format!("{path}x")), Err(NotAsked::Unknown));
        }
    }

    #[test]
    fn a_kill_is_asked_for_by_post_and_names_a_number() {
        assert_eq!(asked(&Method::POST, "/v1/conns/7/kill"), Ok(Asked::Kill(7)));
        assert_eq!(asked(&Method::GET, "/v1/conns/7/kill"), Err(NotAsked::Only("POST")));
        for id in ["", "-1", "+1", " 1", "1/2", "%31", "18446744073709551616", "٣"] {
            assert_eq!(asked(&Method::POST, &format!("/v1/conns/{id}/kill")), Err(NotAsked::Unknown), "{id}");
        }
    }
}
