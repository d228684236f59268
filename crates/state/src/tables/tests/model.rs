//! The tables as plain lists: what a reader should see, without indexes, sharing or order of filing.

use super::*;
use proconsul_msgpack::Value;
use proconsul_structs::config_entry::{
    ConfigEntry, ConfigEntryOp, ConfigEntryRequest, DestinationConfig, IngressGateway, IngressListener, IngressService,
    LinkedService, ProxyDefaults, ServiceDefaults, TerminatingGateway,
};
use proconsul_structs::coordinate::{Coordinate, Point};
use std::collections::BTreeMap;

/// Keys, nodes, instances and checks by their folded names. Each cluster's are a model of its own: what one imports must not
/// show in another.
#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    pub(super) kv: BTreeMap<Vec<u8>, Row>,
    pub(super) nodes: BTreeMap<String, (String, u64)>,
    /// By node and segment: the error of the point.
    pub(super) coordinates: BTreeMap<(String, String), f64>,
    /// By node and id: name and modify index.
    pub(super) services: BTreeMap<(String, String), (String, u64)>,
    /// By node and id: id of the service, status and modify index.
    pub(super) checks: BTreeMap<(String, String), (String, String, u64)>,
    /// By id.
    pub(super) sessions: BTreeMap<String, Claim>,
    /// Keys that the last step took from sessions that have a lock delay.
    pub(super) delayed: Vec<String>,
}

/// One session.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Claim {
    pub(super) node: String,
    pub(super) check: Option<String>,
    pub(super) deletes: bool,
    pub(super) delays: bool,
    pub(super) index: u64,
}

/// One key's entry.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub(super) value: Vec<u8>,
    pub(super) create: u64,
    pub(super) modify: u64,
    pub(super) lock_index: u64,
    pub(super) session: String,
}

/// What a history does. Names come from few letters, so that histories meet.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Set {
        key: String,
        value: u8,
    },
    Cas {
        key: String,
        value: u8,
        right: bool,
    },
    Delete {
        key: String,
    },
    DeleteCas {
        key: String,
        right: bool,
    },
    DeleteTree {
        prefix: String,
    },
    Node {
        name: String,
        address: u8,
    },
    Service {
        node: String,
        id: String,
        name: String,
        kind: Kind,
        port: u8,
    },
    Check {
        node: String,
        id: String,
        service: Option<String>,
        status: u8,
    },
    RemoveNode {
        name: String,
    },
    RemoveService {
        node: String,
        id: String,
    },
    RemoveCheck {
        node: String,
        id: String,
    },
    Reap {
        back: u64,
    },
    /// A node says where it is.
    Move {
        node: String,
        segment: bool,
        error: u8,
    },
    Session {
        id: String,
        node: String,
        check: Option<String>,
        deletes: bool,
        delays: bool,
    },
    EndSession {
        id: String,
    },
    Lock {
        key: String,
        value: u8,
        session: String,
    },
    Unlock {
        key: String,
        value: u8,
        session: String,
    },
    /// Settings of the mesh, which the model knows nothing of: what follows from them is held against what is made of them anew.
    Configure(Setting),
    /// The same in what was imported from a peered cluster.
    Imported {
        step: Box<Step>,
    },
}

/// A config entry.
#[derive(Clone, Debug)]
pub(super) enum Setting {
    /// What is served, by name or `*`, and on which port.
    Ingress {
        gateway: String,
        serves: Vec<(String, u8)>,
        http: bool,
    },
    Terminating {
        gateway: String,
        serves: Vec<String>,
        sni: bool,
    },
    Service {
        name: String,
        destination: bool,
        http: bool,
    },
    Proxies {
        http: bool,
    },
    Remove {
        kind: &'static str,
        name: String,
    },
}

