//! Messages and records, as far as Consul answers with them.
use std::net::{Ipv4Addr, Ipv6Addr};

use crate::{Question, edns::Subnet};

/// The numbers of record types.
pub mod record_type {
    /// An IPv4 address.
    pub const A: u16 = 1;
    /// A name server.
    pub const NS: u16 = 2;
    /// Another name.
    pub const CNAME: u16 = 5;
    /// Facts of a zone.
    pub const SOA: u16 = 6;
    /// The name of an address.
    pub const PTR: u16 = 12;
    /// Text.
    pub const TXT: u16 = 16;
    /// An IPv6 address.
    pub const AAAA: u16 = 28;
    /// Where a service is.
    pub const SRV: u16 = 33;
    /// Options of a message.
    pub const OPT: u16 = 41;
    /// A signer of a zone: the zone above answers.
    pub const DS: u16 = 43;
    /// All of a zone.
    pub const AXFR: u16 = 252;
    /// Whatever there is.
    pub const ANY: u16 = 255;
}

/// What a message says about how it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub(crate) enum Code {
    Success = 0,
    ServerFailure = 2,
    NoSuchName = 3,
    NotImplemented = 4,
    Refused = 5,
}

/// Bits of a message's second word.
pub(crate) mod bits {
    pub(crate) const RESPONSE: u16 = 1 << 15;
    pub(crate) const OPCODE: u16 = 0xF << 11;
    pub(crate) const AUTHORITATIVE: u16 = 1 << 10;
    pub(crate) const TRUNCATED: u16 = 1 << 9;
    pub(crate) const RECURSION_DESIRED: u16 = 1 << 8;
    pub(crate) const CHECKING_DISABLED: u16 = 1 << 4;
}

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Data {
    A(Ipv4Addr),
    Aaaa(Ipv6Addr),
    Ns(String),
    Cname(String),
    Ptr(String),
    Soa(Box<SoaData>),
    Srv {
        priority: u16,
        weight: u16,
        port: u16,
        target: String,
    },
    /// One text, escaped.
    Txt(String),
    /// How large an answer over UDP may be, and the client's network.
    Opt {
        udp_size: u16,
        subnet: Option<Subnet>,
    },
}

impl Data {
    pub(crate) fn number(&self) -> u16 {
        match self {
            Self::A(_) => record_type::A,
            Self::Aaaa(_) => record_type::AAAA,
            Self::Ns(_) => record_type::NS,
            Self::Cname(_) => record_type::CNAME,
            Self::Ptr(_) => record_type::PTR,
            Self::Soa(_) => record_type::SOA,
            Self::Srv { .. } => record_type::SRV,
            Self::Txt(_) => record_type::TXT,
            Self::Opt { .. } => record_type::OPT,
        }
    }
}

/// Facts of a zone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SoaData {
    pub(crate) ns: String,
    pub(crate) mailbox: String,
    pub(crate) serial: u32,
    pub(crate) refresh: u32,
    pub(crate) retry: u32,
    pub(crate) expire: u32,
    pub(crate) min_ttl: u32,
}

/// One record, of class IN.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Record {
    pub(crate) name: String,
    pub(crate) ttl: u32,
    pub(crate) data: Data,
}

/// A message to be written.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) id: u16,
    pub(crate) bits: u16,
    pub(crate) question: Option<Question>,
    pub(crate) answer: Vec<Record>,
    pub(crate) authority: Vec<Record>,
    pub(crate) additional: Vec<Record>,
    /// Names that were written before may be pointed at.
    pub(crate) compress: bool,
}

impl Message {
    /// Every record, in the order in which they are written.
    pub(crate) fn records(&self) -> impl Iterator<Item = &Record> {
        self.answer.iter().chain(&self.authority).chain(&self.additional)
    }

    /// Whether there is anything that could point at a name: with a question alone there is not.
    pub(crate) fn compresses(&self) -> bool {
        self.compress && self.records().next().is_some()
    }

    pub(crate) fn set_code(&mut self, code: Code) {
        self.bits = (self.bits & !0xF) | code as u16;
    }
}
