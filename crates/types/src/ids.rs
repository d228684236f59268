//! Names and numbers that must not be mixed up.

use std::fmt;

/// Number of a request on its stream, chosen by the client and repeated by the server in the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestSeq(pub u64);

impl fmt::Display for RequestSeq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Makes a newtype of a name that is never empty.
macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $empty:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Box<str>);

        impl $name {
            #[doc = concat!("Reads a field of a message; ", $empty, " reads as `None`.")]
            pub fn from_wire(field: &str) -> Option<Self> {
                (!field.is_empty()).then(|| Self(field.into()))
            }

            /// The name as it is written on the wire.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                *self.0 == *other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                *self.0 == **other
            }
        }
    };
}

name!(
    /// A datacenter's name, never empty: an empty field on the wire means "the one you are in" and reads as `None`.
    Datacenter,
    "an empty one, which means the datacenter of the server that was asked,"
);

name!(
    /// The name of a node in the catalog, never empty. Its case is kept, though Consul compares node names without it.
    NodeName,
    "an empty one, which names no node,"
);

#[cfg(test)]
mod tests {
    use super::{Datacenter, NodeName};

    #[test]
    fn an_empty_field_names_nothing() {
        assert_eq!(Datacenter::from_wire(""), None);
        assert_eq!(NodeName::from_wire(""), None);
        assert_eq!(Datacenter::from_wire("dc1").expect("it is not empty"), "dc1");
    }
}
