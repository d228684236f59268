//! What is known of a connection, a call, a route, as it is shown.
use std::time::{Duration, Instant};

use proconsul_admin::view::{
    CallState, CallView, ClosedView, ConnState, ConnView, RouteView, SlowView, StreamView, TlsView,
};
use proconsul_layers::SlowCall;
use proconsul_mux::driver::{Closed, Entry, RouteCounts};
use proconsul_netrpc::server::{self as netrpc, CallDescription, Description};

use super::Said;

pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

pub(super) fn conn(entry: &Entry, said: &Said, now: Instant) -> ConnView {
    let nothing = Description::default();
    let told = match said {
        Said::Told(told) => told,
        Said::Nothing | Said::Busy => &nothing,
    };
    let certificate = entry.tls().and_then(|tls| tls.certificate.as_ref());
    ConnView {
        id: entry.id(),
        peer: entry.peer().to_string(),
        route: entry.label().into(),
        tls: entry.tls().map(|tls| TlsView {
            version: tls.version.into(),
            alpn: tls.alpn.map(Into::into),
            sni: tls.sni.as_deref().map(Into::into),
        }),
        certificate_names: certificate.map(names).unwrap_or_default(),
        age_ms: millis(now.saturating_duration_since(entry.since())),
        bytes_in: entry.bytes_in(),
        bytes_out: entry.bytes_out(),
        calls: told.calls,
        errors: told.errors,
        streams: told.streams_total as u64,
        current: told.oldest().map(call),
        state: conn_state(entry, said),
    }
}

fn conn_state(entry: &Entry, said: &Said) -> ConnState {
    let calls = |told: &Description, state| {
        told.streams.iter().filter_map(|stream| stream.current).any(|call| call.state == state)
    };
    match said {
        _ if entry.row().is_none() => ConnState::Detecting,
        Said::Busy => ConnState::Running,
        Said::Told(told) if calls(told, netrpc::CallState::Running) => ConnState::Running,
        Said::Told(told) if calls(told, netrpc::CallState::Parked) => ConnState::Parked,
        Said::Told(_) | Said::Nothing => ConnState::Idle,
    }
}

/// Whom a certificate names; its common name where it has no others.
fn names(certificate: &proconsul_tls::PeerCertificate) -> Vec<String> {
    if certificate.names.is_empty() {
        certificate.common_name.iter().cloned().collect()
    } else {
        certificate.names.clone()
    }
}

fn call(call: &CallDescription) -> CallView {
    CallView { method: call.method.into(), seq: call.seq.0, age_ms: millis(call.age), state: call_state(call) }
}

fn call_state(call: &CallDescription) -> CallState {
    match call.state {
        netrpc::CallState::Running => CallState::Running,
        netrpc::CallState::Parked => CallState::Parked,
    }
}

pub(super) fn streams<'d>(entry: &'d Entry, said: &'d Said) -> impl Iterator<Item = StreamView> + 'd {
    let streams = match said {
        Said::Told(told) => &*told.streams,
        Said::Nothing | Said::Busy => &[],
    };
    streams.iter().map(|stream| StreamView {
        conn: entry.id(),
        peer: entry.peer().to_string(),
        stream: stream.id.map_or(0, u64::from),
        method: stream.current.map(|call| call.method.into()),
        call_age_ms: stream.current.map(|call| millis(call.age)),
        state: stream.current.as_ref().map(call_state),
        calls: stream.calls.into(),
    })
}

pub(super) fn slow(call: &SlowCall, now: Instant) -> SlowView {
    SlowView {
        method: call.method.name.into(),
        peer: call.peer.to_string(),
        ms: call.took.as_secs_f64() * 1e3,
        ended_ms_ago: millis(now.saturating_duration_since(call.ended)),
        errored: call.errored,
    }
}

pub(super) fn closed(closed: &Closed, now: Instant) -> ClosedView {
    let reason = closed.reason;
    ClosedView {
        peer: closed.peer.map(|peer| peer.to_string()).unwrap_or_default(),
        reason: reason.label().into(),
        detail: match &closed.detail {
            Some(detail) => format!("{reason}: {detail}"),
            None => reason.to_string(),
        },
        ordinary: !reason.is_loud(),
        ago_ms: millis(now.saturating_duration_since(closed.at)),
        count: closed.count,
    }
}

pub(super) fn route(counts: &RouteCounts) -> RouteView {
    let row = counts.row;
    RouteView {
        label: row.label.into(),
        byte: row.byte,
        alpn: row.alpn.map(Into::into),
        live: counts.live,
        accepted: counts.accepted,
    }
}
