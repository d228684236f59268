//! Records: each type's own rules, indexes, and that a file takes every one of them along. Texts are Consul's.

use super::*;
use crate::snapshot::{Restore, write_snapshot};
use crate::{RecordTable, Snapshot};
use proconsul_proto::pbpeering;
use proconsul_structs::acl::*;
use proconsul_structs::config_entry::{
    ConfigEntry, ConfigEntryOp, ConfigEntryRequest, ServiceDefaults, ServiceIntentions, Status, TcpRoute,
};
use proconsul_structs::connect_ca::*;
use proconsul_structs::federation::{FederationState, FederationStateOp, FederationStateRequest};
use proconsul_structs::intention::*;
use proconsul_structs::operator::{AutopilotConfig, AutopilotSetConfigRequest};
use proconsul_structs::prepared_query::{PreparedQuery, PreparedQueryOp, PreparedQueryRequest};
use proconsul_structs::service::ServiceConnect;
use proconsul_structs::system_metadata::{SystemMetadataEntry, SystemMetadataOp, SystemMetadataRequest};
use proconsul_structs::{Token, peering};
use prost::Message;

/// Ids of records, by a digit.
fn uuid(digit: u8) -> GoStr {
    text(&format!("{digit}0000000-0000-0000-0000-00000000000{digit}"))
}

fn policy(digit: u8, name: &str) -> Entry {
    let policy = AclPolicy { id: uuid(digit), name: text(name), ..AclPolicy::default() };
    Entry::AclPolicySet(Box::new(AclPolicyBatchSetRequest { policies: Some(vec![policy.into()]) }))
}

fn token(digit: u8, change: impl FnOnce(&mut AclToken)) -> AclToken {
    let secret_id = Token::new(uuid(digit + 1));
    let mut token = AclToken { accessor_id: uuid(digit), secret_id, ..AclToken::default() };
    change(&mut token);
    token
}

fn tokens(token: AclToken, change: impl FnOnce(&mut AclTokenBatchSetRequest)) -> Entry {
    let mut request = AclTokenBatchSetRequest { tokens: Some(vec![token.into()]), ..Default::default() };
    change(&mut request);
    Entry::AclTokenSet(Box::new(request))
}

fn link(digit: u8) -> AclLink {
    AclLink { id: uuid(digit), name: GoStr::EMPTY }
}

fn config(op: ConfigEntryOp, entry: ConfigEntry) -> Entry {
    Entry::ConfigEntry(Box::new(ConfigEntryRequest { op, entry, ..ConfigEntryRequest::default() }))
}

fn defaults(name: &str, modify_index: u64) -> ConfigEntry {
    let raft_index = RaftIndex { create_index: 0, modify_index };
    ServiceDefaults { name: text(name), raft_index, ..ServiceDefaults::default() }.into()
}

fn note(key: &str, value: &str) -> Entry {
    let entry = Some(SystemMetadataEntry { key: text(key), value: text(value), ..Default::default() });
    let op = SystemMetadataOp::Upsert;
    Entry::SystemMetadata(Box::new(SystemMetadataRequest { op, entry, ..Default::default() }))
}

fn off() -> WatchSet {
    WatchSet::off()
}

#[test]
fn a_record_keeps_when_it_was_made_and_moves_its_tables_index() {
    let mut world = World::default();
    let made = world.done(&policy(1, "read"));
    let applied = world.apply(&policy(1, "read-all"));
    let changed = world.index;
    let mut watches = WatchSet::new();
    let (index, held) = world.tables.record::<AclPolicy>(&[&uuid(1)], &mut watches);
    let held = held.expect("it is stored");
    assert_eq!(held.raft_index, RaftIndex { create_index: made, modify_index: changed });
    assert_eq!((index, world.tables.indexes.named("acl-policies")), (changed, changed));
    assert!(watches.is_affected(&applied.changes));
    assert!(applied.changes.touch(&Watch::Records(RecordTable::AclPolicies)));
    assert_eq!(world.refused(&policy(2, "READ-ALL")), "A policy with name \"READ-ALL\" already exists");
}

