//! One row of the method table, and the closed sets in it.

use std::fmt;

/// What a call does to state, as the rate limiter and the retry rules see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Changes nothing: may be asked again.
    Read,
    /// May change something: never sent twice once it may have been applied.
    Write,
    /// Not counted by the rate limiter at all. For retries, treat it as a write.
    Exempt,
}

impl Operation {
    /// The lower-case word Consul uses for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Exempt => "exempt",
        }
    }
}

/// Declares [`Category`] with the word of each member, so that both are one list.
macro_rules! categories {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// The part of the system a method belongs to: one bucket of the rate limiter each.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Category {
            $($(#[$doc])* $name,)*
        }

        impl Category {
            /// Every category, in the order of declaration.
            pub const ALL: &[Category] = &[$(Self::$name,)*];

            /// Consul's own word for it, empty for [`Category::None`].
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }
        }
    };
}

categories! {
    /// No category is declared; the rate limiter counts it in the global bucket only.
    None = "",
    /// Tokens, policies, roles, rules, auth methods, log-ins.
    Acl = "ACL",
    /// How a new client agent gets its configuration and its certificate.
    AutoConfig = "AutoConfig",
    /// Nodes and services.
    Catalog = "Catalog",
    /// Configuration entries.
    ConfigEntry = "ConfigEntry",
    /// The mesh's certificate authority.
    ConnectCa = "ConnectCA",
    /// Network coordinates.
    Coordinate = "Coordinate",
    /// What a data plane asks for.
    DataPlane = "DataPlane",
    /// Compiled discovery chains.
    DiscoveryChain = "DiscoveryChain",
    /// DNS questions over gRPC.
    Dns = "DNS",
    /// States shared between federated datacenters.
    FederationState = "FederationState",
    /// Health checks and healthy services.
    Health = "Health",
    /// Who may talk to whom.
    Intention = "Intention",
    /// What agents and the user interface ask among themselves.
    Internal = "Internal",
    /// The key/value store.
    Kv = "KV",
    /// What an operator does to the servers.
    Operator = "Operator",
    /// The replication stream between peered clusters.
    PeerStream = "PeerStream",
    /// Peerings between clusters.
    Peering = "Peering",
    /// Prepared queries.
    PreparedQuery = "PreparedQuery",
    /// Resources of the second-generation interface.
    Resource = "Resource",
    /// Which servers there are.
    ServerDiscovery = "ServerDiscovery",
    /// Sessions.
    Session = "Session",
    /// Who leads, who votes.
    Status = "Status",
    /// Subscriptions to events.
    Subscribe = "Subscribe",
    /// Transactions.
    Txn = "Txn",
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Which common options a request carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Options {
    /// Those of a query: wait index and time, consistency, filter, token.
    Query,
    /// Those of a write: a token.
    Write,
    /// None.
    None,
}

/// On which part of the server port a method is offered. No net/rpc method is on more than one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Listener {
    /// The net/rpc routes: type bytes 0 and 4, and their ALPN names.
    Rpc,
    /// The route for callers that have no client certificate yet: type byte 7.
    Insecure,
    /// gRPC, on the servers that [`crate::GrpcRow::listeners`] names; nowhere in net/rpc.
    Grpc,
}

/// Who answers a call in the end. A server that is not it passes the call on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AnsweredBy {
    /// The server that was asked, whatever it is.
    AnyServer,
    /// Any server of the datacenter named in the request.
    Datacenter,
    /// The leader of the datacenter named in the request; for a read that allows stale answers, any server there.
    Leader,
    /// Servers of every datacenter, their answers gathered by the one that was asked.
    Everyone,
}

impl AnsweredBy {
    /// Whether a server may have to pass such a call on.
    pub const fn is_forwarded(self) -> bool {
        !matches!(self, Self::AnyServer)
    }
}

/// All that is known about a net/rpc method before it is called: one row of the table in `proconsul-structs`.
///
/// Dispatch, forwarding, rate limits, metrics and docs are derived from it.
#[derive(Debug, PartialEq, Eq)]
pub struct MethodRow {
    /// The full name as a client sends it, for example `KVS.Get`.
    pub name: &'static str,
    /// What it does to state.
    pub operation: Operation,
    /// Its bucket of the rate limiter.
    pub category: Category,
    /// Whether operation and category are declared by Consul; if not, they are its default for methods it has none for.
    pub rate_mapped: bool,
    /// Which common options its request carries.
    pub options: Options,
    /// Whether it waits for news when the request carries an index.
    pub blocking: bool,
    /// Whether it honours a wish for an answer that may be stale.
    pub stale: bool,
    /// Whether it honours a wish for a consistent answer.
    pub consistent: bool,
    /// Who answers it.
    pub answered_by: AnsweredBy,
    /// Whether passing it on counts as a read, which may then be answered by a follower and asked again after a lost
    /// connection; `None` when its request is never passed on by datacenter.
    pub forwarded_as: Option<Operation>,
    /// Whether the request carries a token.
    pub carries_token: bool,
    /// Names of the checks and filters of the access rules that it applies. An aid to readers, not a rule to run.
    pub acl: &'static [&'static str],
    /// Where it is offered.
    pub listener: Listener,
    /// Consul's name of the request's type.
    pub arg: &'static str,
    /// Consul's name of the reply's type.
    pub reply: &'static str,
    /// Whether the reply carries the facts of a query (index, leader known, consistency).
    pub reply_has_query_meta: bool,
    /// Names of the raft message types it writes.
    pub raft: &'static [&'static str],
}

impl MethodRow {
    /// A read of which nothing else is known: for services that are not Consul's, and for tests. Name what differs:
    /// `MethodRow { operation: Operation::Write, ..MethodRow::bare("Greeter.Hello") }`.
    pub const fn bare(name: &'static str) -> Self {
        Self {
            name,
            operation: Operation::Read,
            category: Category::None,
            rate_mapped: false,
            options: Options::None,
            blocking: false,
            stale: false,
            consistent: false,
            answered_by: AnsweredBy::AnyServer,
            forwarded_as: None,
            carries_token: false,
            acl: &[],
            listener: Listener::Rpc,
            arg: "",
            reply: "",
            reply_has_query_meta: false,
            raft: &[],
        }
    }

    /// What precedes the last dot of the name: `KVS`.
    pub const fn service(&self) -> &'static str {
        self.name.split_at(self.dot()).0
    }

    /// What follows the last dot of the name: `Get`.
    pub const fn method(&self) -> &'static str {
        self.name.split_at(self.dot() + 1).1
    }

    /// Whether a server may have to pass the call on to another one.
    pub const fn forwarded(&self) -> bool {
        self.answered_by.is_forwarded()
    }

    /// Position of the last dot. A name without one is a mistake in the table: it does not compile there, because the
    /// table is a constant that asks for it.
    const fn dot(&self) -> usize {
        let bytes = self.name.as_bytes();
        let mut at = bytes.len();
        while at > 0 {
            at -= 1;
            if bytes[at] == b'.' {
                return at;
            }
        }
        panic!("a method's name is Service.Method");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: MethodRow = MethodRow::bare("a.KVS.Get");

    #[test]
    fn a_service_is_what_precedes_the_last_dot() {
        assert_eq!((ROW.service(), ROW.method()), ("a.KVS", "Get"));
    }

    #[test]
    fn no_two_categories_share_a_word() {
        let mut words: Vec<_> = Category::ALL.iter().map(|category| category.as_str()).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), Category::ALL.len());
    }
}
