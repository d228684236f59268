//! What is answered, and to what. Texts are Consul's: `agent/consul/snapshot_endpoint.go`, golden groups `routing` and `acl`.

use proconsul_msgpack::GoStr;
use proconsul_services::{Access, Context};
use proconsul_structs::snapshot::{SnapshotOp, SnapshotRequest, SnapshotResponse};
use proconsul_types::{GoQuotedChar, WireText};

/// What a request that may be served wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Todo {
    Save,
    Restore,
}

/// What to do, or why nothing is done. A datacenter must be named: an empty one is no one's here.
pub(super) fn todo(request: &SnapshotRequest, context: &Context) -> Result<Todo, GoStr> {
    if request.datacenter != context.datacenter {
        return Err(text(WireText::NO_PATH_TO_DATACENTER));
    }
    let rights = context.authorizers.of(Some(&request.token)).map_err(|fault| GoStr::from(fault.to_string()))?;
    rights.demand(Access::Snapshot).map_err(|fault| GoStr::from(fault.to_string()))?;
    match request.op {
        SnapshotOp::SAVE => Ok(Todo::Save),
        SnapshotOp::RESTORE if request.allow_stale => Err("stale not allowed for restore".into()),
        SnapshotOp::RESTORE => Ok(Todo::Restore),
        SnapshotOp(other) => Err(format!("unrecognized snapshot op {}", GoRune(other)).into()),
    }
}

/// An answer that says why not, and nothing else.
pub(super) fn refusal(text: GoStr) -> SnapshotResponse {
    SnapshotResponse { error: text, ..SnapshotResponse::default() }
}

fn text(text: WireText) -> GoStr {
    GoStr::from(String::from(text))
}

/// A number as Go's `%q` shows it: as the character with that number.
pub(super) struct GoRune(pub(super) i64);

impl std::fmt::Display for GoRune {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let c = u32::try_from(self.0).ok().and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER);
        GoQuotedChar(c).fmt(f)
    }
}
