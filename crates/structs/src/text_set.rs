//! Closed sets of words that stay open to unknown ones.

/// Declares an enum whose members are words on the wire. A word that is not among them is kept as it came, so that it can be
/// named in an error or passed on unchanged. The default is what the empty word means.
macro_rules! text_set {
    ($(#[doc = $doc:literal])* pub enum $name:ident { $($(#[doc = $member_doc:literal])* $member:ident = $word:literal,)+ }) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[doc = $member_doc])* $member,)+
            /// A word that this program does not know, as it came.
            Unknown(proconsul_msgpack::GoStr),
        }

        impl $name {
            /// The members that this program knows.
            pub const KNOWN: &[$name] = &[$(Self::$member,)+];

            /// The word of a known member.
            fn word(&self) -> Result<&'static str, &proconsul_msgpack::GoStr> {
                match self {
                    $(Self::$member => Ok($word),)+
                    Self::Unknown(word) => Err(word),
                }
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::from(proconsul_msgpack::GoStr::default())
            }
        }

        impl From<proconsul_msgpack::GoStr> for $name {
            fn from(word: proconsul_msgpack::GoStr) -> Self {
                match word.as_bytes() {
                    $(known if known == $word.as_bytes() => Self::$member,)+
                    _ => Self::Unknown(word),
                }
            }
        }

        impl From<&$name> for proconsul_msgpack::GoStr {
            fn from(member: &$name) -> Self {
                member.word().map_or_else(Clone::clone, Self::from)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self.word() {
                    Ok(word) => f.write_str(word),
                    Err(word) => std::fmt::Display::fmt(word, f),
                }
            }
        }

        impl proconsul_msgpack::Shaped for $name {
            fn shape() -> proconsul_msgpack::Shape {
                proconsul_msgpack::Shape::Words(&proconsul_msgpack::WordSet {
                    name: stringify!($name),
                    doc: concat!($($doc),*),
                    words: &[$(($word, concat!($($member_doc),*)),)+],
                })
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                match self.word() {
                    Ok(word) => to.serialize_str(word),
                    Err(word) => serde::Serialize::serialize(word, to),
                }
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                <proconsul_msgpack::GoStr as serde::Deserialize>::deserialize(from).map(Self::from)
            }
        }
    };
}
pub(crate) use text_set;