#[test]
fn tokens_have_their_rules() {
    let mut world = World::default();
    world.done(&policy(1, "read"));
    let linked = token(3, |token| token.policies = Some(vec![link(1)]));
    let made = world.done(&tokens(linked.clone(), |_| {}));
    let (_, held) = world.tables.token_by_secret(&uuid(4), &mut off());
    let held = held.expect("it is found by its secret");
    assert_eq!(held.policies.as_ref().expect("it has one")[0].name, text("read"), "links are named");

    let missing = token(5, |token| token.policies = Some(vec![link(9)]));
    let no_such = "No such policy with ID: 90000000-0000-0000-0000-000000000009";
    assert_eq!(world.refused(&tokens(missing.clone(), |_| {})), no_such);
    world.done(&tokens(missing, |request| request.allow_missing_links = true));
    let plain = || token(7, |_| {});
    assert_eq!(
        world.refused(&tokens(plain(), |request| request.prohibit_unprivileged = true)),
        "Token has no privileges"
    );
    let local = token(7, |token| token.local = true);
    assert_eq!(
        world.refused(&tokens(local, |request| request.from_replication = true)),
        "Cannot replicate local tokens"
    );
    let other_secret = token(3, |token| token.secret_id = Token::new(uuid(8)));
    assert_eq!(world.refused(&tokens(other_secret, |_| {})), "The ACL Token SecretID field is immutable");
    let no_method = token(7, |token| token.auth_method = text("jwt"));
    assert_eq!(world.refused(&tokens(no_method, |_| {})), "No such auth method with Name: jwt");

    // A token that is not as old as the request says is passed over, and nothing is said.
    let stale = token(3, |token| token.raft_index.modify_index = made + 100);
    world.done(&tokens(stale, |request| request.cas = true));
    let (_, held) = world.tables.record::<AclToken>(&[&uuid(3)], &mut off());
    assert_eq!(held.expect("it is there").raft_index.modify_index, made);

    let delete = |id: GoStr| Entry::AclTokenDelete(Box::new(AclTokenBatchDeleteRequest { token_ids: Some(vec![id]) }));
    world.done(&delete(uuid(3)));
    assert!(world.tables.token_by_secret(&uuid(4), &mut off()).1.is_none());
    let anonymous = token(7, |token| token.accessor_id = text("00000000-0000-0000-0000-000000000002"));
    world.done(&tokens(anonymous.clone(), |_| {}));
    let refused = world.refused(&delete(anonymous.accessor_id));
    assert_eq!(refused, "Deletion of the builtin anonymous token is not permitted");
}

#[test]
fn a_batch_is_all_or_nothing() {
    let mut world = World::default();
    let good = AclPolicy { id: uuid(1), name: text("good"), ..AclPolicy::default() };
    let bad = AclPolicy { id: text("no uuid"), name: text("bad"), ..AclPolicy::default() };
    let policies = Some(vec![good.into(), bad.into()]);
    let entry = Entry::AclPolicySet(Box::new(AclPolicyBatchSetRequest { policies }));
    assert_eq!(world.refused(&entry), "index error: UUID must be 36 characters");
}

#[test]
fn bootstrap_is_once_unless_its_index_is_told() {
    let mut world = World::default();
    let boot = |reset_index| {
        let token = token(1, |token| token.secret_id = Token::new(uuid(reset_index as u8 % 7 + 2)));
        let token = AclToken { accessor_id: uuid(reset_index as u8 % 7 + 1), ..token };
        Entry::AclBootstrap(Box::new(AclTokenBootstrapRequest { token, reset_index }))
    };
    let at = world.done(&boot(0));
    assert_eq!(world.tables.indexes.named("acl-token-bootstrap"), at);
    assert_eq!(world.refused(&boot(0)), "ACL bootstrap no longer allowed");
    assert_eq!(world.refused(&boot(at + 5)), "Invalid ACL bootstrap reset index");
    let again = world.done(&boot(at));
    assert_eq!(world.tables.indexes.named("acl-token-bootstrap"), again);
}

