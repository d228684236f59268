//! What the server says of connections that have ended.
use std::{
    collections::BTreeMap,
    net::IpAddr,
    time::{Duration, Instant},
};

use proconsul_server::Server;
use tokio::time::sleep;

use super::{PROMPTLY, until};

/// How often each reason occurred, by label.
pub(crate) fn reasons(server: &Server) -> BTreeMap<&'static str, u64> {
    server.registry().reasons().into_iter().map(|(reason, count)| (reason.label(), count)).collect()
}

/// Waits until so many connections have ended for a reason, and sees that there were no more.
pub(crate) async fn ended(server: &Server, reason: &'static str, count: u64) {
    let seen = || reasons(server).get(reason).copied().unwrap_or(0);
    let start = Instant::now();
    while seen() < count {
        assert!(start.elapsed() < PROMPTLY, "waited for {reason}, {count} times; there were {:?}", reasons(server));
        sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(seen(), count, "{reason}; there were {:?}", reasons(server));
}

/// Why the connections from this address ended, by label, each with what else is known.
pub(crate) async fn why(server: &Server, from: impl Into<IpAddr>) -> Vec<(&'static str, String)> {
    let from = from.into();
    let closed =
        || server.registry().closed().into_iter().filter(move |one| one.peer.is_some_and(|peer| peer.ip() == from));
    until("a reason for the end of a connection", PROMPTLY, || closed().next().is_some()).await;
    closed().map(|one| (one.reason.label(), one.detail.unwrap_or_default().into())).collect()
}
