//! Who may talk to whom in the mesh.

use proconsul_msgpack::GoStr;

use super::methods;
use crate::intention::{
    IndexedIntentionMatches, IndexedIntentions, IntentionListRequest, IntentionQueryCheckResponse,
    IntentionQueryRequest, IntentionRequest,
};

methods! { "Intention" {
    /// Changes an intention. The reply is its id, empty for those of the newer form.
    Apply(IntentionRequest) -> GoStr;
    /// Reads one intention, by id or by source and destination.
    Get(IntentionQueryRequest) -> IndexedIntentions;
    /// Lists all intentions.
    List(IntentionListRequest) -> IndexedIntentions;
    /// Lists the intentions that some services are the source or the destination of.
    Match(IntentionQueryRequest) -> IndexedIntentionMatches;
    /// Decides whether one service may talk to another.
    Check(IntentionQueryRequest) -> IntentionQueryCheckResponse;
} }