#[test]
fn an_auth_method_goes_with_its_rules_and_tokens() {
    let mut world = World::default();
    let rule = AclBindingRule { id: uuid(1), auth_method: text("jwt"), ..AclBindingRule::default() };
    let rules =
        Entry::AclBindingRuleSet(Box::new(AclBindingRuleBatchSetRequest { binding_rules: Some(vec![rule.into()]) }));
    assert_eq!(world.refused(&rules), "failed inserting acl binding rule: auth method not found");
    let method = AclAuthMethod { name: text("jwt"), method_type: text("jwt").into(), ..AclAuthMethod::default() };
    let set = AclAuthMethodBatchSetRequest { auth_methods: Some(vec![method.into()]) };
    world.done(&Entry::AclAuthMethodSet(Box::new(set)));
    world.done(&rules);
    world.done(&tokens(token(3, |token| (token.auth_method, token.local) = (text("jwt"), true)), |_| {}));
    let delete = AclAuthMethodBatchDeleteRequest { auth_method_names: Some(vec![text("JWT")]) };
    let at = world.done(&Entry::AclAuthMethodDelete(Box::new(delete)));
    assert!(world.tables.records::<AclBindingRule>(&mut off()).1.is_empty());
    assert!(world.tables.records::<AclToken>(&mut off()).1.is_empty());
    assert_eq!(world.tables.records::<AclAuthMethod>(&mut off()), (at, Vec::new()));
}

#[test]
fn a_config_entry_is_changed_as_asked() {
    let mut world = World::default();
    let outcome = |world: &mut World, op, entry| world.outcome(&config(op, entry));
    assert_eq!(
        outcome(&mut world, ConfigEntryOp::UpsertCas, defaults("web", 7)),
        Outcome::Bool(false),
        "there is none"
    );
    assert_eq!(outcome(&mut world, ConfigEntryOp::UpsertCas, defaults("web", 0)), Outcome::Bool(true));
    let at = world.index;
    assert_eq!(outcome(&mut world, ConfigEntryOp::UpsertCas, defaults("web", 0)), Outcome::Bool(false), "there is one");
    assert_eq!(outcome(&mut world, ConfigEntryOp::Upsert, defaults("web", 0)), Outcome::Bool(true));
    assert_eq!(outcome(&mut world, ConfigEntryOp::DeleteCas, defaults("web", at)), Outcome::Bool(false), "it changed");
    let (index, held) = world.tables.record::<ConfigEntry>(&[b"service-defaults", b"WEB"], &mut off());
    let raft_index = held.expect("it is there").raft_index().expect("it says so");
    assert_eq!((raft_index.create_index, raft_index.modify_index), (at, index));
    assert!(world.tables.virtual_ip(Peer::LOCAL, b"web").is_some(), "the mesh can reach it");
    assert_eq!(outcome(&mut world, ConfigEntryOp::Delete, defaults("web", 0)), Outcome::Nothing);
    assert!(world.tables.virtual_ip(Peer::LOCAL, b"web").is_none());
    assert_eq!(world.tables.indexes.named("config-entries"), world.index);
    let refused = world.refused(&config(text("mend").into(), defaults("web", 0)));
    assert_eq!(refused, "invalid config entry operation type: mend");
}

