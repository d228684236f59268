//! Answers that are too long for their way.
use std::collections::{HashMap, HashSet};

use crate::{
    Request, Transport,
    length::length,
    record::{Data, Message, Record, record_type},
};

/// The most records in an answer over UDP to who asks without options, whatever is set.
const UDP_ANSWERS_MAX: usize = 8;
/// The longest answer over UDP to who asks without options.
const UDP_BYTES_DEFAULT: usize = 512;
/// The longest answer over UDP: a datagram without the headers of IP and UDP.
const UDP_BYTES_MAX: usize = 65535 - 68;
const UDP_HEADER_BYTES: usize = 8;
/// The longest answer over TCP.
const TCP_BYTES_MAX: usize = 65523;
/// More records fit in no answer over TCP.
const TCP_ANSWERS_MAX: usize = 4096;
const TCP_SRV_MAX: usize = 1024;
/// What is longer than this beyond the limit is cut by halves, not one by one.
const MANY_BYTES: usize = 100;
/// What is this near to the limit is near enough.
const FEW_BYTES: usize = 10;

/// Leaves out of an answer what is too much. True if anything was left out.
pub(crate) fn trim(transport: Transport, request: &Request, answers_max: usize, response: &mut Message) -> bool {
    let trimming = Trimming::new(response);
    match transport {
        Transport::Udp => trimming.udp(request, answers_max, response),
        Transport::Tcp => trimming.tcp(request, response),
    }
}

/// The additional records as they were, to take again those that belong to what is left.
struct Trimming {
    /// The first of each name, by its name in lowercase; `None`: there are none, and nothing to take.
    additional: Option<HashMap<String, Record>>,
}

impl Trimming {
    fn new(response: &Message) -> Self {
        let mut by_name = HashMap::new();
        for record in &response.additional {
            by_name.entry(record.name.to_lowercase()).or_insert_with(|| record.clone());
        }
        Self { additional: (!by_name.is_empty()).then_some(by_name) }
    }

    fn udp(&self, request: &Request, answers_max: usize, response: &mut Message) -> bool {
        let before = response.answer.len();
        let asked = request.edns.as_ref().map_or(0, |edns| edns.udp_size.into());
        let limit = UDP_BYTES_DEFAULT.max(asked).min(UDP_BYTES_MAX);
        let answers_max = answers_max.min(UDP_ANSWERS_MAX);
        let compress = response.compress;
        if limit == UDP_BYTES_DEFAULT && before > answers_max {
            // Reckoned without pointers, though written with them.
            response.compress = false;
            self.keep(response, answers_max);
        }
        self.shorten(response, limit, UDP_HEADER_BYTES);
        response.compress = compress;
        response.answer.len() < before
    }

    fn tcp(&self, request: &Request, response: &mut Message) -> bool {
        let is_srv = request.question.as_ref().is_some_and(|question| question.record_type == record_type::SRV);
        response.answer.truncate(if is_srv { TCP_SRV_MAX } else { TCP_ANSWERS_MAX });
        self.shorten(response, TCP_BYTES_MAX, 0)
    }

    /// Leaves out records until the answer is short enough or only one is left. True if it was too long.
    fn shorten(&self, response: &mut Message, limit: usize, margin: usize) -> bool {
        let mut was_long = false;
        while response.answer.len() > 1 && length(response) > limit - margin {
            was_long = true;
            response.authority.clear();
            let last = response.answer.len() - 1;
            let left = if length(response) > limit + MANY_BYTES { self.fitting(response, limit) } else { last };
            self.keep(response, left);
        }
        was_long
    }

    /// How many records fit, found by halves.
    fn fitting(&self, response: &Message, limit: usize) -> usize {
        let (mut fits, mut too_many) = (0, response.answer.len() + 1);
        while too_many - fits > 1 {
            let middle = fits + (too_many - fits) / 2;
            let mut shorter = response.clone();
            self.keep(&mut shorter, middle);
            let len = length(&shorter);
            if len > limit {
                too_many = middle;
            } else if limit - len < FEW_BYTES {
                return middle;
            } else {
                fits = middle;
            }
        }
        fits
    }

    /// Keeps so many answers, and of the additional records those that services among them point at: options are gone then.
    fn keep(&self, response: &mut Message, answers: usize) {
        response.answer.truncate(answers);
        let Some(additional) = &self.additional else { return };
        let mut seen = HashSet::new();
        let mut kept = Vec::new();
        for record in &response.answer {
            let Data::Srv { target, .. } = &record.data else { continue };
            let mut next = Some(target.to_lowercase());
            while let Some(name) = next.take().filter(|name| seen.insert(name.clone())) {
                let Some(found) = additional.get(&name) else { break };
                kept.push(found.clone());
                if let Data::Cname(target) = &found.data {
                    next = Some(target.to_lowercase());
                }
            }
        }
        response.additional = kept;
    }
}
