//! Names in Consul's domain.
use std::net::IpAddr;

use super::{Asked, DEPTH_MAX, Failure, Responder, Sections};
use crate::{
    Catalog, NodeLookup, Place, Request, ServiceLookup, Target, name,
    record::{Code, Data, Message, Record, bits, record_type},
    target,
};

impl<C: Catalog> Responder<'_, C> {
    /// Answers a question in our domain.
    pub(super) fn own(&mut self, request: &Request, response: &mut Message) {
        let Some(question) = &request.question else { return };
        response.bits |= bits::AUTHORITATIVE;
        match question.record_type {
            record_type::SOA => {
                response.answer.push(self.soa(&question.name));
                (response.authority, response.additional) = self.name_servers(&question.name);
            }
            record_type::NS => (response.answer, response.additional) = self.name_servers(&question.name),
            record_type::AXFR => response.set_code(Code::NotImplemented),
            record_type => {
                let name = &*question.name;
                let asked = Asked { name, record_type, has_edns: self.has_edns, depth: DEPTH_MAX };
                let mut sections = Sections::default();
                let found = self.find(asked, &mut sections);
                response.answer = sections.answer;
                response.additional = sections.additional;
                if matches!(found, Err(Failure::NotFound | Failure::NoData)) {
                    response.authority.push(self.soa(name));
                }
                response.set_code(match found {
                    Ok(()) | Err(Failure::NoData) => Code::Success,
                    Err(Failure::NotFound) => Code::NoSuchName,
                    Err(Failure::Failed) => Code::ServerFailure,
                });
            }
        }
        Self::add_options(request, response);
    }

    /// Finds what a name asks for.
    pub(super) fn find(&mut self, asked: Asked<'_>, to: &mut Sections) -> Result<(), Failure> {
        let name = asked.name.to_lowercase();
        let before = self.before_domain(&name);
        let target = target::parse(&name::labels(before), asked.record_type).ok_or(Failure::NotFound)?;
        let only_passing = self.settings.only_passing;
        match target {
            Target::Service { name: service, tag, place } => {
                let (datacenter, peer) = self.whereabouts(place);
                let lookup = ServiceLookup { service, tag, datacenter, peer, only_passing, ..ServiceLookup::default() };
                self.instances(asked, &lookup, to)
            }
            Target::Connect { name: service, place } => {
                let datacenter = self.datacenter(place);
                let lookup =
                    ServiceLookup { service, datacenter, only_passing, connect: true, ..ServiceLookup::default() };
                self.instances(asked, &lookup, to)
            }
            Target::Ingress { name: service, place } => {
                let datacenter = self.datacenter(place);
                let lookup =
                    ServiceLookup { service, datacenter, only_passing, ingress: true, ..ServiceLookup::default() };
                self.instances(asked, &lookup, to)
            }
            Target::Virtual { name: service, peer } => {
                let found = self.catalog.virtual_address(&service, peer.as_deref().unwrap_or_default())?;
                let name = self.spelt_name(before, asked);
                to.answer.extend(found.map(|address| self.spelt(name, Data::A(address))));
                Ok(())
            }
            Target::Node { name: node, place } => {
                let (datacenter, peer) = self.whereabouts(place);
                self.node(asked, &NodeLookup { node, datacenter, peer }, to)
            }
            // There are no prepared queries yet: none has this name.
            Target::Query { .. } => Err(Failure::NotFound),
            Target::Address(address) => {
                let (data, its_type) = match address {
                    IpAddr::V4(address) => (Data::A(address), record_type::A),
                    IpAddr::V6(address) => (Data::Aaaa(address), record_type::AAAA),
                };
                let record = self.spelt(self.spelt_name(before, asked), data);
                let fits = asked.record_type == its_type || asked.record_type == record_type::ANY;
                let section = if fits { &mut to.answer } else { &mut to.additional };
                section.push(record);
                Ok(())
            }
        }
    }

    /// What stands before the domain in a name in lowercase.
    fn before_domain<'n>(&self, name: &'n str) -> &'n str {
        let domains = [Some(self.settings.domain()), self.settings.alt_domain()].into_iter().flatten();
        let before = |domain: &str| name.strip_suffix(domain).filter(|rest| rest.ends_with('.'));
        domains.filter_map(before).min_by_key(|rest| rest.len()).unwrap_or_default()
    }

    /// A name as asked, in lowercase but for its domain.
    fn spelt_name(&self, before: &str, asked: Asked<'_>) -> String {
        format!("{before}{}", self.domain_of(asked.name))
    }

    fn spelt(&self, name: String, data: Data) -> Record {
        Record { name, ttl: self.settings.node_ttl(), data }
    }

    fn datacenter(&self, place: Place) -> String {
        place.datacenter.unwrap_or_else(|| self.settings.datacenter.clone())
    }

    /// The datacenter, or else the peer.
    fn whereabouts(&self, place: Place) -> (String, String) {
        match place.peer {
            Some(peer) => (String::new(), peer),
            None => (self.datacenter(place), String::new()),
        }
    }

    /// What another name leads to: nothing if it is not ours, as nobody else is asked.
    pub(super) fn resolve(&mut self, name: &str, depth: u8) -> Vec<Record> {
        let lower = name.to_lowercase();
        let is_ours = !self.before_domain(&lower).is_empty();
        let Some(depth) = depth.checked_sub(1).filter(|_| is_ours) else { return Vec::new() };
        let key = (name.to_owned(), depth);
        if let Some(records) = self.resolved.get(&key) {
            return records.clone();
        }
        let mut sections = Sections::default();
        let asked = Asked { name, record_type: record_type::ANY, has_edns: false, depth };
        // A name that leads nowhere leads to nothing.
        let _ = self.find(asked, &mut sections);
        self.resolved.insert(key, sections.answer.clone());
        sections.answer
    }
}