#[test]
fn only_servers_write_a_status() {
    let mut world = World::default();
    let status = Status { conditions: Some(Vec::new()), ..Status::default() };
    let route = |status: &Status, modify_index| {
        let raft_index = RaftIndex { create_index: 0, modify_index };
        ConfigEntry::from(TcpRoute { name: text("r"), status: status.clone(), raft_index, ..TcpRoute::default() })
    };
    let held = |world: &World| match &*world
        .tables
        .record::<ConfigEntry>(&[b"tcp-route", b"r"], &mut off())
        .1
        .expect("stored")
    {
        ConfigEntry::TcpRoute(route) => route.status.clone(),
        other => panic!("{other:?}"),
    };
    let at = world.done(&config(ConfigEntryOp::Upsert, route(&status, 0)));
    assert_eq!(held(&world), Status::default(), "a client's does not count");
    world.done(&config(ConfigEntryOp::UpsertWithStatusCas, route(&status, at)));
    assert_eq!(held(&world), status);
    world.done(&config(ConfigEntryOp::Upsert, route(&Status::default(), 0)));
    assert_eq!(held(&world), status, "and is kept");
}

#[test]
fn intentions_are_of_one_form_at_a_time() {
    let mut world = World::default();
    let legacy = |op, id: u8, source: &str| {
        let intention = Some(Intention {
            id: uuid(id),
            source_name: text(source),
            destination_name: text("db"),
            ..Intention::default()
        });
        Entry::Intention(Box::new(IntentionRequest { op, intention, ..IntentionRequest::default() }))
    };
    let mutation = |op, source: &str| {
        let name = |name: &str| proconsul_structs::catalog::ServiceName { name: text(name) };
        let value = Some(SourceIntention { name: text(source), ..SourceIntention::default() });
        let (destination, source) = (name("db"), name(source));
        let mutation = Some(IntentionMutation { destination, source, value, ..IntentionMutation::default() });
        Entry::Intention(Box::new(IntentionRequest { op, mutation, ..IntentionRequest::default() }))
    };
    world.done(&legacy(IntentionOp::Create, 1, "web"));
    assert!(world.refused(&legacy(IntentionOp::Create, 2, "web")).starts_with("duplicate intention found: "));
    let not_yet = "state: IntentionMutation() is not allowed when intentions are not stored in config entries";
    assert_eq!(world.refused(&mutation(IntentionOp::Upsert, "web")), not_yet);
    world.done(&legacy(IntentionOp::DeleteAll, 1, "web"));
    assert!(world.tables.records::<Intention>(&mut off()).1.is_empty());
    let no_longer = "Legacy intention modifications are disabled after the config entry migration.";
    assert_eq!(world.refused(&legacy(IntentionOp::Create, 2, "web")), no_longer);

    for source in ["*", "web"] {
        world.done(&mutation(IntentionOp::Upsert, source));
    }
    let entry = world.tables.record::<ConfigEntry>(&[b"service-intentions", b"db"], &mut off()).1.expect("stored");
    let ConfigEntry::ServiceIntentions(entry) = &*entry else { panic!("{entry:?}") };
    let order: Vec<_> = entry.sources.iter().flatten().map(|source| (&*source.name, source.precedence)).collect();
    assert_eq!(order, [(&b"web"[..], 9), (b"*", 8)]);
    for source in ["*", "web"] {
        world.done(&mutation(IntentionOp::Delete, source));
    }
    assert!(world.tables.records::<ConfigEntry>(&mut off()).1.is_empty(), "the last source takes the entry along");
}

