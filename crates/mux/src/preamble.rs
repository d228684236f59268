//! What a client writes first.
use crate::{Route, row_of};

/// The byte that a client writes before anything else on a connection that is to take `route`; `None` when the route is
/// reached by its ALPN name only. Write it with the first bytes of what follows, or turn Nagle's algorithm off before.
pub fn preamble(route: Route) -> Option<u8> {
    row_of(route).and_then(|row| row.byte)
}
