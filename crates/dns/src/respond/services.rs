//! Records of instances.
use std::{collections::HashSet, net::IpAddr};

use proconsul_structs::{health::CheckServiceNode, node::Node, service::NodeService};

use super::{
    Asked, Failure, Responder, Sections,
    nodes::{canonical_name, metadata},
};
use crate::{
    Catalog, ServiceLookup, name,
    place::{self, address, address_data, spell, weight},
    record::{Data, Record, record_type},
};

/// The most records of another name in an answer to who asks without options.
const OTHER_RECORDS_MAX: usize = 5;

/// An instance whose node and service are known, as all are that a lookup finds.
struct Instance<'a> {
    node: &'a Node,
    service: &'a NodeService,
    weight: u16,
}

impl<'a> Instance<'a> {
    fn of(one: &'a CheckServiceNode) -> Option<Self> {
        Some(Self { node: one.node.as_deref()?, service: one.service.as_deref()?, weight: weight(one) })
    }

    /// Where it is, for who asks for SRV records.
    fn srv(&self, asked: Asked<'_>, ttl: u32, target: String) -> Record {
        let port = self.service.port as u16;
        let data = Data::Srv { priority: 1, weight: self.weight, port, target };
        Record { name: asked.name.to_owned(), ttl, data }
    }
}

impl<C: Catalog> Responder<'_, C> {
    /// Answers with the instances of a service, in any order.
    pub(super) fn instances(
        &mut self,
        asked: Asked<'_>,
        lookup: &ServiceLookup,
        to: &mut Sections,
    ) -> Result<(), Failure> {
        let mut found = self.catalog.instances(lookup)?;
        if found.is_empty() {
            return Err(Failure::NotFound);
        }
        self.shuffle.list(&mut found);
        let ttl = self.settings.ttl_of(&lookup.service);
        let instances = found.iter().filter_map(Instance::of);
        if asked.record_type == record_type::SRV {
            self.add_places(asked, instances, ttl, to);
        } else {
            self.add_addresses(asked, instances, ttl, to);
        }
        if to.answer.is_empty() { Err(Failure::NoData) } else { Ok(()) }
    }

    /// SRV records, each node's place once, with addresses and metadata besides.
    fn add_places<'i>(
        &mut self,
        asked: Asked<'_>,
        instances: impl Iterator<Item = Instance<'i>>,
        ttl: u32,
        to: &mut Sections,
    ) {
        let mut seen = HashSet::new();
        for one in instances {
            let place = (&one.node.node, place::of_service(one.service, record_type::SRV), one.service.port);
            if !seen.insert(place) {
                continue;
            }
            let Sections { answer, additional } = self.records_of_instance(asked, &one, ttl);
            to.answer.extend(answer);
            to.additional.extend(additional);
            if self.settings.node_meta_txt {
                let name = canonical_name(one.node, self.domain_of(asked.name));
                to.additional.extend(metadata(one.node, &name, ttl));
            }
        }
    }

    /// Addresses, each once. Another name is an answer only if there is no address at all, and then only one is.
    fn add_addresses<'i>(
        &mut self,
        asked: Asked<'_>,
        instances: impl Iterator<Item = Instance<'i>>,
        ttl: u32,
        to: &mut Sections,
    ) {
        let mut seen = HashSet::new();
        let mut other_name = Vec::new();
        let mut count = 0;
        for one in instances {
            let records = self.records_of_instance(asked, &one, ttl).answer;
            let Some(first) = records.first() else { continue };
            if !seen.insert(first.clone()) {
                continue;
            }
            if matches!(first.data, Data::Cname(_)) {
                if other_name.is_empty() {
                    other_name = records;
                }
                continue;
            }
            to.answer.extend(records);
            count += 1;
            if count == self.settings.a_record_limit {
                return;
            }
        }
        if to.answer.is_empty() {
            to.answer = other_name;
        }
    }

    /// The records of one instance: of its own address, or else of its node's.
    fn records_of_instance(&mut self, asked: Asked<'_>, one: &Instance<'_>, ttl: u32) -> Sections {
        let own = place::of_service(one.service, asked.record_type);
        let nodes = place::of_node(one.node, asked.record_type);
        let nodes_ip = address(&nodes);
        if own.is_empty() {
            return match nodes_ip {
                None if nodes.is_empty() => Sections::default(),
                // A node that is reached by another address than its plain one has no name for it.
                Some(ip) if one.node.address != nodes.as_str() => self.at_address(asked, one, ttl, ip),
                Some(ip) => self.at_node(asked, one, ttl, ip),
                None => self.at_name(asked, one, ttl, &nodes),
            };
        }
        match (address(&own), nodes_ip) {
            (Some(ip), _) => self.at_address(asked, one, ttl, ip),
            // A service whose address is the name that is asked for: the name cannot lead to itself.
            (None, Some(ip)) if name::whole(&own) == asked.name => self.at_node(asked, one, ttl, ip),
            _ => self.at_name(asked, one, ttl, &own),
        }
    }

    /// An instance at its node's address: SRV records name the node.
    fn at_node(&self, asked: Asked<'_>, one: &Instance<'_>, ttl: u32, ip: IpAddr) -> Sections {
        let name = || canonical_name(one.node, self.domain_of(asked.name));
        at(asked, one, ttl, ip, name)
    }

    /// An instance at an address of its own: SRV records spell it.
    fn at_address(&self, asked: Asked<'_>, one: &Instance<'_>, ttl: u32, ip: IpAddr) -> Sections {
        let name = || {
            let (spelt, domain) = (spell(ip), self.domain_of(asked.name));
            if one.service.peer_name.is_empty() {
                format!("{spelt}.addr.{}.{domain}", one.node.datacenter.to_str_lossy())
            } else {
                format!("{spelt}.addr.{domain}")
            }
        };
        at(asked, one, ttl, ip, name)
    }

    /// An instance under another name, and what that leads to.
    fn at_name(&mut self, asked: Asked<'_>, one: &Instance<'_>, ttl: u32, name: &str) -> Sections {
        let target = name::whole(name);
        let is_of_use = |record: &Record| matches!(record.data, Data::Cname(_) | Data::A(_) | Data::Aaaa(_));
        let most = if asked.has_edns { usize::MAX } else { OTHER_RECORDS_MAX };
        let led_to = self.resolve(&target, asked.depth).into_iter().filter(is_of_use).take(most);
        let led_to: Vec<_> = led_to.map(|record| Record { ttl, ..record }).collect();
        if asked.record_type == record_type::SRV {
            return Sections { answer: vec![one.srv(asked, ttl, target)], additional: led_to };
        }
        let mut answer = vec![Record { name: asked.name.to_owned(), ttl, data: Data::Cname(target) }];
        answer.extend(led_to);
        Sections { answer, additional: Vec::new() }
    }
}

/// An address, or for who asks for SRV records the place and its address under a name.
fn at(asked: Asked<'_>, one: &Instance<'_>, ttl: u32, ip: IpAddr, name: impl FnOnce() -> String) -> Sections {
    let Some(data) = address_data(asked.record_type, ip) else { return Sections::default() };
    if asked.record_type != record_type::SRV {
        let record = Record { name: asked.name.to_owned(), ttl, data };
        return Sections { answer: vec![record], additional: Vec::new() };
    }
    let name = name();
    let additional = vec![Record { name: name.clone(), ttl, data }];
    Sections { answer: vec![one.srv(asked, ttl, name)], additional }
}