impl Setting {
    fn entry(&self) -> Entry {
        let protocol = |http: bool| text(if http { "http" } else { "" });
        let entry = match self {
            Setting::Ingress { gateway, serves, http } => {
                let listener = |(name, port): &(String, u8)| IngressListener {
                    port: i64::from(*port),
                    protocol: text(if *http { "http" } else { "tcp" }),
                    services: Some(vec![IngressService { name: text(name), ..Default::default() }]),
                    ..Default::default()
                };
                let listeners = Some(serves.iter().map(listener).collect());
                ConfigEntry::from(IngressGateway { name: text(gateway), listeners, ..Default::default() })
            }
            Setting::Terminating { gateway, serves, sni } => {
                let sni = text(if *sni { "sni" } else { "" });
                let service =
                    |name: &String| LinkedService { name: text(name), sni: sni.clone(), ..Default::default() };
                let services = Some(serves.iter().map(service).collect());
                ConfigEntry::from(TerminatingGateway { name: text(gateway), services, ..Default::default() })
            }
            Setting::Service { name, destination, http } => {
                let destination = destination.then(DestinationConfig::default);
                let protocol = protocol(*http);
                ConfigEntry::from(ServiceDefaults { name: text(name), destination, protocol, ..Default::default() })
            }
            Setting::Proxies { http } => {
                let config = Some([(text("protocol"), Value::Str(protocol(*http)))].into());
                ConfigEntry::from(ProxyDefaults { name: text("global"), config, ..Default::default() })
            }
            Setting::Remove { kind, name } => {
                let name = text(if *kind == "proxy-defaults" { "global" } else { name });
                let entry = match *kind {
                    "ingress-gateway" => IngressGateway { name, ..Default::default() }.into(),
                    "terminating-gateway" => TerminatingGateway { name, ..Default::default() }.into(),
                    "service-defaults" => ServiceDefaults { name, ..Default::default() }.into(),
                    _ => ProxyDefaults { name, ..Default::default() }.into(),
                };
                return configured(ConfigEntryOp::Delete, entry);
            }
        };
        configured(ConfigEntryOp::Upsert, entry)
    }
}

pub(super) fn configured(op: ConfigEntryOp, entry: ConfigEntry) -> Entry {
    Entry::ConfigEntry(Box::new(ConfigEntryRequest { op, datacenter: text("dc1"), entry, ..Default::default() }))
}

/// The peered cluster that histories import from.
pub(super) const PEER: &str = "other";

/// What a service is to the mesh.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Plain,
    Native,
    /// A proxy for the service called `web`.
    ProxyForWeb,
    /// A terminating gateway. The model does not know what addresses it shows.
    Terminating,
}

const VALUES: [&str; 3] = ["1", "2", "3"];

impl Step {
    /// The entry that does it to a world in this state.
    pub(super) fn entry(&self, world: &World) -> Entry {
        let modify = |key: &str| {
            let read = world.tables.kv_get(&text(key), &mut WatchSet::off()).expect("histories have no empty key");
            read.entry.map_or(0, |entry| entry.raft_index.modify_index)
        };
        let expected = |key: &str, right: bool| modify(key) + u64::from(!right);
        let stored = |key: &str, value: u8| entry(key, VALUES[usize::from(value) % VALUES.len()]);
        match self {
            Step::Set { key, value } => kvs(KvOp::Set, stored(key, *value)),
            Step::Cas { key, value, right } => kvs(KvOp::Cas, at(expected(key, *right), stored(key, *value))),
            Step::Delete { key } => delete(key),
            Step::DeleteCas { key, right } => kvs(KvOp::DeleteCas, at(expected(key, *right), stored(key, 0))),
            Step::DeleteTree { prefix } => delete_tree(prefix),
            Step::Imported { step } => imported(step.entry(world)),
            Step::Configure(setting) => setting.entry(),
            Step::Node { name, address } => register(addressed(name, *address)),
            Step::Service { node, id, name, kind, port } => {
                let tags = (*port != 0).then(|| vec![text("t")]);
                let mut service = NodeService { id: text(id), port: i64::from(*port), tags, ..service(name) };
                match kind {
                    Kind::Plain => {}
                    Kind::Terminating => service.kind = proconsul_structs::service::ServiceKind::TerminatingGateway,
                    Kind::Native => service.connect.native = true,
                    Kind::ProxyForWeb => {
                        service.kind = proconsul_structs::service::ServiceKind::ConnectProxy;
                        service.proxy.destination_service_name = text("web");
                    }
                }
                register(with_service(RegisterRequest { skip_node_update: true, ..addressed(node, 0) }, service))
            }
            Step::Check { node, id, service, status } => {
                let status = ["passing", "warning", "critical"][usize::from(*status) % 3];
                let request = RegisterRequest { skip_node_update: true, ..addressed(node, 0) };
                register(with_check(request, id, service.as_deref().unwrap_or(""), status))
            }
            Step::RemoveNode { name } => deregister(name, "", ""),
            Step::RemoveService { node, id } => deregister(node, id, ""),
            Step::RemoveCheck { node, id } => deregister(node, "", id),
            Step::Move { node, segment, error } => {
                let point = Point { error: f64::from(*error), ..Point::origin() };
                Entry::Coordinates(Box::new(Some(vec![Coordinate {
                    node: text(node),
                    segment: text(segment_name(*segment)),
                    coord: Some(point),
                    ..Coordinate::default()
                }])))
            }
            Step::Reap { back } => Entry::Tombstone(Box::new(proconsul_structs::raft::TombstoneRequest {
                op: proconsul_structs::raft::TombstoneOp::Reap,
                reap_index: world.index.saturating_sub(*back),
                ..Default::default()
            })),
            Step::Session { id, node, check, deletes, delays } => create(Session {
                node_checks: check.as_ref().map(|check| vec![text(check)]),
                behavior: if *deletes { SessionBehavior::Delete } else { SessionBehavior::Release },
                lock_delay: if *delays { Duration::from_secs(15).into() } else { GoDuration::ZERO },
                ..session(id, node)
            }),
            Step::EndSession { id } => destroy(id),
            Step::Lock { key, value, session } => kvs(KvOp::Lock, held(session, stored(key, *value))),
            Step::Unlock { key, value, session } => kvs(KvOp::Unlock, held(session, stored(key, *value))),
        }
    }
}

