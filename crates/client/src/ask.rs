//! What requests have in common, to fill in while they are written.
use std::time::Duration;

use proconsul_msgpack::GoStr;
use proconsul_structs::{HasCaller, HasQueryOptions, Token};

/// Whose a request is and where it goes.
pub trait Ask: HasCaller + Sized {
    /// As the holder of this token.
    #[must_use]
    fn with_token(mut self, secret: impl Into<GoStr>) -> Self {
        *self.token_mut() = Token::new(secret);
        self
    }

    /// In this datacenter; the server that is asked passes it on.
    #[must_use]
    fn in_datacenter(mut self, name: impl Into<GoStr>) -> Self {
        *self.datacenter_mut() = name.into();
        self
    }
}

impl<T: HasCaller> Ask for T {}

/// How a query is to be answered.
pub trait AskQuery: HasQueryOptions + Sized {
    /// Any server may answer from what it has, however old: faster, and it works without a leader.
    #[must_use]
    fn stale(mut self) -> Self {
        let options = self.options_mut();
        (options.allow_stale, options.require_consistent) = (true, false);
        self
    }

    /// The leader makes sure that it still leads before it answers: slower, and never old.
    #[must_use]
    fn consistent(mut self) -> Self {
        let options = self.options_mut();
        (options.allow_stale, options.require_consistent) = (false, true);
        self
    }

    /// Only entries that match this expression, for example `Service.Port == 80`.
    #[must_use]
    fn filter(mut self, expression: impl Into<GoStr>) -> Self {
        self.options_mut().filter = expression.into();
        self
    }

    /// Answer only once the index is above this one. A [`Watch`](crate::Watch) does this itself.
    #[must_use]
    fn newer_than(mut self, index: u64) -> Self {
        self.options_mut().min_query_index = index;
        self
    }

    /// Wait so long for news, then answer all the same. Servers cap it, and add up to a sixteenth.
    #[must_use]
    fn wait(mut self, at_most: Duration) -> Self {
        self.options_mut().max_query_time = at_most.into();
        self
    }
}

impl<T: HasQueryOptions> AskQuery for T {}

#[cfg(test)]
mod tests {
    use proconsul_structs::{RpcInfo, kvs::KeyRequest, kvs::KvsRequest};

    use super::*;

    #[test]
    fn a_request_is_filled_in_while_it_is_written() {
        let request = KeyRequest { key: "a".into(), ..KeyRequest::default() };
        let request = request.with_token("secret").in_datacenter("dc2").consistent().stale().filter("Flags == 1");
        let request = request.newer_than(7).wait(Duration::from_secs(30));
        let options = request.query_options().expect("a query");
        assert_eq!((options.allow_stale, options.require_consistent), (true, false), "the last one holds");
        assert_eq!((options.min_query_index, options.max_query_time.0), (7, 30_000_000_000));
        assert_eq!(options.filter, "Flags == 1");
        assert_eq!(request.datacenter, "dc2");
        assert_eq!(*options.token.reveal(), "secret");
        assert!(!format!("{request:?}").contains("secret"));
        assert!(!KvsRequest::default().with_token("x").write_request.token.is_anonymous());
    }
}