#[test]
fn the_authority_is_set_if_it_is_as_it_was() {
    let mut world = World::default();
    let request = |op, change: &dyn Fn(&mut CaRequest)| {
        let mut request = CaRequest { op, ..CaRequest::default() };
        change(&mut request);
        Entry::ConnectCa(Box::new(request))
    };
    let root = |id: &str, active| CaRoot { id: text(id), active, ..CaRoot::default() }.into();
    let two = |index| {
        request(CaOp::SetRoots, &move |request| {
            (request.index, request.roots) = (index, Some(vec![root("a", true), root("b", true)]));
        })
    };
    assert_eq!(world.refused(&two(0)), "there must be exactly one active CA");
    let one = |index, id: &'static str| {
        request(CaOp::SetRoots, &move |request| (request.index, request.roots) = (index, Some(vec![root(id, true)])))
    };
    assert_eq!(world.outcome(&one(0, "a")), Outcome::Bool(true));
    let at = world.index;
    // As in Consul: nothing happens, and it says yes.
    assert_eq!(world.outcome(&one(at + 9, "b")), Outcome::Bool(true));
    let ids = |world: &World| -> Vec<GoStr> {
        world.tables.records::<CaRoot>(&mut off()).1.iter().map(|root| root.id.clone()).collect()
    };
    assert_eq!(ids(&world), [text("a")]);
    world.done(&one(at, "b"));
    assert_eq!(ids(&world), [text("b")]);

    let config = |cluster: &'static str, modify_index| {
        request(CaOp::SetConfig, &move |request| {
            let raft_index = RaftIndex { create_index: 0, modify_index };
            let cluster_id = text(cluster);
            request.config =
                Some(CaConfiguration { cluster_id, provider: text("consul"), raft_index, ..Default::default() });
        })
    };
    assert_eq!(world.outcome(&config("c", 0)), Outcome::Nothing);
    let at = world.index;
    assert_eq!(world.refused(&config("", at + 9)), "ModifyIndex did not match existing");
    assert_eq!(world.outcome(&config("", at)), Outcome::Bool(true));
    let held = world.tables.record::<CaConfiguration>(&[], &mut off()).1.expect("stored");
    assert_eq!(held.cluster_id, text("c"), "the cluster keeps its id");

    let serial = |world: &mut World| world.outcome(&request(CaOp::IncrementProviderSerialNumber, &|_| {}));
    assert_eq!((serial(&mut world), serial(&mut world)), (Outcome::Number(1), Outcome::Number(2)));
    let leaf = Entry::ConnectCaLeaf(Box::new(CaLeafRequest { op: CaLeafOp::IncrementIndex, ..Default::default() }));
    assert_eq!(world.outcome(&leaf), Outcome::Number(world.index));
}

#[test]
fn small_tables_answer_as_consuls() {
    let mut world = World::default();
    let autopilot = |cas, modify_index| {
        let raft_index = RaftIndex { create_index: 0, modify_index };
        let config = AutopilotConfig { min_quorum: 3, raft_index, ..AutopilotConfig::default() };
        Entry::Autopilot(Box::new(AutopilotSetConfigRequest { cas, config, ..Default::default() }))
    };
    assert_eq!(world.outcome(&autopilot(true, 0)), Outcome::Bool(false), "there is none to compare with");
    assert_eq!(world.outcome(&autopilot(false, 0)), Outcome::Nothing);
    let at = world.index;
    assert_eq!(world.outcome(&autopilot(true, at)), Outcome::Bool(true));

    assert_eq!(world.outcome(&note("k", "v")), Outcome::Bool(true));
    assert_eq!(world.refused(&note("", "v")), "missing key on system metadata");
    let federation = |datacenter: &str| {
        let state = Some(FederationState { datacenter: text(datacenter), ..Default::default() }.into());
        let op = FederationStateOp::Upsert;
        Entry::FederationState(Box::new(FederationStateRequest { op, state, ..Default::default() }))
    };
    assert_eq!(world.outcome(&federation("dc2")), Outcome::Bool(true));
    assert_eq!(world.refused(&federation("")), "missing datacenter on federation state");
    let query = |id: u8, name: &str| {
        let query = Some(PreparedQuery { id: uuid(id), name: text(name), ..Default::default() }.into());
        let op = PreparedQueryOp::Create;
        Entry::PreparedQuery(Box::new(PreparedQueryRequest { op, query, ..Default::default() }))
    };
    assert_eq!(world.outcome(&query(1, "near")), Outcome::Nothing);
    assert_eq!(world.refused(&query(2, "NEAR")), "name 'NEAR' aliases an existing query name");
    let removed = "legacy ACL command has been removed with the legacy ACL system";
    assert_eq!(world.refused(&Entry::DeprecatedAcl), removed);
}

