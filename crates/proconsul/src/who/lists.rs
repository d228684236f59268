//! Rows of tables, and whom they are filtered by.
use std::{
    net::{IpAddr, SocketAddr},
    str::FromStr,
};

use proconsul_admin::view::{CallState, ConnState, ConnView, SlowView, StreamView};

use super::human;

/// Above [`conn_cells`].
pub(super) const CONN_HEADER: &[&str] =
    &["ID", "PEER", "ROUTE", "TLS", "CERTIFICATE", "AGE", "IN", "OUT", "CALLS", "ERRORS", "STREAMS", "NOW"];

/// Above [`stream_cells`].
pub(super) const STREAM_HEADER: &[&str] = &["CONN", "STREAM", "PEER", "CALLS", "NOW"];

/// Above [`slow_cells`].
pub(super) const SLOW_HEADER: &[&str] = &["TOOK", "METHOD", "PEER", "ENDED", "ANSWER"];

/// One connection.
pub(super) fn conn_cells(conn: &ConnView) -> Vec<String> {
    vec![
        conn.id.to_string(),
        human::words(&conn.peer),
        human::words(&conn.route),
        conn.tls.as_ref().map_or_else(|| "-".to_owned(), |tls| human::words(&tls.version)),
        certificate(&conn.certificate_names),
        human::duration(conn.age_ms),
        human::bytes(conn.bytes_in),
        human::bytes(conn.bytes_out),
        conn.calls.to_string(),
        conn.errors.to_string(),
        conn.streams.to_string(),
        now(conn),
    ]
}

/// Whom a certificate names: the first of its names, and how many more there are.
fn certificate(names: &[String]) -> String {
    match names {
        [] => "-".to_owned(),
        [one] => human::words(one),
        [one, others @ ..] => format!("{} +{}", human::words(one), others.len()),
    }
}

/// What a connection does: its oldest call in flight, or that there is none.
fn now(conn: &ConnView) -> String {
    match (&conn.current, conn.state) {
        (Some(call), _) => doing(&call.method, call.age_ms, call.state),
        (None, ConnState::Detecting) => "detecting".to_owned(),
        (None, ConnState::Idle) => "idle".to_owned(),
        (None, ConnState::Running) => "running".to_owned(),
        (None, ConnState::Parked) => "parked".to_owned(),
    }
}

fn doing(method: &str, age_ms: u64, state: CallState) -> String {
    let does = match state {
        CallState::Running => "running",
        CallState::Parked => "parked",
    };
    format!("{} {does} {}", human::words(method), human::duration(age_ms))
}

/// One stream.
pub(super) fn stream_cells(stream: &StreamView) -> Vec<String> {
    let now = match (&stream.method, stream.state) {
        (Some(method), Some(state)) => doing(method, stream.call_age_ms.unwrap_or_default(), state),
        _ => "idle".to_owned(),
    };
    vec![stream.conn.to_string(), stream.stream.to_string(), human::words(&stream.peer), stream.calls.to_string(), now]
}

/// One call.
pub(super) fn slow_cells(call: &SlowView) -> Vec<String> {
    let answer = if call.errored { "error" } else { "ok" };
    vec![
        human::milliseconds(call.ms),
        human::words(&call.method),
        human::words(&call.peer),
        format!("{} ago", human::duration(call.ended_ms_ago)),
        answer.to_owned(),
    ]
}

/// Whose rows are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Peer {
    /// All of one address.
    Ip(IpAddr),
    /// One connection.
    Socket(SocketAddr),
    /// Those whose address or certificate contains this, whatever its case.
    Part(String),
}

impl FromStr for Peer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let ip = text.parse().map(Self::Ip);
        Ok(ip.or_else(|_| text.parse().map(Self::Socket)).unwrap_or_else(|_| Self::Part(text.to_lowercase())))
    }
}