fn segment_name(segment: bool) -> &'static str {
    if segment { "alpha" } else { "" }
}

/// The entry with the peer's name, if it is one that can have one.
fn imported(mut entry: Entry) -> Entry {
    match &mut entry {
        Entry::Register(request) => request.peer_name = text(PEER),
        Entry::Deregister(request) => request.peer_name = text(PEER),
        _ => {}
    }
    entry
}

fn addressed(name: &str, address: u8) -> RegisterRequest {
    let node_meta = Some([(text("zone"), text(&address.to_string()))].into());
    RegisterRequest { address: text(&format!("10.0.0.{address}")), node_meta, ..node(name) }
}

impl Model {
    /// Does a step. Mirrors [`Step::entry`] in plain words.
    pub(super) fn apply(&mut self, step: &Step, index: u64) {
        self.delayed.clear();
        self.step(step, index);
        self.end_sessions(index);
    }

    fn step(&mut self, step: &Step, index: u64) {
        match step {
            Step::Set { key, value } => self.set(key, *value, index),
            Step::Cas { key, value, right: true } => self.set(key, *value, index),
            Step::Delete { key } | Step::DeleteCas { key, right: true } => {
                self.kv.remove(key.as_bytes());
            }
            Step::Imported { .. } | Step::Configure(_) => {}
            Step::Cas { right: false, .. } | Step::DeleteCas { right: false, .. } | Step::Reap { .. } => {}
            Step::DeleteTree { prefix } => self.kv.retain(|key, _| !key.starts_with(prefix.as_bytes())),
            Step::Node { name, address } => self.node(name, Some(*address), index),
            Step::Service { node, id, name, kind, port } => {
                self.node(node, None, index);
                let says = format!("{name} {kind:?} {port}");
                let slot = self.services.entry((node.clone(), id.clone())).or_default();
                if slot.0 != says {
                    *slot = (says, index);
                }
            }
            Step::Check { node, id, service, status } => {
                let service = service.clone().unwrap_or_default();
                let known = service.is_empty() || self.services.contains_key(&(node.clone(), service.clone()));
                if !known {
                    return; // refused as a whole, the node included
                }
                self.node(node, None, index);
                let says = (status % 3).to_string();
                // The check takes its service's name with it, and its tag, which those with a port have.
                let says_service = self.services.get(&(node.clone(), service.clone())).map_or("", |(says, _)| says);
                let name = says_service.split(' ').next().unwrap_or_default();
                let tagged = !says_service.ends_with(" 0");
                let service = if service.is_empty() { service } else { format!("{service} {name} {tagged}") };
                let slot = self.checks.entry((node.clone(), id.clone())).or_default();
                if (&slot.0, &slot.1) != (&service, &says) {
                    *slot = (service, says, index);
                }
            }
            Step::Move { node, segment, error } => {
                if self.nodes.contains_key(node) {
                    let segment = segment_name(*segment).to_owned();
                    self.coordinates.insert((node.clone(), segment), f64::from(*error));
                }
            }
            Step::RemoveNode { name } => {
                self.coordinates.retain(|(node, _), _| node != name);
                self.nodes.remove(name);
                self.services.retain(|(node, _), _| node != name);
                self.checks.retain(|(node, _), _| node != name);
            }
            Step::RemoveService { node, id } => {
                if self.services.remove(&(node.clone(), id.clone())).is_some() {
                    self.checks.retain(|(at, _), (of, ..)| at != node || of.split(' ').next() != Some(id.as_str()));
                }
            }
            Step::RemoveCheck { node, id } => {
                self.checks.remove(&(node.clone(), id.clone()));
            }
            Step::Session { id, node, check, deletes, delays } => {
                let claim =
                    Claim { node: node.clone(), check: check.clone(), deletes: *deletes, delays: *delays, index };
                if self.supports(&claim) {
                    self.sessions.insert(id.clone(), claim);
                }
            }
            Step::EndSession { id } => self.end(id, index),
            Step::Lock { key, value, session } => {
                let known = self.sessions.contains_key(session);
                let held = self.kv.get(key.as_bytes());
                let free = held.is_none_or(|row| row.session.is_empty() || row.session == *session);
                if known && free {
                    let taken =
                        held.map_or(0, |row| row.lock_index) + u64::from(held.is_none_or(|row| row.session.is_empty()));
                    self.store(key, *value, (taken, session.clone()), index);
                }
            }
            Step::Unlock { key, value, session } => {
                if let Some(lock_index) = self.held(key, session) {
                    self.store(key, *value, (lock_index, String::new()), index);
                }
            }
        }
    }