fn peering_entry(name: &str, state: pbpeering::PeeringState) -> Entry {
    let id = String::from_utf8(uuid(1).to_vec()).expect("it is text");
    let mut peering = pbpeering::Peering { id, name: name.into(), ..Default::default() };
    peering.set_state(state);
    let request = pbpeering::PeeringWriteRequest { peering: Some(peering), ..Default::default() };
    Entry::PeeringWrite(Box::new(peering::PeeringWriteRequest(request.encode_to_vec().into())))
}

#[test]
fn a_peering_lives_and_ends() {
    use pbpeering::PeeringState;
    let mut world = World::default();
    let bundle = pbpeering::PeeringTrustBundle {
        peer_name: "east".into(),
        root_pe_ms: vec!["pem".into()],
        ..Default::default()
    };
    let bundle = pbpeering::PeeringTrustBundleWriteRequest { peering_trust_bundle: Some(bundle) };
    let bundle = Entry::PeeringTrustBundleWrite(Box::new(peering::PeeringTrustBundleWriteRequest(
        bundle.encode_to_vec().into(),
    )));
    assert_eq!(world.refused(&bundle), "cannot write peering trust bundle for unknown peering east");
    let made = world.done(&peering_entry("east", PeeringState::Undefined));
    world.done(&bundle);
    let (_, held) = world.tables.record::<pbpeering::Peering>(&[b"EAST"], &mut off());
    let held = held.expect("it is stored");
    assert_eq!((held.state(), held.create_index, held.modify_index), (PeeringState::Pending, made, world.index));
    assert_eq!(held.peer_ca_pems, ["pem\n"]);
    let remove = pbpeering::PeeringDeleteRequest { name: "east".into(), ..Default::default() };
    let remove = Entry::PeeringDelete(Box::new(peering::PeeringDeleteRequest(remove.encode_to_vec().into())));
    assert_eq!(world.refused(&remove), "cannot delete a peering without first marking for deletion");
    let end = pbpeering::PeeringTerminateByIdRequest { id: held.id.clone() };
    let end = peering::PeeringTerminateByIdRequest(end.encode_to_vec().into());
    world.done(&Entry::PeeringTerminateById(Box::new(end)));
    world.done(&remove);
    assert_eq!(world.tables.indexes.named("peering"), world.index);
    assert!(world.tables.records::<pbpeering::Peering>(&mut off()).1.is_empty());
}

/// Of each type one, so that none is left out of a file.
#[test]
fn a_file_takes_every_record_along() {
    let mut world = World::default();
    world.done(&policy(1, "read"));
    world.done(&tokens(token(3, |token| token.policies = Some(vec![link(1)])), |_| {}));
    world.done(&note("intention-format", "legacy"));
    world.done(&config(ConfigEntryOp::Upsert, defaults("web", 0)));
    world.done(&config(ConfigEntryOp::Upsert, ServiceIntentions { name: text("db"), ..Default::default() }.into()));
    world.done(&peering_entry("east", pbpeering::PeeringState::Undefined));
    let secrets = pbpeering::SecretsWriteRequest {
        peer_id: String::from_utf8(uuid(1).to_vec()).expect("it is text"),
        request: Some(pbpeering::secrets_write_request::Request::GenerateToken(
            pbpeering::secrets_write_request::GenerateTokenRequest { establishment_secret: "s".into() },
        )),
    };
    let secrets = peering::SecretsWriteRequest(secrets.encode_to_vec().into());
    world.done(&Entry::PeeringSecretsWrite(Box::new(secrets)));
    world.done(&resources::write("a", "", None));
    let mut file = Vec::new();
    write_snapshot(&Snapshot { index: world.index, tables: world.tables.clone() }, &mut file)
        .expect("a vector takes all");
    let mut restore = Restore::new();
    restore.feed(&file).expect("just written");
    assert_eq!(restore.finish().expect("and whole").tables, world.tables);
}