impl Peer {
    /// Whether a row of this peer is wanted.
    pub(super) fn is(&self, peer: &str, names: &[String]) -> bool {
        let address: Option<SocketAddr> = peer.parse().ok();
        match self {
            Self::Ip(ip) => address.is_some_and(|address| address.ip().to_canonical() == ip.to_canonical()),
            Self::Socket(socket) => address.as_ref() == Some(socket),
            Self::Part(part) => {
                let has = |text: &str| text.to_lowercase().contains(part);
                has(peer) || names.iter().any(|name| has(name))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proconsul_admin::view::{CallView, TlsView};

    use super::*;

    fn wanted(filter: &str, peer: &str, names: &[&str]) -> bool {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        filter.parse::<Peer>().expect("any text is one").is(peer, &names)
    }

    #[test]
    fn a_peer_is_an_address_or_a_part_of_a_name() {
        assert!(wanted("10.0.0.1", "10.0.0.1:5", &[]));
        assert!(!wanted("10.0.0.1", "10.0.0.10:5", &[]), "not by its first letters");
        assert!(wanted("10.0.0.1:5", "10.0.0.1:5", &[]) && !wanted("10.0.0.1:5", "10.0.0.1:55", &[]));
        assert!(wanted("10.0.0.1", "[::ffff:10.0.0.1]:5", &[]) && wanted("::1", "[::1]:5", &[]));
        assert!(wanted("SERVER.dc1", "10.0.0.1:5", &["localhost", "server.dc1.consul"]));
        assert!(wanted("10.0.", "10.0.0.1:5", &[]) && !wanted("10.1.", "10.0.0.1:5", &["x"]));
    }

    #[test]
    fn a_connection_is_shown_with_what_it_does() {
        let conn = ConnView {
            id: 7,
            peer: "10.0.0.1:5".into(),
            route: "rpc_multi".into(),
            tls: Some(TlsView { version: "1.3".into(), ..TlsView::default() }),
            certificate_names: vec!["client.dc1.consul".into(), "localhost".into()],
            age_ms: 65_000,
            bytes_in: 2048,
            bytes_out: 5,
            calls: 3,
            errors: 1,
            streams: 2,
            current: Some(CallView { method: "KVS.Get".into(), seq: 1, age_ms: 1500, state: CallState::Parked }),
            state: ConnState::Parked,
        };
        let cells = conn_cells(&conn);
        assert_eq!(cells.len(), CONN_HEADER.len());
        assert_eq!(
            cells.join(" | "),
            "7 | 10.0.0.1:5 | rpc_multi | 1.3 | client.dc1.consul +1 | 1m05s | 2.0KiB | 5B | 3 | 1 | 2 | KVS.Get parked 1.5s"
        );
        let idle = ConnView { state: ConnState::Idle, ..ConnView::default() };
        assert_eq!(conn_cells(&idle)[3..5], ["-", "-"]);
        assert_eq!(conn_cells(&idle).last().map(String::as_str), Some("idle"));
    }

    #[test]
    fn streams_and_slow_calls_are_shown() {
        let stream = StreamView {
            conn: 7,
            peer: "10.0.0.1:5".into(),
            stream: 3,
            method: Some("KVS.Get".into()),
            call_age_ms: Some(20),
            state: Some(CallState::Running),
            calls: 9,
        };
        assert_eq!(stream_cells(&stream).join(" | "), "7 | 3 | 10.0.0.1:5 | 9 | KVS.Get running 20ms");
        assert_eq!(stream_cells(&StreamView::default()).len(), STREAM_HEADER.len());
        let call =
            SlowView { method: "KVS.Get".into(), peer: "p".into(), ms: 12.5, ended_ms_ago: 61_000, errored: true };
        assert_eq!(slow_cells(&call).join(" | "), "12.5ms | KVS.Get | p | 1m01s ago | error");
        assert_eq!(slow_cells(&call).len(), SLOW_HEADER.len());
    }
}
