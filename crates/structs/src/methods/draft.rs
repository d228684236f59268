//! How a row of the table is written: a kind with its defaults, then only what is out of the ordinary.

use proconsul_types::{AnsweredBy, Category, Listener, MethodRow, Operation, Options};

/// A row in the making.
pub(super) struct Draft(MethodRow);

/// A read with query options, answered by the leader unless it may be stale.
pub(super) const fn query(name: &'static str, category: Category, arg: &'static str, reply: &'static str) -> Draft {
    let draft = plain(name, category, arg, reply).forwarded_as(Operation::Read);
    Draft(MethodRow { options: Options::Query, ..draft.0 })
}

/// A write with a token, answered by the leader.
pub(super) const fn write(name: &'static str, category: Category, arg: &'static str, reply: &'static str) -> Draft {
    let draft = plain(name, category, arg, reply).forwarded_as(Operation::Write).rated(Operation::Write);
    Draft(MethodRow { options: Options::Write, ..draft.0 })
}

/// A read without options, answered by whoever is asked.
pub(super) const fn plain(name: &'static str, category: Category, arg: &'static str, reply: &'static str) -> Draft {
    Draft(MethodRow {
        name,
        operation: Operation::Read,
        category,
        rate_mapped: true,
        options: Options::None,
        blocking: false,
        stale: false,
        consistent: false,
        answered_by: AnsweredBy::AnyServer,
        forwarded_as: None,
        carries_token: false,
        acl: &[],
        listener: Listener::Rpc,
        arg,
        reply,
        reply_has_query_meta: false,
        raft: &[],
    })
}

impl Draft {
    /// Waits for news, honours both consistency wishes, and says so in its reply.
    pub(super) const fn blocking(self) -> Self {
        let draft = self.stale_or_consistent().with_meta();
        Self(MethodRow { blocking: true, ..draft.0 })
    }

    /// Honours the wish for an answer that may be stale.
    pub(super) const fn stale(self) -> Self {
        Self(MethodRow { stale: true, ..self.0 })
    }

    /// Honours both consistency wishes, but does not wait.
    pub(super) const fn stale_or_consistent(self) -> Self {
        Self(MethodRow { stale: true, consistent: true, ..self.0 })
    }

    /// The reply carries the facts of a query.
    pub(super) const fn with_meta(self) -> Self {
        Self(MethodRow { reply_has_query_meta: true, ..self.0 })
    }

    /// What the rate limiter takes it for, where that is not what its options suggest.
    pub(super) const fn rated(self, operation: Operation) -> Self {
        Self(MethodRow { operation, ..self.0 })
    }

    /// The rate limiter has no class for it.
    pub(super) const fn unmapped(self) -> Self {
        Self(MethodRow { rate_mapped: false, ..self.0 })
    }

    /// Passed on to the leader of the request's datacenter, as an operation of this kind.
    pub(super) const fn forwarded_as(self, operation: Operation) -> Self {
        let answered_by = AnsweredBy::Leader;
        Self(MethodRow { forwarded_as: Some(operation), answered_by, carries_token: true, ..self.0 })
    }

    /// Passed on, but not to the leader.
    pub(super) const fn answered_by(self, answered_by: AnsweredBy) -> Self {
        Self(MethodRow { answered_by, ..self.0 })
    }

    /// Never passed on, although it has options.
    pub(super) const fn never_forwarded(self) -> Self {
        let answered_by = AnsweredBy::AnyServer;
        Self(MethodRow { forwarded_as: None, answered_by, carries_token: false, ..self.0 })
    }

    /// Offered where callers have no certificate yet.
    pub(super) const fn insecure(self) -> Self {
        Self(MethodRow { listener: Listener::Insecure, ..self.0 })
    }

    /// Names of the access checks and filters it applies.
    pub(super) const fn acl(self, acl: &'static [&'static str]) -> Self {
        Self(MethodRow { acl, ..self.0 })
    }

    /// Names of the raft messages it writes.
    pub(super) const fn raft(self, raft: &'static [&'static str]) -> Self {
        Self(MethodRow { raft, ..self.0 })
    }

    /// The finished row.
    pub(super) const fn row(self) -> MethodRow {
        self.0
    }
}