#[test]
fn an_address_given_by_hand_is_one_services_only() {
    let mut world = World::default();
    let native = |name: &str| {
        let connect = ServiceConnect { native: true, ..ServiceConnect::default() };
        register(with_service(node("a"), NodeService { connect, ..service(name) }))
    };
    world.done(&native("one"));
    world.done(&native("two"));
    let assign = |name: &str, list: &[&str]| {
        let mut request = proconsul_structs::internal::ServiceVirtualIp::default();
        request.service.service_name.name = text(name);
        request.manual_ips = Some(list.iter().copied().map(text).collect());
        Entry::UpdateVirtualIp(Box::new(request))
    };
    let given = |world: &mut World, name: &str, list: &[&str]| match world.apply(&assign(name, list)) {
        Applied { outcome: Outcome::VirtualIps(told), changes, .. } => {
            let names = told.unassigned_from.iter().flatten().map(|from| from.service_name.name.to_string()).collect();
            let of = |name: &str| {
                let list = world.tables.virtual_ips_by_hand(Peer::LOCAL, name.as_bytes());
                list.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
            };
            (told.found, names, changes.is_empty(), of("one"), of("two"))
        }
        other => panic!("{other:?}"),
    };
    let none = Vec::<String>::new;
    assert_eq!(given(&mut world, "nobody", &["1.1.1.1"]), (false, none(), true, "".into(), "".into()));
    assert_eq!(
        given(&mut world, "one", &["1.1.1.2", "1.1.1.1"]),
        (true, none(), false, "1.1.1.1,1.1.1.2".into(), "".into())
    );
    assert_eq!(
        given(&mut world, "one", &["1.1.1.1", "1.1.1.2"]),
        (true, none(), true, "1.1.1.1,1.1.1.2".into(), "".into())
    );
    let moved = (true, vec!["one".to_owned()], false, "1.1.1.1".into(), "1.1.1.2".into());
    assert_eq!(given(&mut world, "two", &["1.1.1.2"]), moved);
    assert_eq!(given(&mut world, "one", &[]), (true, none(), false, "".into(), "1.1.1.2".into()));
    assert_eq!(given(&mut world, "one", &["1.1.1.1"]), (true, none(), false, "1.1.1.1".into(), "1.1.1.2".into()));
    world.done(&deregister("a", "one", ""));
    assert_eq!(given(&mut world, "two", &["1.1.1.1"]).1, none(), "what is gone holds nothing");
}

#[test]
fn a_query_ends_with_its_session() {
    let mut world = World::default();
    let query = |session: &GoStr| {
        let query = Some(PreparedQuery { id: uuid(1), session: session.clone(), ..Default::default() }.into());
        let op = PreparedQueryOp::Create;
        Entry::PreparedQuery(Box::new(PreparedQueryRequest { op, query, ..Default::default() }))
    };
    assert_eq!(world.refused(&query(&uuid(2))), format!("invalid session \"{}\"", uuid(2)));
    world.done(&register(node("a")));
    let session = Session { id: uuid(2), node: text("a"), ..Default::default() };
    let step = |op| {
        let request = SessionRequest { op, session: session.clone(), ..Default::default() };
        Entry::Session(Box::new(request))
    };
    world.done(&step(SessionOp::Create));
    world.done(&query(&uuid(2)));
    let mut watches = WatchSet::new();
    assert_eq!(world.tables.records::<PreparedQuery>(&mut watches).1.len(), 1);
    let ended = world.apply(&step(SessionOp::Destroy));
    assert!(watches.is_affected(&ended.changes));
    assert!(world.tables.records::<PreparedQuery>(&mut off()).1.is_empty());
}
