//! What gateways serve, case by case. That the table is what it would be if made anew is a property of histories.

use super::model::configured;
use super::*;
use proconsul_msgpack::Value;
use proconsul_structs::config_entry::{
    ConfigEntry, ConfigEntryOp, DestinationConfig, IngressGateway, IngressListener, IngressService, LinkedService,
    ProxyDefaults, ServiceDefaults, TerminatingGateway,
};
use proconsul_structs::gateway::GatewayServiceKind;
use proconsul_structs::service::ServiceKind;

fn upsert(entry: impl Into<ConfigEntry>) -> Entry {
    configured(ConfigEntryOp::Upsert, entry.into())
}

fn remove(entry: impl Into<ConfigEntry>) -> Entry {
    configured(ConfigEntryOp::Delete, entry.into())
}

fn terminating(gateway: &str, services: &[&str]) -> TerminatingGateway {
    let linked = |name: &&str| LinkedService { name: text(name), sni: text(&format!("{name}.sni")), ..<_>::default() };
    let services = Some(services.iter().map(linked).collect());
    TerminatingGateway { name: text(gateway), services, ..Default::default() }
}

fn ingress(gateway: &str, listeners: &[(i64, &str, &str)]) -> IngressGateway {
    let listener = |(port, protocol, service): &(i64, &str, &str)| IngressListener {
        port: *port,
        protocol: text(protocol),
        services: Some(vec![IngressService { name: text(service), ..Default::default() }]),
        ..Default::default()
    };
    IngressGateway { name: text(gateway), listeners: Some(listeners.iter().map(listener).collect()), ..<_>::default() }
}

fn destination(name: &str) -> ServiceDefaults {
    ServiceDefaults { name: text(name), destination: Some(DestinationConfig::default()), ..Default::default() }
}

fn speaking(name: &str, protocol: &str) -> ServiceDefaults {
    ServiceDefaults { name: text(name), protocol: text(protocol), ..Default::default() }
}

fn instance(name: &str) -> Entry {
    register(with_service(node("n"), service(name)))
}

fn native(name: &str) -> Entry {
    let mut service = service(name);
    service.connect.native = true;
    register(with_service(node("n"), service))
}

fn proxy_for(name: &str) -> Entry {
    let mut proxy = NodeService { kind: ServiceKind::ConnectProxy, ..service(&format!("{name}-proxy")) };
    proxy.proxy.destination_service_name = text(name);
    register(with_service(node("n"), proxy))
}

/// What a gateway serves: names with `*` behind those that come from one, what they are, and when that changed.
fn served(world: &World, gateway: &str) -> Vec<(String, GatewayServiceKind, u64)> {
    let (_, rows) = world.tables.gateway_services(gateway.as_bytes(), &mut WatchSet::off());
    let name = |row: &proconsul_structs::gateway::GatewayService| {
        format!("{}{}", row.service.name, if row.from_wildcard { "*" } else { "" })
    };
    rows.iter().map(|row| (name(row), row.service_kind.clone(), row.raft_index.modify_index)).collect()
}

fn names(world: &World, gateway: &str) -> Vec<String> {
    served(world, gateway).into_iter().map(|(name, ..)| name).collect()
}

#[test]
fn what_an_entry_names_is_served_whatever_it_is_and_said_to_be_that() {
    use GatewayServiceKind::{Destination, Service, Unregistered};
    let mut world = World::default();
    let made = world.done(&upsert(terminating("gw", &["web", "out"])));
    assert_eq!(served(&world, "GW"), [("out".into(), Unregistered, made), ("web".into(), Unregistered, made)]);
    let came = world.done(&instance("web"));
    let outside = world.done(&upsert(destination("out")));
    assert_eq!(served(&world, "gw"), [("out".into(), Destination, outside), ("web".into(), Service, came)]);
    world.done(&upsert(terminating("gw", &["web", "out"])));
    assert_eq!(world.tables.gateway_services(b"gw", &mut WatchSet::off()).0, outside, "it says what it said");
    let left = world.done(&deregister("n", "web", ""));
    assert_eq!(served(&world, "gw")[1], ("web".into(), Unregistered, left));
    let again = world.done(&upsert(terminating("gw", &["web"])));
    assert_eq!(served(&world, "gw"), [("web".into(), Unregistered, again)]);
    let gone = world.done(&remove(terminating("gw", &[])));
    assert_eq!(world.tables.gateway_services(b"gw", &mut WatchSet::off()), (gone, vec![]));
}

