//! Rows and columns: what each view shows of a snapshot, and by what it can be sorted.
use std::cmp::Ordering;

use proconsul_admin::view::Snapshot;

use super::super::{
    human,
    lists::{CONN_HEADER, conn_cells, slow_cells},
};

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum View {
    Connections,
    Methods,
    Routes,
    Refusals,
    Slow,
}

/// A column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    pub(super) name: &'static str,
    /// Whether the greatest stand first.
    pub(super) descending: bool,
}

/// A row.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// The connection that it is about.
    pub(super) conn: Option<u64>,
    pub(super) cells: Vec<String>,
    /// What it is sorted by, one for each cell.
    pub(super) keys: Vec<Key>,
}

/// What a row is sorted by.
#[derive(Clone, Debug)]
pub(super) enum Key {
    Number(f64),
    Text(String),
}

impl Key {
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(one), Self::Number(other)) => one.total_cmp(other),
            (Self::Text(one), Self::Text(other)) => one.cmp(other),
            (Self::Number(_), Self::Text(_)) => Ordering::Less,
            (Self::Text(_), Self::Number(_)) => Ordering::Greater,
        }
    }
}

const fn number(name: &'static str) -> Column {
    Column { name, descending: true }
}

const fn text(name: &'static str) -> Column {
    Column { name, descending: false }
}

const CONNECTIONS: &[Column] = &[
    number(CONN_HEADER[0]),
    text(CONN_HEADER[1]),
    text(CONN_HEADER[2]),
    text(CONN_HEADER[3]),
    text(CONN_HEADER[4]),
    number(CONN_HEADER[5]),
    number(CONN_HEADER[6]),
    number(CONN_HEADER[7]),
    number(CONN_HEADER[8]),
    number(CONN_HEADER[9]),
    number(CONN_HEADER[10]),
    number(CONN_HEADER[11]),
];
const METHODS: &[Column] = &[
    text("METHOD"),
    number("CALLS"),
    number("ERRORS"),
    number("PER SECOND"),
    number("HALF WITHIN"),
    number("99% WITHIN"),
];
const ROUTES: &[Column] = &[text("ROUTE"), text("BYTE"), text("ALPN"), number("LIVE"), number("ACCEPTED")];
const REFUSALS: &[Column] = &[text("LAST"), text("PEER"), text("REASON"), number("TIMES"), text("WHY")];
const SLOW: &[Column] = &[number("TOOK"), text("METHOD"), text("PEER"), text("ENDED"), text("ANSWER")];

impl View {
    pub(super) const ALL: [Self; 5] = [Self::Connections, Self::Methods, Self::Routes, Self::Refusals, Self::Slow];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Connections => "Connections",
            Self::Methods => "Methods",
            Self::Routes => "Routes",
            Self::Refusals => "Ended and refused",
            Self::Slow => "Slow calls",
        }
    }

    pub(super) fn columns(self) -> &'static [Column] {
        match self {
            Self::Connections => CONNECTIONS,
            Self::Methods => METHODS,
            Self::Routes => ROUTES,
            Self::Refusals => REFUSALS,
            Self::Slow => SLOW,
        }
    }

    /// The column that it is sorted by at first: who has been served most, what is called most, and so on.
    pub(super) fn first_sort(self) -> usize {
        match self {
            Self::Connections => 8,
            Self::Methods => 3,
            Self::Routes => 3,
            Self::Refusals | Self::Slow => 0,
        }
    }

    /// Its rows, as the server tells them.
    pub(super) fn rows(self, of: &Snapshot) -> Vec<Row> {
        match self {
            Self::Connections => of.conns.iter().map(connection).collect(),
            Self::Methods => of.methods.iter().map(method).collect(),
            Self::Routes => of.routes.iter().map(route).collect(),
            Self::Refusals => of.closed.iter().map(closed).collect(),
            Self::Slow => of.slow.iter().map(slow).collect(),
        }
    }
}

fn count(number: u64) -> Key {
    Key::Number(number as f64)
}

fn connection(conn: &proconsul_admin::view::ConnView) -> Row {
    let cells = conn_cells(conn);
    let mut keys: Vec<Key> = cells.iter().cloned().map(Key::Text).collect();
    let call = conn.current.as_ref().map_or(-1.0, |call| call.age_ms as f64);
    let numbers = [
        (0, count(conn.id)),
        (5, count(conn.age_ms)),
        (6, count(conn.bytes_in)),
        (7, count(conn.bytes_out)),
        (8, count(conn.calls)),
        (9, count(conn.errors)),
        (10, count(conn.streams)),
        (11, Key::Number(call)),
    ];
    for (at, key) in numbers {
        keys[at] = key;
    }
    Row { conn: Some(conn.id), cells, keys }
}

fn method(method: &proconsul_admin::view::MethodView) -> Row {
    let time = |ms: Option<f64>| ms.map_or_else(|| "-".to_owned(), human::milliseconds);
    let cells = vec![
        human::words(&method.method),
        method.calls.to_string(),
        method.errors.to_string(),
        format!("{:.1}", method.rate),
        time(method.p50_ms),
        time(method.p99_ms),
    ];
    let keys = vec![
        Key::Text(method.method.clone()),
        count(method.calls),
        count(method.errors),
        Key::Number(method.rate),
        Key::Number(method.p50_ms.unwrap_or(-1.0)),
        Key::Number(method.p99_ms.unwrap_or(-1.0)),
    ];
    Row { conn: None, cells, keys }
}

fn route(route: &proconsul_admin::view::RouteView) -> Row {
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let cells = vec![
        human::words(&route.label),
        or_none(route.byte.map(|byte| match char::from(byte) {
            letter if letter.is_ascii_graphic() => letter.to_string(), // HTTP/2's preface begins with one
            _ => byte.to_string(),
        })),
        or_none(route.alpn.as_deref().map(human::words)),
        route.live.to_string(),
        route.accepted.to_string(),
    ];
    let mut keys: Vec<Key> = cells.iter().cloned().map(Key::Text).collect();
    keys[1] = Key::Number(route.byte.map_or(f64::MAX, f64::from));
    keys[3] = count(route.live);
    keys[4] = count(route.accepted);
    Row { conn: None, cells, keys }
}

fn closed(closed: &proconsul_admin::view::ClosedView) -> Row {
    let cells = vec![
        format!("{} ago", human::duration(closed.ago_ms)),
        human::words(&closed.peer),
        human::words(&closed.reason),
        closed.count.to_string(),
        human::words(&closed.detail),
    ];
    let mut keys: Vec<Key> = cells.iter().cloned().map(Key::Text).collect();
    keys[0] = count(closed.ago_ms);
    keys[3] = count(closed.count);
    Row { conn: None, cells, keys }
}

fn slow(call: &proconsul_admin::view::SlowView) -> Row {
    let cells = slow_cells(call);
    let mut keys: Vec<Key> = cells.iter().cloned().map(Key::Text).collect();
    keys[0] = Key::Number(call.ms);
    keys[3] = count(call.ended_ms_ago);
    Row { conn: None, cells, keys }
}
