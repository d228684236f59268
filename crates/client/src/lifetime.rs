//! How long a call may take.
use std::time::Duration;

use proconsul_msgpack::Wire;
use proconsul_structs::GoDuration;
use proconsul_types::MethodRow;

use crate::Options;

/// A server adds up to one part in so many to a query's wait, so that queries which began together end apart.
const JITTER_PART: u32 = 16;

/// What a body says about waiting; all else in it is stepped over.
#[derive(Wire, Clone, Debug, Default)]
struct Waits {
    min_query_index: u64,
    max_query_time: GoDuration,
}

/// How long a call of `row` with this body may take when nobody said so. A query that waits for news is given its wait with the
/// server's jitter, and [`Options::hold`] for a change of leader; any other call [`Options::call_timeout`]. `None`: for ever. As
/// in Consul's connection pool.
pub fn lifetime(row: &MethodRow, body: &[u8], options: &Options) -> Option<Duration> {
    let waits = row.blocking.then(|| proconsul_msgpack::from_slice::<Waits>(body).unwrap_or_default());
    match waits {
        Some(Waits { min_query_index: 1.., max_query_time }) => {
            let wait = max_query_time.positive().unwrap_or(options.default_query_time).min(options.max_query_time);
            Some(wait + wait / JITTER_PART + options.hold)
        }
        _ => Some(options.call_timeout).filter(|limit| !limit.is_zero()),
    }
}

#[cfg(test)]
mod tests {
    use proconsul_structs::{Method, kvs::KeyRequest, methods::kvs, query::QueryOptions};

    use super::*;

    fn of(index: u64, wait_secs: u64, options: &Options) -> Option<u64> {
        let query_options = QueryOptions {
            min_query_index: index,
            max_query_time: Duration::from_secs(wait_secs).into(),
            ..QueryOptions::default()
        };
        let body = proconsul_msgpack::to_vec(&KeyRequest { query_options, ..KeyRequest::default() }).expect("a body");
        lifetime(kvs::Get::ROW, &body, options).map(|limit| limit.as_secs())
    }

    #[test]
    fn a_query_that_waits_has_its_wait_and_more() {
        let options = Options::default();
        assert_eq!(of(0, 160, &options), Some(60), "no index: it does not wait");
        assert_eq!(of(7, 160, &options), Some(160 + 10 + 7));
        assert_eq!(of(7, 0, &options), Some(300 + 18 + 7), "the server's default");
        assert_eq!(of(7, 86_400, &options), Some(600 + 37 + 7), "the server's longest");
    }

    #[test]
    fn no_limit_is_none() {
        let options = Options { call_timeout: Duration::ZERO, ..Options::default() };
        assert_eq!(of(0, 0, &options), None);
        assert_eq!(lifetime(kvs::Apply::ROW, b"\xc1", &options), None, "a body that is no request");
    }
}
