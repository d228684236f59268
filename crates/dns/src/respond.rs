//! From a question to an answer.
mod domain; // names in Consul's domain
mod nodes; // records of nodes
mod reverse; // names of addresses
mod services; // records of instances

use std::collections::HashMap;

use crate::{
    Catalog, LookupError, Request, Settings, name,
    record::{Code, Data, Message, Record, SoaData, bits, record_type},
    shuffle::Shuffle,
    trim::trim,
    write::write,
};

/// How a question came, which decides how long its answer may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// In a datagram.
    Udp,
    /// In a stream.
    Tcp,
}

/// What of an answer comes from the outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Seconds since 1970: the serial number of the zone.
    pub unix_seconds: u32,
    /// What the order of answers begins with. The same seed gives the same order.
    pub seed: u64,
}

/// Answers a question. A name in no domain of ours is refused: nobody is asked in turn.
///
/// The answer is empty where something in it has no wire form, such as a node whose name is too long a label: Consul's gRPC
/// service answers so.
pub fn respond<C: Catalog>(
    settings: &Settings,
    catalog: &C,
    transport: Transport,
    request: &Request,
    now: Moment,
) -> Vec<u8> {
    let mut responder = Responder {
        settings,
        catalog,
        now,
        shuffle: Shuffle::new(now.seed),
        resolved: HashMap::new(),
        has_edns: request.edns.is_some(),
    };
    let mut response = reply(request, !settings.disable_compression);
    match zone_of(settings, request) {
        Some(Zone::Reverse) => responder.reverse(request, &mut response),
        Some(Zone::Own) => {
            responder.own(request, &mut response);
            if trim(transport, request, settings.udp_answer_limit, &mut response) && settings.enable_truncate {
                response.bits |= bits::TRUNCATED;
            }
        }
        None => {
            response.set_code(Code::Refused);
            response.compress = false;
        }
    }
    write(&response).unwrap_or_default()
}

/// Who answers for a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Zone {
    /// `arpa.`
    Reverse,
    /// One of Consul's domains.
    Own,
}

/// The longest zone that a name is in; the shortest for a type that the zone above answers for.
fn zone_of(settings: &Settings, request: &Request) -> Option<Zone> {
    let question = request.question.as_ref()?;
    let name = question.name.to_lowercase();
    let mut found = name::starts(&name).filter_map(|start| {
        let end = name.get(start..)?;
        if end == settings.domain() || Some(end) == settings.alt_domain() {
            Some(Zone::Own)
        } else {
            (end == "arpa.").then_some(Zone::Reverse)
        }
    });
    if question.record_type == record_type::DS { found.last() } else { found.next() }
}

/// An answer without anything in it yet.
fn reply(request: &Request, compress: bool) -> Message {
    let opcode = request.bits & bits::OPCODE;
    let repeated = if opcode == 0 { bits::RECURSION_DESIRED | bits::CHECKING_DISABLED } else { 0 };
    Message {
        id: request.id,
        bits: bits::RESPONSE | opcode | (request.bits & repeated),
        question: request.question.clone(),
        answer: Vec::new(),
        authority: Vec::new(),
        additional: Vec::new(),
        compress,
    }
}

/// What is asked, by a peer or by ourselves on the way to an answer.
#[derive(Clone, Copy)]
struct Asked<'a> {
    name: &'a str,
    record_type: u16,
    /// Whether there is room for more than a few records of another name.
    has_edns: bool,
    /// How many names may still lead to others.
    depth: u8,
}

/// Names lead to names this often at most.
const DEPTH_MAX: u8 = 3;

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failure {
    /// There is no such name.
    NotFound,
    /// There is, but nothing of the type that is asked for.
    NoData,
    /// It cannot be known.
    Failed,
}

impl From<LookupError> for Failure {
    fn from(error: LookupError) -> Self {
        match error {
            LookupError::NoDatacenter => Self::NotFound,
            LookupError::Failed => Self::Failed,
        }
    }
}

/// What an answer is made of, as far as it is made.
#[derive(Default)]
struct Sections {
    answer: Vec<Record>,
    additional: Vec<Record>,
}

struct Responder<'a, C> {
    settings: &'a Settings,
    catalog: &'a C,
    now: Moment,
    shuffle: Shuffle,
    /// What other names led to, by name and depth: many instances may be one name.
    resolved: HashMap<(String, u8), Vec<Record>>,
    has_edns: bool,
}

impl<C: Catalog> Responder<'_, C> {
    /// The domain that a name is in, as it is written there.
    fn domain_of<'n>(&'n self, name: &'n str) -> &'n str {
        let ours = |end: &&str| {
            let end = end.to_lowercase();
            end == self.settings.domain() || Some(&*end) == self.settings.alt_domain()
        };
        name::starts(name).filter_map(|start| name.get(start..)).find(ours).unwrap_or(self.settings.domain())
    }

    /// Facts of the zone that a name is in.
    fn soa(&self, name: &str) -> Record {
        let alt = self.settings.alt_domain();
        let is_alt = |alt: &&str| name.strip_suffix(*alt).is_some_and(|rest| rest.ends_with('.'));
        let domain = alt.filter(is_alt).unwrap_or(self.settings.domain());
        let soa = self.settings.soa;
        let data = SoaData {
            ns: format!("ns.{domain}"),
            mailbox: format!("hostmaster.{domain}"),
            serial: self.now.unix_seconds,
            refresh: soa.refresh,
            retry: soa.retry,
            expire: soa.expire,
            min_ttl: soa.min_ttl,
        };
        // What is kept of a name that does not exist is kept as long as the zone says.
        Record { name: domain.to_owned(), ttl: soa.min_ttl, data: Data::Soa(Box::new(data)) }
    }

    /// Options of the answer, if the question has any. Our answers hold for every client alike.
    fn add_options(request: &Request, response: &mut Message) {
        if let Some(edns) = &request.edns {
            let data = Data::Opt { udp_size: edns.udp_size, subnet: edns.subnet.clone() };
            response.additional.push(Record { name: ".".into(), ttl: 0, data });
        }
    }
}

#[cfg(test)]
mod tests;
