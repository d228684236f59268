use hyper::header::{HeaderName, HeaderValue};

use super::*;

const PORT: u16 = 8310;

fn headers(list: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in list {
        let value = HeaderValue::from_bytes(value.as_bytes()).expect("a header's value");
        headers.append(HeaderName::from_static(name), value);
    }
    headers
}

fn admit(port: u16, uri: &str, list: &[(&'static str, &str)]) -> Result<(), Denied> {
    Guard::of_anybody(port, Token::random()).admit(&uri.parse().expect("a URI"), &headers(list))
}

#[test]
fn the_host_must_be_how_this_listener_is_called() {
    for host in ["127.0.0.1:8310", "[::1]:8310", "localhost:8310", "LocalHost:8310"] {
        assert_eq!(admit(PORT, "/", &[("host", host)]), Ok(()), "{host}");
    }
    for host in [
        "",
        "127.0.0.1",
        "localhost",
        "127.0.0.1:8311",
        "127.0.0.1:83100",
        "127.0.0.1:08310",
        "localhost.:8310",
        "evil.example:8310",
        "localhost.evil.example:8310",
        "evil@localhost:8310",
        "127.1:8310",
        "0.0.0.0:8310",
        "[::ffff:127.0.0.1]:8310",
        "::1:8310",
        " localhost:8310",
        "localhost:8310,evil.example",
    ] {
        assert_eq!(admit(PORT, "/", &[("host", host)]), Err(Denied::Host), "{host}");
    }
    assert_eq!(admit(PORT, "/", &[]), Err(Denied::Host), "none at all");
    let two = [("host", "localhost:8310"), ("host", "localhost:8310")];
    assert_eq!(admit(PORT, "/", &two), Err(Denied::Host), "two of them");
}

#[test]
fn a_host_in_the_first_line_must_be_ours_too() {
    let host = [("host", "localhost:8310")];
    assert_eq!(admit(PORT, "http://localhost:8310/", &host), Ok(()));
    assert_eq!(admit(PORT, "http://evil.example:8310/", &host), Err(Denied::Host));
    assert_eq!(admit(PORT, "http://localhost:8310/", &[("host", "evil.example")]), Err(Denied::Host));
}

#[test]
fn the_port_may_be_left_out_where_browsers_leave_it_out() {
    assert_eq!(admit(80, "/", &[("host", "localhost")]), Ok(()));
    assert_eq!(admit(80, "/", &[("host", "127.0.0.1:80"), ("origin", "http://127.0.0.1")]), Ok(()));
    assert_eq!(admit(80, "/", &[("host", "localhost:8310")]), Err(Denied::Host));
}

#[test]
fn an_origin_must_be_ours() {
    let from = |origin: &str| admit(PORT, "/", &[("host", "localhost:8310"), ("origin", origin)]);
    for origin in ["http://localhost:8310", "http://127.0.0.1:8310", "http://[::1]:8310"] {
        assert_eq!(from(origin), Ok(()), "{origin}");
    }
    for origin in [
        "",
        "null",
        "https://localhost:8310",
        "http://localhost",
        "http://localhost:8310/",
        "localhost:8310",
        "http://evil.example",
        "http://localhost:8310.evil.example",
        "file://",
        "http://localhost:8500",
    ] {
        assert_eq!(from(origin), Err(Denied::Origin), "{origin}");
    }
    let two = [("host", "localhost:8310"), ("origin", "http://localhost:8310"), ("origin", "http://localhost:8310")];
    assert_eq!(admit(PORT, "/", &two), Err(Denied::Origin), "two of them");
}

#[test]
fn whoever_opened_the_socket_is_asked_for_nothing_but_is_no_page() {
    let owner = Guard::of_owner();
    let uri = "/".parse().expect("a URI");
    assert_eq!(owner.admit(&uri, &headers(&[])), Ok(()));
    assert_eq!(owner.admit(&uri, &headers(&[("host", "whatever")])), Ok(()));
    assert_eq!(owner.admit(&uri, &headers(&[("origin", "http://localhost")])), Err(Denied::Origin));
    assert_eq!(owner.permit(&headers(&[])), Ok(()));
}

#[test]
fn a_change_takes_the_token_and_no_other() {
    let token = Token::random();
    let guard = Guard::of_anybody(PORT, token.clone());
    let told = token.reveal().to_owned();
    let name = "x-proconsul-token";
    assert_eq!(guard.permit(&headers(&[(name, &told)])), Ok(()));
    let other = Token::random();
    for bad in [
        vec![],
        vec![(name, "")],
        vec![(name, other.reveal())],
        vec![(name, &told[1..])],
        vec![(name, told.as_str()), (name, told.as_str())],
        vec![(name, other.reveal()), (name, told.as_str())],
        vec![("authorization", told.as_str())],
    ] {
        assert_eq!(guard.permit(&headers(&bad)), Err(Denied::Token), "{bad:?}");
    }
}

#[test]
fn the_header_is_looked_up_under_the_name_it_has() {
    assert_eq!(TOKEN_HEADER.to_ascii_lowercase(), TOKEN.as_str());
}
