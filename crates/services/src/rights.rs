//! What a method asks about its caller's rights.
//!
//! A method never looks at a token. It is given [`Rights`] and asks one [`Access`] after another; who answers is an
//! [`Authorizer`], found by the token once a call. With ACLs off everything is allowed ([`AllowAll`]), and lists are not
//! walked to find that out.
use std::{fmt, sync::Arc};

use proconsul_msgpack::GoStr;
use proconsul_netrpc::Fault;
use proconsul_structs::Token;

/// One thing that a caller wants to do. Names are those of the subject, as stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access<'a> {
    /// Reads a key.
    KeyRead(&'a GoStr),
    /// Lists the keys with a prefix.
    KeyList(&'a GoStr),
    /// Writes, deletes or locks a key.
    KeyWrite(&'a GoStr),
    /// Deletes all keys with a prefix.
    KeyWritePrefix(&'a GoStr),
    /// Sees a node.
    NodeRead(&'a GoStr),
    /// Sees every node.
    NodeReadAll,
    /// Changes a node.
    NodeWrite(&'a GoStr),
    /// Sees a service.
    ServiceRead(&'a GoStr),
    /// Sees every service.
    ServiceReadAll,
    /// Changes a service.
    ServiceWrite(&'a GoStr),
    /// Changes some service, whichever.
    ServiceWriteAny,
    /// Sees the sessions of a node.
    SessionRead(&'a GoStr),
    /// Makes, renews and ends sessions of a node.
    SessionWrite(&'a GoStr),
    /// Sees a prepared query by its name.
    PreparedQueryRead(&'a GoStr),
    /// Changes a prepared query by its name.
    PreparedQueryWrite(&'a GoStr),
    /// Sees an event by its name.
    EventRead(&'a GoStr),
    /// Fires an event.
    EventWrite(&'a GoStr),
    /// Sees what an agent says of itself.
    AgentRead(&'a GoStr),
    /// Changes an agent.
    AgentWrite(&'a GoStr),
    /// Sees gossip keys.
    KeyringRead,
    /// Changes gossip keys.
    KeyringWrite,
    /// Sees operators' facts.
    OperatorRead,
    /// Does operators' work.
    OperatorWrite,
    /// Sees tokens, policies and the like.
    AclRead,
    /// Changes tokens, policies and the like.
    AclWrite,
    /// Sees settings of the whole mesh.
    MeshRead,
    /// Changes settings of the whole mesh.
    MeshWrite,
    /// Sees peerings.
    PeeringRead,
    /// Changes peerings.
    PeeringWrite,
    /// Sees who may talk to a service.
    IntentionRead(&'a GoStr),
    /// Changes who may talk to a service.
    IntentionWrite(&'a GoStr),
    /// Takes or restores a snapshot.
    Snapshot,
}

impl<'a> Access<'a> {
    /// The resource and the level, as Consul writes them in what it answers to those who may not.
    pub fn permission(self) -> &'static str {
        match self {
            Self::KeyRead(_) => "key:read",
            Self::KeyList(_) => "key:list",
            Self::KeyWrite(_) | Self::KeyWritePrefix(_) => "key:write",
            Self::NodeRead(_) | Self::NodeReadAll => "node:read",
            Self::NodeWrite(_) => "node:write",
            Self::ServiceRead(_) | Self::ServiceReadAll => "service:read",
            Self::ServiceWrite(_) | Self::ServiceWriteAny => "service:write",
            Self::SessionRead(_) => "session:read",
            Self::SessionWrite(_) => "session:write",
            Self::PreparedQueryRead(_) => "query:read",
            Self::PreparedQueryWrite(_) => "query:write",
            Self::EventRead(_) => "event:read",
            Self::EventWrite(_) => "event:write",
            Self::AgentRead(_) => "agent:read",
            Self::AgentWrite(_) => "agent:write",
            Self::KeyringRead => "keyring:read",
            Self::KeyringWrite => "keyring:write",
            Self::OperatorRead => "operator:read",
            Self::OperatorWrite => "operator:write",
            Self::AclRead => "acl:read",
            Self::AclWrite => "acl:write",
            Self::MeshRead => "mesh:read",
            Self::MeshWrite => "mesh:write",
            Self::PeeringRead => "peering:read",
            Self::PeeringWrite => "peering:write",
            Self::IntentionRead(_) => "intention:read",
            Self::IntentionWrite(_) => "intention:write",
            Self::Snapshot => "acl:write",
        }
    }

    /// What it is about; `None` where it is about everything.
    pub fn subject(self) -> Option<&'a GoStr> {
        match self {
            Self::KeyRead(name)
            | Self::KeyList(name)
            | Self::KeyWrite(name)
            | Self::KeyWritePrefix(name)
            | Self::NodeRead(name)
            | Self::NodeWrite(name)
            | Self::ServiceRead(name)
            | Self::ServiceWrite(name)
            | Self::SessionRead(name)
            | Self::SessionWrite(name)
            | Self::PreparedQueryRead(name)
            | Self::PreparedQueryWrite(name)
            | Self::EventRead(name)
            | Self::EventWrite(name)
            | Self::AgentRead(name)
            | Self::AgentWrite(name)
            | Self::IntentionRead(name)
            | Self::IntentionWrite(name) => Some(name),
            _ => None,
        }
    }
}

/// Who says what one caller may do.
pub trait Authorizer: Send + Sync {
    /// Whether the caller may.
    fn allows(&self, access: Access<'_>) -> bool;

    /// Whether the caller may do everything, so that lists need no filtering. False is always a right answer.
    fn allows_all(&self) -> bool {
        false
    }

    /// The accessor id of the caller's token; `None` for the anonymous caller.
    fn accessor(&self) -> Option<GoStr>;
}

/// Finds who answers for a token.
pub trait Authorizers: Send + Sync {
    /// The one who answers for a token.
    ///
    /// # Errors
    /// There is no such token.
    fn of(&self, token: Option<&Token>) -> Result<Rights, Fault>;
}

/// Everybody may do everything: ACLs are off.
#[derive(Clone, Copy, Debug, Default)]
pub struct AllowAll;

impl Authorizer for AllowAll {
    fn allows(&self, _: Access<'_>) -> bool {
        true
    }

    fn allows_all(&self) -> bool {
        true
    }

    fn accessor(&self) -> Option<GoStr> {
        None
    }
}

impl Authorizers for AllowAll {
    fn of(&self, _: Option<&Token>) -> Result<Rights, Fault> {
        Ok(Rights::default())
    }
}

/// What one caller may do.
#[derive(Clone, Default)]
pub struct Rights(Option<Arc<dyn Authorizer>>);

impl Rights {
    /// As this one says.
    pub fn new(authorizer: Arc<dyn Authorizer>) -> Self {
        Self(Some(authorizer))
    }

    /// Whether the caller may.
    pub fn allows(&self, access: Access<'_>) -> bool {
        self.0.as_ref().is_none_or(|authorizer| authorizer.allows(access))
    }

    /// Whether the caller may do everything, so that there is nothing to filter.
    pub fn allows_all(&self) -> bool {
        self.0.as_ref().is_none_or(|authorizer| authorizer.allows_all())
    }

    /// Whether access rules are on, and the caller has shown no token.
    pub fn is_anonymous(&self) -> bool {
        self.0.as_ref().is_some_and(|authorizer| authorizer.accessor().is_none())
    }

    /// That the caller may.
    ///
    /// # Errors
    /// The caller may not: Consul's text says what is lacking.
    pub fn demand(&self, access: Access<'_>) -> Result<(), Fault> {
        match &self.0 {
            Some(authorizer) if !authorizer.allows(access) => Err(denied(authorizer.accessor().as_ref(), access)),
            _ => Ok(()),
        }
    }

    /// Leaves out of a list what the caller may not see. True if anything was left out.
    pub fn filter<T>(&self, list: &mut Vec<T>, may_see: impl Fn(&Self, &T) -> bool) -> bool {
        if self.allows_all() {
            return false;
        }
        let before = list.len();
        list.retain(|item| may_see(self, item));
        list.len() != before
    }
}

impl fmt::Debug for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Rights(..)" } else { "Rights(all)" })
    }
}

fn denied(accessor: Option<&GoStr>, access: Access<'_>) -> Fault {
    let anonymous = accessor.is_none();
    let who = accessor.map_or_else(
        || "anonymous token".to_owned(),
        |accessor| format!("token with AccessorID '{}'", accessor.to_str_lossy()),
    );
    let mut text = format!("Permission denied: {who} lacks permission '{}'", access.permission());
    let subject = match access {
        Access::ServiceWriteAny => Some("any service".into()),
        _ => access.subject().map(|subject| subject.to_str_lossy()),
    };
    if let Some(subject) = subject {
        text.push_str(&format!(" on {}", proconsul_types::GoQuoted(&subject)));
    }
    if anonymous {
        text.push_str(". The anonymous token is used implicitly when a request does not specify a token.");
    }
    Fault::answer(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Nobody(Option<GoStr>);

    impl Authorizer for Nobody {
        fn allows(&self, _: Access<'_>) -> bool {
            false
        }

        fn accessor(&self) -> Option<GoStr> {
            self.0.clone()
        }
    }

    /// Texts as recorded: golden group `acl`.
    #[test]
    fn who_may_not_is_told_what_is_lacking() {
        let key = GoStr::from("am/1");
        let anonymous = Rights::new(Arc::new(Nobody(None)));
        let told = |rights: &Rights, access| rights.demand(access).expect_err("nobody may").to_string();
        assert_eq!(
            told(&anonymous, Access::KeyRead(&key)),
            "Permission denied: anonymous token lacks permission 'key:read' on \"am/1\". \
             The anonymous token is used implicitly when a request does not specify a token."
        );
        assert_eq!(
            told(&anonymous, Access::ServiceWriteAny),
            "Permission denied: anonymous token lacks permission 'service:write' on \"any service\". \
             The anonymous token is used implicitly when a request does not specify a token."
        );
        let known = Rights::new(Arc::new(Nobody(Some("1-2".into()))));
        assert_eq!(
            told(&known, Access::OperatorRead),
            "Permission denied: token with AccessorID '1-2' lacks permission 'operator:read'"
        );
    }

    #[test]
    fn a_list_is_filtered_and_says_so() {
        let nobody = Rights::new(Arc::new(Nobody(None)));
        let mut list = vec![1, 2];
        assert!(nobody.filter(&mut list, |_, item| *item == 2));
        assert_eq!(list, [2]);
        assert!(!nobody.filter(&mut list, |_, item| *item == 2), "nothing was left out");
        assert!(!Rights::default().filter(&mut list, |_, _| false), "all is allowed, and nobody is asked");
    }
}