#[test]
fn a_wildcard_stands_for_what_the_gateway_can_lead_to() {
    let mut world = World::default();
    world.done(&instance("before"));
    world.done(&upsert(terminating("out", &["*", "own"])));
    world.done(&upsert(ingress("in", &[(1, "tcp", "*")])));
    for entry in [instance("consul"), instance("plain"), instance("own"), native("native"), proxy_for("plain")] {
        world.done(&entry);
    }
    world.done(&upsert(destination("outside")));
    assert_eq!(names(&world, "out"), ["before*", "outside*", "own", "plain*"]);
    assert_eq!(names(&world, "in"), ["native*", "plain*"]);
    let sni = |world: &World| world.tables.gateway_services(b"out", &mut WatchSet::off()).1[2].sni.to_string();
    assert_eq!(sni(&world), "own.sni", "what is named has its own settings, also when it is registered later");
    world.done(&deregister("n", "plain", ""));
    world.done(&deregister("n", "native", ""));
    world.done(&deregister("n", "own", ""));
    world.done(&remove(destination("outside")));
    assert_eq!(names(&world, "out"), ["before*", "own"]);
    assert_eq!(names(&world, "in"), ["plain*"], "there is a proxy for it");
    world.done(&deregister("n", "plain-proxy", ""));
    assert_eq!(names(&world, "in"), Vec::<String>::new());
}

#[test]
fn an_ingress_wildcard_shows_what_speaks_its_protocol() {
    let mut world = World::default();
    world.done(&upsert(ingress("in", &[(1, "http", "*"), (2, "tcp", "*"), (3, "http", "own")])));
    for name in ["web", "own"] {
        world.done(&native(name));
    }
    assert_eq!(names(&world, "in"), ["own*", "own", "web*"], "on port 2, 3 and 2");
    let mut watches = WatchSet::new();
    world.tables.gateway_services(b"in", &mut watches);
    let applied = world.apply(&upsert(speaking("web", "http")));
    assert!(watches.is_affected(&applied.changes));
    let (index, rows) = world.tables.gateway_services(b"in", &mut watches);
    assert_eq!((index, rows.last().map(|row| row.port)), (world.index, Some(1)));
    let config = Some([(text("Protocol"), Value::Str(text("http")))].into());
    world.done(&upsert(ProxyDefaults { name: text("global"), config, ..Default::default() }));
    let ports: Vec<_> = world.tables.gateway_services(b"in", &mut watches).1.iter().map(|row| row.port).collect();
    assert_eq!(ports, [1, 3, 1]);
}

#[test]
fn a_name_is_one_gateways() {
    let mut world = World::default();
    world.done(&upsert(terminating("gw", &["web"])));
    assert_eq!(
        world.refused(&upsert(ingress("gw", &[]))),
        "cannot create a \"ingress-gateway\" config entry with name \"gw\", \
         a \"terminating-gateway\" config entry with that name already exists"
    );
    world.done(&remove(terminating("gw", &[])));
    world.done(&upsert(ingress("gw", &[])));
}

#[test]
fn destinations_are_among_the_names_of_kinds() {
    let mut world = World::default();
    let destinations = |world: &World| {
        let (index, names) = world.tables.names_of_kind(&ServiceKind::Destination, &mut WatchSet::off());
        (index, names.iter().map(|name| name.name.to_string()).collect::<Vec<_>>())
    };
    let made = world.done(&upsert(destination("out")));
    world.done(&upsert(destination("out")));
    assert_eq!(destinations(&world), (made, vec!["out".to_owned()]));
    let gone = world.done(&upsert(speaking("out", "tcp")));
    assert_eq!(destinations(&world), (gone, vec![]));
}

#[test]
fn a_terminating_gateway_shows_an_address_for_each_service_that_its_entry_names() {
    let mut world = World::default();
    let gateway =
        || register(with_service(node("n"), NodeService { kind: ServiceKind::TerminatingGateway, ..service("gw") }));
    let shown = |world: &World| -> Vec<String> {
        let (_, rows) = world.tables.service_nodes(Peer::LOCAL, b"gw", &mut WatchSet::off());
        let tagged = rows[0].service_tagged_addresses.clone().unwrap_or_default();
        tagged.into_iter().map(|(tag, address)| format!("{tag} {}", address.address)).collect()
    };
    world.done(&gateway());
    world.done(&upsert(terminating("gw", &["a", "b"])));
    let both = ["consul-virtual:a 240.0.0.1", "consul-virtual:b 240.0.0.2"];
    assert_eq!(shown(&world), both);
    let index = world.index;
    world.done(&gateway());
    assert_eq!(shown(&world), both, "who registers again need not know of them");
    assert_eq!(world.tables.indexes.service(Peer::LOCAL, b"gw"), index, "nor is that news");
    world.done(&upsert(terminating("gw", &["b"])));
    assert_eq!(shown(&world), both[1..]);
    let address = |world: &World, name: &[u8]| world.tables.virtual_ip(Peer::LOCAL, name).map(|it| it.to_string());
    assert_eq!((address(&world, b"a"), address(&world, b"b")), (None, Some("240.0.0.2".into())));
    world.done(&instance("b"));
    world.done(&deregister("n", "b", ""));
    assert_eq!(address(&world, b"b"), Some("240.0.0.2".into()), "the gateway shows it");
    world.done(&remove(terminating("gw", &[])));
    assert_eq!((shown(&world), address(&world, b"b")), (vec![], None));
}
