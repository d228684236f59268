//! Tokens, policies, roles, binding rules and auth methods.
//!
//! Source: `acl.go`. Rules and templates of policies are not read here: what does not parse is refused by the endpoint.

use std::sync::Arc;

use proconsul_msgpack::GoStr;
use proconsul_structs::List;
use proconsul_structs::acl::{
    AclAuthMethod, AclAuthMethodBatchDeleteRequest, AclAuthMethodBatchSetRequest, AclBindingRule,
    AclBindingRuleBatchDeleteRequest, AclBindingRuleBatchSetRequest, AclLink, AclNodeIdentity, AclPolicy,
    AclPolicyBatchDeleteRequest, AclPolicyBatchSetRequest, AclRole, AclRoleBatchDeleteRequest, AclRoleBatchSetRequest,
    AclServiceIdentity, AclToken, AclTokenBatchDeleteRequest, AclTokenBatchSetRequest, AclTokenBootstrapRequest,
    TokenLocality,
};
use proconsul_types::{GoQuoted, WireText};

use super::{ACL_BOOTSTRAP_INDEX, BadKey, Record, RecordTables, key, refused};
use crate::Outcome;
use crate::fold;
use crate::tables::transaction::Transaction;

/// Accessor of the token that stands for everyone without one.
const ANONYMOUS_TOKEN: &str = "00000000-0000-0000-0000-000000000002";
/// Policies that every cluster has, by id.
const BUILTIN_POLICIES: [(&str, &str); 2] = [
    ("00000000-0000-0000-0000-000000000001", "global-management"),
    ("00000000-0000-0000-0000-000000000002", "builtin/global-read-only"),
];

/// What is asked of tokens to be stored, besides that they are whole.
#[derive(Clone, Copy, Default)]
struct TokenOptions {
    /// Store only what is as old as the request says.
    cas: bool,
    allow_missing_links: bool,
    prohibit_unprivileged: bool,
    from_replication: bool,
}

