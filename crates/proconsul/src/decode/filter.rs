//! What is shown.
use proconsul_decode::{Event, GrpcEnd, What};

/// Which events are shown; what is empty is no condition.
pub(super) struct Filter {
    conns: Vec<u64>,
    streams: Vec<u32>,
    method: Option<String>,
    calls: bool,
}

impl Filter {
    pub(super) fn new(conns: &[u64], streams: &[u32], method: Option<&str>, calls: bool) -> Self {
        let method = method.map(str::to_lowercase);
        Self { conns: conns.to_vec(), streams: streams.to_vec(), method, calls }
    }

    pub(super) fn shows(&self, event: &Event) -> bool {
        let of_conn = self.conns.is_empty() || self.conns.contains(&event.conn.0);
        let of_stream = self.streams.is_empty() || event.stream.is_some_and(|stream| self.streams.contains(&stream));
        let frame = matches!(event.what, What::Frame(_) | What::Http2 { .. } | What::Tls(_));
        let named = match &self.method {
            None => true,
            Some(pattern) => name(&event.what).is_some_and(|name| name.to_lowercase().contains(pattern)),
        };
        of_conn && of_stream && named && !(self.calls && frame)
    }
}

/// The name of the call that an event is part of.
fn name(what: &What) -> Option<&str> {
    match what {
        What::Call(message) | What::Reply { message, .. } => Some(&message.method),
        What::Unanswered { method, .. } => Some(method),
        What::Raft { call, .. } => Some(call.name()),
        What::RaftEntry { name, kind, .. } => Some(name.as_deref().unwrap_or(kind)),
        What::GrpcCall { path, .. } => Some(path),
        What::GrpcMessage { path, .. } | What::GrpcEnd(GrpcEnd { path, .. }) => path.as_deref(),
        _ => None,
    }
}