    /// The lock index of a key that a session holds.
    fn held(&self, key: &str, session: &str) -> Option<u64> {
        self.kv.get(key.as_bytes()).filter(|row| row.session == session).map(|row| row.lock_index)
    }

    /// Whether a session's node and check are there, and the check is not critical.
    fn supports(&self, claim: &Claim) -> bool {
        let check = claim.check.as_ref().map(|check| self.checks.get(&(claim.node.clone(), check.clone())));
        self.nodes.contains_key(&claim.node) && check.is_none_or(|check| check.is_some_and(|(_, says, _)| says != "2"))
    }

    /// Ends the sessions that have lost what they stood on.
    fn end_sessions(&mut self, index: u64) {
        let lost: Vec<String> =
            self.sessions.iter().filter(|(_, claim)| !self.supports(claim)).map(|(id, _)| id.clone()).collect();
        for id in lost {
            self.end(&id, index);
        }
    }

    fn end(&mut self, id: &str, index: u64) {
        let Some(claim) = self.sessions.remove(id) else { return };
        let keys: Vec<Vec<u8>> =
            self.kv.iter().filter(|(_, row)| row.session == id).map(|(key, _)| key.clone()).collect();
        for key in keys {
            if claim.delays {
                self.delayed.push(String::from_utf8_lossy(&key).into_owned());
            }
            if claim.deletes {
                self.kv.remove(&key);
            } else if let Some(row) = self.kv.get_mut(&key) {
                (row.session, row.modify) = (String::new(), index);
            }
        }
    }

    fn set(&mut self, key: &str, value: u8, index: u64) {
        let session = self.kv.get(key.as_bytes()).map_or(String::new(), |row| row.session.clone());
        self.store(key, value, (0, session), index);
    }

    fn store(&mut self, key: &str, value: u8, (lock_index, session): (u64, String), index: u64) {
        let value = VALUES[usize::from(value) % VALUES.len()].as_bytes().to_vec();
        let create = self.kv.get(key.as_bytes()).map_or(index, |row| row.create);
        let row = Row { value, create, modify: index, lock_index, session };
        let old = self.kv.get(key.as_bytes());
        if old.is_none_or(|old| Row { modify: index, ..old.clone() } != row) {
            self.kv.insert(key.into(), row);
        }
    }

    fn node(&mut self, name: &str, address: Option<u8>, index: u64) {
        let wanted = address.map(|address| format!("10.0.0.{address}"));
        match self.nodes.get_mut(name) {
            None => {
                let address = wanted.unwrap_or_else(|| "10.0.0.0".into());
                self.nodes.insert(name.into(), (address, index));
            }
            Some(held) => {
                if let Some(wanted) = wanted.filter(|wanted| *wanted != held.0) {
                    *held = (wanted, index);
                }
            }
        }
    }
}
