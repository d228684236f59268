//! What is said of bytes that are no message. Peers see these texts: they are those of `miekg/dns` 1.1.50, which Consul has.
use std::{borrow::Cow, fmt};

/// Why bytes cannot be read as a message, in the words of Go's library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable(Cow<'static, str>);

impl Unreadable {
    /// A name, or what is in an option, goes beyond its end.
    pub const BUFFER: Self = Self(Cow::Borrowed("dns: buffer size too small"));
    /// A number of two bytes is cut.
    pub const UINT16: Self = Self(Cow::Borrowed("dns: overflow unpacking uint16"));
    /// A number of four bytes is cut.
    pub const UINT32: Self = Self(Cow::Borrowed("dns: overflow unpacking uint32"));
    /// Options are cut.
    pub const OPT: Self = Self(Cow::Borrowed("dns: overflow unpacking opt"));
    /// A record says that it is longer than the message.
    pub const RECORD: Self = Self(Cow::Borrowed("dns: overflowing header size"));
    /// A label's length is of a kind that nobody defined.
    pub const LABEL: Self = Self(Cow::Borrowed("dns: bad rdata"));
    /// A name is longer than names may be.
    pub const LONG_NAME: Self = Self(Cow::Borrowed("dns: domain name exceeded 255 wire-format octets"));
    /// A name points back more often than a name may.
    pub const POINTERS: Self = Self(Cow::Borrowed("dns: too many compression pointers"));
    /// A client's network is of no known family.
    pub const FAMILY: Self = Self(Cow::Borrowed("dns: bad address family"));
    /// A client's network is smaller than one address.
    pub const NETMASK: Self = Self(Cow::Borrowed("dns: bad netmask"));

    /// A time to keep a connection is no number of two bytes.
    pub(crate) fn keepalive(len: usize) -> Self {
        Self(Cow::Owned(format!("dns: length mismatch, want 0/2 but got {len}")))
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unreadable {}