impl Transaction<'_> {
    pub(super) fn bootstrap_acl(&mut self, request: &AclTokenBootstrapRequest) -> Result<Outcome, WireText> {
        match self.tables.indexes.named(ACL_BOOTSTRAP_INDEX) {
            0 => {}
            _ if request.reset_index == 0 => return Err(WireText::ACL_BOOTSTRAP_NOT_ALLOWED),
            at if request.reset_index != at => return Err(WireText::ACL_BOOTSTRAP_WRONG_INDEX),
            _ => {}
        }
        self.set_token(request.token.clone(), TokenOptions::default())
            .map_err(|cause| refused(format!("failed inserting bootstrap token: {cause}")))?;
        self.tables.indexes.set(ACL_BOOTSTRAP_INDEX.as_bytes(), self.index);
        Ok(Outcome::Nothing)
    }

    pub(super) fn set_tokens(&mut self, request: &AclTokenBatchSetRequest) -> Result<Outcome, WireText> {
        let options = TokenOptions {
            cas: request.cas,
            allow_missing_links: request.allow_missing_links,
            prohibit_unprivileged: request.prohibit_unprivileged,
            from_replication: request.from_replication,
        };
        for token in request.tokens.iter().flatten() {
            self.set_token((**token).clone(), options)?;
        }
        Ok(Outcome::Nothing)
    }

    fn set_token(&mut self, mut token: AclToken, options: TokenOptions) -> Result<(), WireText> {
        if token.secret_id.reveal().is_empty() {
            return Err(refused("Missing ACL Token SecretID"));
        }
        if token.accessor_id.is_empty() {
            return Err(refused("Missing ACL Token AccessorID"));
        }
        if options.from_replication && token.local {
            return Err(refused("Cannot replicate local tokens"));
        }
        let found = self.stored::<AclToken>(&[&token.accessor_id]);
        let old = found.map_err(|cause| refused(format!("failed token lookup: {cause}")))?.cloned();
        let held = old.as_ref().map_or(0, |old| old.raft_index.modify_index);
        if options.cas && token.raft_index.modify_index != held {
            return Ok(());
        }
        let policies = self.name_policies(&mut token.policies, "Token", options.allow_missing_links)?;
        let roles = self.name_roles(&mut token.roles, options.allow_missing_links)?;
        if !token.auth_method.is_empty()
            && !options.from_replication
            && !matches!(self.stored::<AclAuthMethod>(&[&token.auth_method]), Ok(Some(_)))
        {
            return Err(refused(format!("No such auth method with Name: {}", token.auth_method)));
        }
        identities_are_whole(&token.service_identities, &token.node_identities, "Token")?;
        let has = |count: usize| count != 0;
        let privileged = has(policies)
            || has(roles)
            || has(token.service_identities.iter().flatten().count())
            || has(token.node_identities.iter().flatten().count())
            || has(token.templated_policies.iter().flatten().count());
        if options.prohibit_unprivileged && !privileged {
            return Err(refused("Token has no privileges"));
        }
        if let Some(old) = &old {
            if token.accessor_id != old.accessor_id {
                return Err(refused("The ACL Token AccessorID field is immutable"));
            }
            if token.secret_id != old.secret_id {
                return Err(refused("The ACL Token SecretID field is immutable"));
            }
        }
        self.file_token(token).map_err(|cause| refused(format!("failed inserting acl token: {cause}")))
    }

    /// Stores a token in both of its trees. A secret that another token has becomes this one's.
    fn file_token(&mut self, token: AclToken) -> Result<(), BadKey> {
        let secret = key::exact(&[token.secret_id.reveal()])?;
        let filed = token.key()?;
        self.store_record(token)?;
        let tables: &mut RecordTables = &mut self.tables.records;
        let Some(token) = tables.tokens.get(&filed).cloned() else { return Ok(()) };
        let had = tables.by_secret.insert(&secret, token.clone());
        if let Some(other) = had.filter(|had| had.accessor_id != token.accessor_id) {
            let other = other.key()?;
            self.remove_record::<AclToken>(other);
        }
        Ok(())
    }

    pub(super) fn delete_tokens(&mut self, request: &AclTokenBatchDeleteRequest) -> Result<Outcome, WireText> {
        for id in request.token_ids.iter().flatten() {
            let found = self.stored::<AclToken>(&[id]);
            let found = found.map_err(|cause| refused(format!("failed acl token lookup: {cause}")))?;
            let Some(token) = found.cloned() else { continue };
            if token.accessor_id == ANONYMOUS_TOKEN {
                return Err(refused("Deletion of the builtin anonymous token is not permitted"));
            }
            self.drop_token(&token);
        }
        Ok(Outcome::Nothing)
    }

    fn drop_token(&mut self, token: &AclToken) {
        if let Ok(key) = token.key() {
            self.remove_record::<AclToken>(key);
        }
        if let Ok(secret) = key::exact(&[token.secret_id.reveal()]) {
            self.tables.records.by_secret.remove(&secret);
        }
    }

    pub(super) fn set_policies(&mut self, request: &AclPolicyBatchSetRequest) -> Result<Outcome, WireText> {
        for policy in request.policies.iter().flatten() {
            self.set_policy(policy)?;
        }
        Ok(Outcome::Nothing)
    }

    fn set_policy(&mut self, policy: &AclPolicy) -> Result<(), WireText> {
        if policy.id.is_empty() {
            return Err(refused("Missing ACL Policy ID"));
        }
        if policy.name.is_empty() {
            return Err(refused("Missing ACL Policy Name"));
        }
        let old = self.stored::<AclPolicy>(&[&policy.id]).map_err(bad_key)?;
        if let (Some(name), Some(old)) = (builtin(&policy.id), old) {
            // What is stored under such an id are the built-in rules: they cannot have been changed.
            if policy.rules != old.rules {
                return Err(refused(format!("Changing the Rules for the builtin {name} policy is not permitted")));
            }
            if policy.datacenters.iter().flatten().next().is_some() {
                return Err(refused(format!("Changing the Datacenters of the builtin {name} policy is not permitted")));
            }
        }
        let same_name = |other: &&Arc<AclPolicy>| fold::same(&other.name, &policy.name);
        if self.tables.records.policies.values().find(same_name).is_some_and(|other| other.id != policy.id) {
            let name = policy.name.to_str_lossy();
            return Err(refused(format!("A policy with name {} already exists", GoQuoted(&name))));
        }
        self.store_record(policy.clone()).map_err(|cause| refused(format!("failed inserting acl policy: {cause}")))
    }

    pub(super) fn delete_policies(&mut self, request: &AclPolicyBatchDeleteRequest) -> Result<Outcome, WireText> {
        for id in request.policy_ids.iter().flatten() {
            let found = self.stored::<AclPolicy>(&[id]);
            let found = found.map_err(|cause| refused(format!("failed acl policy lookup: {cause}")))?;
            let Some(policy) = found else { continue };
            if let Some(name) = builtin(&policy.id) {
                return Err(refused(format!("Deletion of the builtin {name} policy is not permitted")));
            }
            let key = policy.key().map_err(bad_key)?;
            self.remove_record::<AclPolicy>(key);
        }
        Ok(Outcome::Nothing)
    }

    pub(super) fn set_roles(&mut self, request: &AclRoleBatchSetRequest) -> Result<Outcome, WireText> {
        for role in request.roles.iter().flatten() {
            self.set_role((**role).clone(), request.allow_missing_links)?;
        }
        Ok(Outcome::Nothing)
    }

    fn set_role(&mut self, mut role: AclRole, allow_missing: bool) -> Result<(), WireText> {
        if role.id.is_empty() {
            return Err(refused("Missing ACL Role ID"));
        }
        if role.name.is_empty() {
            return Err(refused("Missing ACL Role Name"));
        }
        self.stored::<AclRole>(&[&role.id]).map_err(|cause| refused(format!("failed acl role lookup: {cause}")))?;
        let same_name = |other: &&Arc<AclRole>| fold::same(&other.name, &role.name);
        if self.tables.records.roles.values().find(same_name).is_some_and(|other| other.id != role.id) {
            let name = role.name.to_str_lossy();
            return Err(refused(format!("A role with name {} already exists", GoQuoted(&name))));
        }
        self.name_policies(&mut role.policies, "Role", allow_missing)?;
        identities_are_whole(&role.service_identities, &role.node_identities, "Role")?;
        self.store_record(role).map_err(|cause| refused(format!("failed inserting acl role: {cause}")))
    }

    pub(super) fn delete_roles(&mut self, request: &AclRoleBatchDeleteRequest) -> Result<Outcome, WireText> {
        for id in request.role_ids.iter().flatten() {
            let key = AclRole::key_of(&[id]).map_err(|cause| refused(format!("failed acl role lookup: {cause}")))?;
            self.remove_record::<AclRole>(key);
        }
        Ok(Outcome::Nothing)
    }

    pub(super) fn set_binding_rules(&mut self, request: &AclBindingRuleBatchSetRequest) -> Result<Outcome, WireText> {
        for rule in request.binding_rules.iter().flatten() {
            if rule.id.is_empty() {
                return Err(refused("Missing ACL Binding Rule ID"));
            }
            if rule.auth_method.is_empty() {
                return Err(refused("Missing ACL Binding Rule Auth Method"));
            }
            AclBindingRule::key_of(&[&rule.id])
                .map_err(|cause| refused(format!("failed acl binding rule lookup: {cause}")))?;
            if !matches!(self.stored::<AclAuthMethod>(&[&rule.auth_method]), Ok(Some(_))) {
                return Err(refused("failed inserting acl binding rule: auth method not found"));
            }
            self.store_record((**rule).clone()).map_err(bad_key)?;
        }
        Ok(Outcome::Nothing)
    }

    /// Ids that are none are passed over, as Consul does.
    pub(super) fn delete_binding_rules(&mut self, request: &AclBindingRuleBatchDeleteRequest) -> Outcome {
        for id in request.binding_rule_ids.iter().flatten() {
            if let Ok(key) = AclBindingRule::key_of(&[id]) {
                self.remove_record::<AclBindingRule>(key);
            }
        }
        Outcome::Nothing
    }

    pub(super) fn set_auth_methods(&mut self, request: &AclAuthMethodBatchSetRequest) -> Result<Outcome, WireText> {
        for method in request.auth_methods.iter().flatten() {
            if method.name.is_empty() {
                return Err(refused("Missing ACL Auth Method Name"));
            }
            if GoStr::from(&method.method_type).is_empty() {
                return Err(refused("Missing ACL Auth Method Type"));
            }
            self.store_record((**method).clone()).map_err(bad_key)?;
        }
        Ok(Outcome::Nothing)
    }

    /// Removes auth methods with their binding rules and the tokens that were made by them.
    pub(super) fn delete_auth_methods(&mut self, request: &AclAuthMethodBatchDeleteRequest) -> Outcome {
        for name in request.auth_method_names.iter().flatten() {
            let Ok(Some(method)) = self.stored::<AclAuthMethod>(&[name]) else { continue };
            let method = Arc::clone(method);
            let of_method = |other: &GoStr| fold::same(other, &method.name);
            let rules = self.tables.records.binding_rules.values();
            let rules: Vec<_> = rules.filter(|rule| of_method(&rule.auth_method)).cloned().collect();
            for key in rules.iter().filter_map(|rule| rule.key().ok()) {
                self.remove_record::<AclBindingRule>(key);
            }
            // Tokens of the other locality are another datacenter's affair.
            let global = method.token_locality == TokenLocality::Global;
            let tokens = self.tables.records.tokens.values();
            let made = tokens.filter(|token| of_method(&token.auth_method) && token.local != global);
            for token in made.cloned().collect::<Vec<_>>() {
                self.drop_token(&token);
            }
            if let Ok(key) = method.key() {
                self.remove_record::<AclAuthMethod>(key);
            }
        }
        Outcome::Nothing
    }

    /// Gives links to policies the policies' names. Returns how many lead somewhere.
    fn name_policies(&self, links: &mut List<AclLink>, whose: &str, allow_missing: bool) -> Result<usize, WireText> {
        self.name_links::<AclPolicy>(links, allow_missing, ("policies", "policy"), whose, |policy| &policy.name)
    }

    fn name_roles(&self, links: &mut List<AclLink>, allow_missing: bool) -> Result<usize, WireText> {
        self.name_links::<AclRole>(links, allow_missing, ("roles", "role"), "Token", |role| &role.name)
    }

    fn name_links<R: Record>(
        &self,
        links: &mut List<AclLink>,
        allow_missing: bool,
        (plural, singular): (&str, &str),
        whose: &str,
        name: impl Fn(&R) -> &GoStr,
    ) -> Result<usize, WireText> {
        let mut found = 0;
        for link in links.iter_mut().flatten() {
            if link.id.is_empty() {
                let text = format!("Encountered a {whose} with {plural} linked by Name in the state store");
                return Err(refused(text));
            }
            match self.stored::<R>(&[&link.id]).map_err(bad_key)? {
                Some(linked) => {
                    link.name = name(linked).clone();
                    found += 1;
                }
                None if allow_missing => {}
                None => return Err(refused(format!("No such {singular} with ID: {}", link.id))),
            }
        }
        Ok(found)
    }
}

fn identities_are_whole(
    services: &List<AclServiceIdentity>,
    nodes: &List<AclNodeIdentity>,
    whose: &str,
) -> Result<(), WireText> {
    let empty = |what: &str| refused(format!("Encountered a {whose} with an empty {what} in the state store"));
    if services.iter().flatten().any(|identity| identity.service_name.is_empty()) {
        return Err(empty("service identity name"));
    }
    for identity in nodes.iter().flatten() {
        if identity.node_name.is_empty() {
            return Err(empty("node identity name"));
        }
        if identity.datacenter.is_empty() {
            return Err(empty("node identity datacenter"));
        }
    }
    Ok(())
}

fn builtin(id: &GoStr) -> Option<&'static str> {
    BUILTIN_POLICIES.iter().find(|(builtin, _)| id == builtin).map(|(_, name)| *name)
}

fn bad_key(cause: BadKey) -> WireText {
    refused(cause.to_string())
}
