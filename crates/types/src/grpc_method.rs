//! One row of the method table for a gRPC method, and what it is put together from.

use crate::{AnsweredBy, Category, Listener, MethodRow, Operation, Options, same_text};

/// A gRPC server that a method is offered on. A method may be on more than one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum GrpcListener {
    /// The server port, type byte 8 or ALPN `consul/rpc-grpc`: servers and agents of the cluster.
    Internal,
    /// The gRPC ports, 8502 and 8503 by default: data planes, peers, anybody with a token.
    External,
    /// The server port, type byte 9 or ALPN `consul/raft-forwarding`: followers' resource storage to that of the leader.
    RaftForwarding,
}

impl GrpcListener {
    /// The word that tables and docs use for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::External => "external",
            Self::RaftForwarding => "raft-forwarding",
        }
    }
}

/// All that is known about a gRPC method before it is called.
///
/// Dispatch, rate limits, metrics and docs are derived from [`GrpcRow::row`] as they are for net/rpc; the rest is what only gRPC has.
#[derive(Debug, PartialEq, Eq)]
pub struct GrpcRow {
    /// What both RPC systems have. The name is `package.Service.Method`; request and reply are full names of messages.
    pub row: MethodRow,
    /// What HTTP/2 carries as path: `/package.Service/Method`.
    pub path: &'static str,
    /// Whether the client sends any number of requests rather than one.
    pub client_streaming: bool,
    /// Whether the server sends any number of replies rather than one.
    pub server_streaming: bool,
    /// Where it is offered.
    pub listeners: &'static [GrpcListener],
    /// What it does, in a sentence or a few.
    pub meaning: &'static str,
}

/// A gRPC method with the messages it carries.
pub trait GrpcMethod {
    /// What a client sends; one of them, if it streams.
    type Request;
    /// What it gets; one of them, if the server streams.
    type Reply;
    /// The method's row.
    const ROW: &'static GrpcRow;
}

/// What a protobuf descriptor tells about a method: the part of a row that is generated.
#[derive(Clone, Copy, Debug)]
pub struct GrpcFacts {
    /// `package.Service.Method`.
    pub name: &'static str,
    /// `/package.Service/Method`.
    pub path: &'static str,
    /// From the rate limit annotation.
    pub operation: Operation,
    /// From the rate limit annotation.
    pub category: Category,
    /// As [`GrpcRow::client_streaming`].
    pub client_streaming: bool,
    /// As [`GrpcRow::server_streaming`].
    pub server_streaming: bool,
    /// Full name of the request message.
    pub request: &'static str,
    /// Full name of the reply message.
    pub reply: &'static str,
    /// The first paragraph of its comment.
    pub meaning: &'static str,
}

/// What no descriptor tells about a method: the part of a row that is written by hand.
#[derive(Clone, Copy, Debug)]
pub struct GrpcDuty {
    /// As in [`GrpcFacts::name`].
    pub name: &'static str,
    /// Where it is offered.
    pub listeners: &'static [GrpcListener],
    /// Who answers it.
    pub answered_by: AnsweredBy,
    /// As [`MethodRow::forwarded_as`].
    pub forwarded_as: Option<Operation>,
    /// As [`MethodRow::acl`].
    pub acl: &'static [&'static str],
}

impl GrpcDuty {
    /// The duty of a method that every server answers itself and that checks no access rule.
    pub const fn new(name: &'static str, listeners: &'static [GrpcListener]) -> Self {
        Self { name, listeners, answered_by: AnsweredBy::AnyServer, forwarded_as: None, acl: &[] }
    }

    /// Passed on to the leader, as an operation of this kind.
    pub const fn leader(self, forwarded_as: Operation) -> Self {
        Self { answered_by: AnsweredBy::Leader, forwarded_as: Some(forwarded_as), ..self }
    }

    /// Passed on to any server of the datacenter that the request names.
    pub const fn datacenter(self) -> Self {
        Self { answered_by: AnsweredBy::Datacenter, forwarded_as: Some(Operation::Read), ..self }
    }

    /// Answered by the leader only: another server refuses, and does not pass it on.
    pub const fn leader_alone(self) -> Self {
        Self { answered_by: AnsweredBy::Leader, ..self }
    }

    /// Names of the checks and filters of the access rules that it applies.
    pub const fn acl(self, acl: &'static [&'static str]) -> Self {
        Self { acl, ..self }
    }
}

impl GrpcRow {
    /// Puts a row together. For tables that are constants.
    ///
    /// # Panics
    /// When `duties` has none for the method: in a constant, that does not compile.
    pub const fn new(facts: GrpcFacts, duties: &[GrpcDuty]) -> Self {
        let mut at = 0;
        while !same_text(duties[at].name, facts.name) {
            at += 1;
            assert!(at < duties.len(), "a gRPC method has no duty: add a line for it beside the table");
        }
        let duty = duties[at];
        Self {
            row: MethodRow {
                name: facts.name,
                operation: facts.operation,
                category: facts.category,
                rate_mapped: true,
                options: Options::None,
                blocking: false,
                stale: false,
                consistent: false,
                answered_by: duty.answered_by,
                forwarded_as: duty.forwarded_as,
                carries_token: false, // it is in the metadata, key `x-consul-token`
                acl: duty.acl,
                listener: Listener::Grpc,
                arg: facts.request,
                reply: facts.reply,
                reply_has_query_meta: false,
                raft: &[],
            },
            path: facts.path,
            client_streaming: facts.client_streaming,
            server_streaming: facts.server_streaming,
            listeners: duty.listeners,
            meaning: facts.meaning,
        }
    }

    /// Whether it is offered there.
    pub fn is_on(&self, listener: GrpcListener) -> bool {
        self.listeners.contains(&listener)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FACTS: GrpcFacts = GrpcFacts {
        name: "greet.Greeter.Hello",
        path: "/greet.Greeter/Hello",
        operation: Operation::Write,
        category: Category::Operator,
        client_streaming: false,
        server_streaming: true,
        request: "greet.HelloRequest",
        reply: "greet.HelloReply",
        meaning: "Greets.",
    };
    const DUTIES: &[GrpcDuty] = &[
        GrpcDuty::new("greet.Greeter.Bye", &[GrpcListener::External]),
        GrpcDuty::new("greet.Greeter.Hello", &[GrpcListener::Internal])
            .leader(Operation::Write)
            .acl(&["OperatorWriteAllowed"]),
    ];

    #[test]
    fn a_row_is_what_the_descriptor_says_and_the_duty_of_that_name() {
        static ROW: GrpcRow = GrpcRow::new(FACTS, DUTIES);
        assert_eq!((ROW.row.service(), ROW.row.method()), ("greet.Greeter", "Hello"));
        assert_eq!((ROW.row.operation, ROW.row.category), (Operation::Write, Category::Operator));
        assert_eq!((ROW.row.answered_by, ROW.row.forwarded_as), (AnsweredBy::Leader, Some(Operation::Write)));
        assert!(ROW.server_streaming && !ROW.client_streaming);
        assert!(ROW.is_on(GrpcListener::Internal) && !ROW.is_on(GrpcListener::External));
    }

    #[test]
    #[should_panic = "has no duty"]
    fn a_method_without_a_duty_has_no_row() {
        GrpcRow::new(GrpcFacts { name: "greet.Greeter.Wave", ..FACTS }, DUTIES);
    }
}
