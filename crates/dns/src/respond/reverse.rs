//! Names of addresses.
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Responder, nodes::canonical_name};
use crate::{
    Catalog, Request, name,
    place::address,
    record::{Code, Data, Message, Record, bits, record_type},
};

impl<C: Catalog> Responder<'_, C> {
    /// Answers with the first node at an address, or else with the first service there. Whatever type is asked for.
    pub(super) fn reverse(&mut self, request: &Request, response: &mut Message) {
        let Some(question) = &request.question else { return };
        response.bits |= bits::AUTHORITATIVE;
        if question.record_type == record_type::SOA {
            response.authority.push(self.soa(&question.name));
        }
        let asked = address_of(&question.name.to_lowercase());
        match self.node_at(asked).or_else(|| self.service_at(asked)) {
            Some(name) => {
                response.answer.push(Record { name: question.name.clone(), ttl: 0, data: Data::Ptr(name) });
            }
            None => {
                response.set_code(Code::NoSuchName);
                response.authority.push(self.soa(&question.name));
            }
        }
        Self::add_options(request, response);
    }

    fn node_at(&self, asked: Option<IpAddr>) -> Option<String> {
        let asked = asked?;
        let nodes = self.catalog.nodes().ok()?;
        let node = nodes.iter().find(|node| address(&node.address.to_str_lossy()) == Some(asked))?;
        Some(canonical_name(node, self.settings.domain()))
    }

    fn service_at(&self, asked: Option<IpAddr>) -> Option<String> {
        let wanted = asked?.to_string();
        let found = self.catalog.instances_at(&wanted).ok()?;
        let one = found.iter().find(|one| one.service_address == wanted.as_str())?;
        let (name, datacenter) = (one.service_name.to_str_lossy(), one.datacenter.to_str_lossy());
        Some(format!("{name}.service.{datacenter}.{}", self.settings.domain()))
    }
}

/// The address that a name in `arpa.` in lowercase stands for.
fn address_of(name: &str) -> Option<IpAddr> {
    let mut labels = name::labels(name);
    labels.reverse();
    match labels.as_slice() {
        ["arpa", "in-addr", parts @ ..] if parts.len() == 4 => parts.join(".").parse::<Ipv4Addr>().ok().map(IpAddr::V4),
        ["arpa", "ip6", digits @ ..] if digits.len() == 32 => {
            let is_digit = |label: &&str| matches!(label.as_bytes(), [digit] if digit.is_ascii_hexdigit());
            let spelt = digits.iter().all(is_digit).then(|| digits.concat())?;
            let bits = u128::from_str_radix(&spelt, 16).ok()?;
            Some(IpAddr::V6(Ipv6Addr::from_bits(bits)).to_canonical())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_backwards() {
        let digits = |first: &str| format!("{first}{}ip6.arpa.", "0.".repeat(31));
        let table = [
            ("4.3.2.1.in-addr.arpa.".to_owned(), Some("1.2.3.4")),
            (digits("1."), Some("::1")),
            ("3.2.1.in-addr.arpa.".to_owned(), None),
            ("4.3.2.01.in-addr.arpa.".to_owned(), None),
            ("a.3.2.1.in-addr.arpa.".to_owned(), None),
            (digits("g."), None),
            (digits("01."), None),
            ("4.3.2.1.ip6.arpa.".to_owned(), None),
            ("arpa.".to_owned(), None),
        ];
        for (name, expected) in table {
            assert_eq!(address_of(&name), expected.map(|text| text.parse().unwrap()), "{name}");
        }
    }
}
