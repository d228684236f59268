//! What the headers of a request say, checked in the order and with the words of Go's library.
use std::time::Duration;

use http::{Method, StatusCode, header, request::Parts};
use proconsul_types::GoQuoted;
use tonic::{Code, Status, body::Body};

use crate::timeout;

/// The headers make no call: how it is answered.
#[derive(Debug)]
pub(crate) struct NoCall {
    http: StatusCode,
    status: Status,
}

impl NoCall {
    pub(crate) fn into_response(self) -> http::Response<Body> {
        let mut response = self.status.into_http();
        *response.status_mut() = self.http;
        response
    }
}

/// Checks the headers and reads how long the client waits.
pub(crate) fn read(parts: &Parts) -> Result<Option<Duration>, Box<NoCall>> {
    let no_call = |http, code, text: String| Err(Box::new(NoCall { http, status: Status::new(code, text) }));
    let content_type = parts.headers.get(header::CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()));
    let content_type = content_type.unwrap_or_default();
    if !is_grpc(&content_type) {
        let text = format!("invalid gRPC request content-type {}", GoQuoted(&content_type));
        return no_call(StatusCode::UNSUPPORTED_MEDIA_TYPE, Code::InvalidArgument, text);
    }
    let timeout = match parts.headers.get("grpc-timeout") {
        None => None,
        Some(value) => match timeout::decode(&String::from_utf8_lossy(value.as_bytes())) {
            Ok(timeout) => Some(timeout),
            Err(text) => return no_call(StatusCode::BAD_REQUEST, Code::Internal, text),
        },
    };
    if parts.method != Method::POST {
        let method = GoQuoted(parts.method.as_str());
        let text = format!("Received a HEADERS frame with :method {method} which should be POST");
        return no_call(StatusCode::METHOD_NOT_ALLOWED, Code::Internal, text);
    }
    Ok(timeout)
}

/// `application/grpc`, alone or with a subtype, which every codec of ours takes for protobuf as Go's does.
fn is_grpc(content_type: &str) -> bool {
    const BASE: &str = "application/grpc";
    let Some(base) = content_type.get(..BASE.len()) else { return false };
    base.eq_ignore_ascii_case(BASE) && matches!(content_type.as_bytes().get(BASE.len()), None | Some(b'+' | b';'))
}

/// The service and the method in a path, as Go's library finds them; `None`: there are not two.
pub(crate) fn split_path(path: &str) -> Option<(&str, &str)> {
    path.strip_prefix('/').unwrap_or(path).rsplit_once('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heading(
        method: Method,
        headers: &[(&'static str, &'static str)],
    ) -> Result<Option<Duration>, (u16, Code, String)> {
        let mut request = http::Request::builder().method(method).uri("/a.B/C");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).expect("a request").into_parts();
        read(&parts).map_err(|no| (no.http.as_u16(), no.status.code(), no.status.message().to_owned()))
    }

    #[test]
    fn headers_that_make_no_call_are_answered_in_gos_words() {
        let grpc = ("content-type", "application/grpc");
        assert_eq!(heading(Method::POST, &[grpc]), Ok(None));
        assert_eq!(heading(Method::POST, &[("content-type", "application/grpc+proto")]), Ok(None));
        assert_eq!(heading(Method::POST, &[grpc, ("grpc-timeout", "1S")]), Ok(Some(Duration::from_secs(1))));
        let refused = |status, code, text: &str| Err((status, code, text.to_owned()));
        assert_eq!(
            heading(Method::POST, &[("content-type", "application/grpcx")]),
            refused(415, Code::InvalidArgument, "invalid gRPC request content-type \"application/grpcx\"")
        );
        assert_eq!(
            heading(Method::POST, &[]),
            refused(415, Code::InvalidArgument, "invalid gRPC request content-type \"\"")
        );
        assert_eq!(
            heading(Method::GET, &[grpc]),
            refused(405, Code::Internal, "Received a HEADERS frame with :method \"GET\" which should be POST")
        );
        assert_eq!(
            heading(Method::POST, &[grpc, ("grpc-timeout", "x")]),
            refused(400, Code::Internal, "malformed grpc-timeout: transport: timeout string is too short: \"x\"")
        );
    }

    #[test]
    fn a_path_is_a_service_and_a_method() {
        assert_eq!(split_path("/a.B/C"), Some(("a.B", "C")));
        assert_eq!(split_path("a.B/C"), Some(("a.B", "C")));
        assert_eq!(split_path("/a/b/C"), Some(("a/b", "C")));
        assert_eq!(split_path("//"), Some(("", "")));
        assert_eq!(split_path("/nopath"), None);
        assert_eq!(split_path("/"), None);
    }
}
