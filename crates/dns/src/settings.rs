//! What there is to set, under the names of Consul's configuration.
use std::{collections::BTreeMap, time::Duration};

use crate::name;

/// The `dns_config` block, and the domains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `domain` and `alt_domain`.
    pub domains: Domains,
    /// The server's own datacenter.
    pub datacenter: String,
    /// `node_ttl`: how long the address of a node may be kept.
    pub node_ttl: Duration,
    /// `service_ttl`: the same for services.
    pub service_ttl: ServiceTtl,
    /// `only_passing`: instances with a warning are left out.
    pub only_passing: bool,
    /// `enable_truncate`: an answer from which something was left out says so.
    pub enable_truncate: bool,
    /// `udp_answer_limit`: the most records in an answer over UDP to who asks without options; never more than 8.
    pub udp_answer_limit: usize,
    /// `a_record_limit`: the most addresses in an answer; 0: no limit.
    pub a_record_limit: usize,
    /// `enable_additional_node_meta_txt`: metadata of nodes goes along as TXT records.
    pub node_meta_txt: bool,
    /// `disable_compression`: names are written out.
    pub disable_compression: bool,
    /// `soa`.
    pub soa: Soa,
}

/// The domains that are Consul's, in lowercase and whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domains {
    own: String,
    alt: Option<String>,
}

impl Domains {
    /// These, which need not be whole; empty is the default, and none.
    pub fn new(domain: &str, alt_domain: &str) -> Self {
        let whole = |domain: &str| {
            let domain = domain.trim_end_matches('.');
            (!domain.is_empty()).then(|| name::whole(&domain.to_lowercase()))
        };
        Self { own: whole(domain).unwrap_or_else(|| "consul.".into()), alt: whole(alt_domain) }
    }
}

/// How long answers about services may be kept: by name, or by how a name begins (`web-*`).
pub type ServiceTtl = BTreeMap<String, Duration>;

/// The numbers of the SOA record, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Soa {
    /// `refresh`.
    pub refresh: u32,
    /// `retry`.
    pub retry: u32,
    /// `expire`.
    pub expire: u32,
    /// `min_ttl`.
    pub min_ttl: u32,
}

impl Default for Soa {
    fn default() -> Self {
        Self { refresh: 3600, retry: 600, expire: 86400, min_ttl: 0 }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            domains: Domains::new("", ""),
            datacenter: "dc1".into(),
            node_ttl: Duration::ZERO,
            service_ttl: ServiceTtl::new(),
            only_passing: false,
            enable_truncate: false,
            udp_answer_limit: 3,
            a_record_limit: 0,
            node_meta_txt: true,
            disable_compression: false,
            soa: Soa::default(),
        }
    }
}

impl Settings {
    /// `domain`: lowercase and whole.
    pub fn domain(&self) -> &str {
        &self.domains.own
    }

    /// `alt_domain`: lowercase and whole.
    pub fn alt_domain(&self) -> Option<&str> {
        self.domains.alt.as_deref()
    }

    /// How long an answer about a service may be kept, in seconds: as its name says, or else the longest beginning of it.
    pub(crate) fn ttl_of(&self, service: &str) -> u32 {
        let by_name = || self.service_ttl.iter().find(|(name, _)| *name == service && !name.ends_with('*'));
        let by_beginning = || {
            let beginnings = self.service_ttl.iter().filter_map(|(name, ttl)| Some((name.strip_suffix('*')?, ttl)));
            beginnings
                .filter(|(beginning, _)| service.starts_with(beginning))
                .max_by_key(|(beginning, _)| beginning.len())
        };
        let found = by_name().map(|(_, ttl)| ttl).or_else(|| by_beginning().map(|(_, ttl)| ttl));
        found.map_or(0, |ttl| seconds(*ttl))
    }

    pub(crate) fn node_ttl(&self) -> u32 {
        seconds(self.node_ttl)
    }
}

fn seconds(ttl: Duration) -> u32 {
    ttl.as_secs() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_may_be_kept_as_its_name_says_or_the_longest_beginning() {
        let pairs = [("web", 1), ("web-*", 2), ("web-a*", 3), ("*", 4)];
        let service_ttl = pairs.map(|(name, ttl)| (name.to_owned(), Duration::from_secs(ttl))).into();
        let settings = Settings { service_ttl, ..Settings::default() };
        for (service, expected) in [("web", 1), ("web-b", 2), ("web-ab", 3), ("db", 4)] {
            assert_eq!(settings.ttl_of(service), expected, "{service}");
        }
        assert_eq!(Settings::default().ttl_of("web"), 0);
    }

    #[test]
    fn domains_are_made_whole() {
        let domains = |domain, alt: &str| {
            let Domains { own, alt } = Domains::new(domain, alt);
            (own, alt)
        };
        assert_eq!(domains("", ""), ("consul.".into(), None));
        assert_eq!(domains("Example.ORG", "alt."), ("example.org.".into(), Some("alt.".into())));
    }
}
