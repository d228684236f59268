//! Numbers that stand for something.

/// Declares a number whose members have names. One that is not among them is kept as it came. Zero is the default.
macro_rules! number_set {
    ($(#[doc = $doc:literal])* pub struct $name:ident($number:ty) { $($(#[doc = $member_doc:literal])* $member:ident = $value:literal $word:literal,)+ }) => {
        $(#[doc = $doc])*
        #[derive(serde::Serialize, serde::Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[serde(transparent)]
        pub struct $name(pub $number);

        impl $name {
            $($(#[doc = $member_doc])* pub const $member: $name = $name($value);)+

            /// The member's name; `None` for a number that this program does not know.
            pub fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($value => Some($word),)+
                    _ => None,
                }
            }
        }

        impl proconsul_msgpack::Shaped for $name {
            fn shape() -> proconsul_msgpack::Shape {
                proconsul_msgpack::Shape::Numbers(&proconsul_msgpack::NumberSet {
                    name: stringify!($name),
                    doc: concat!($($doc),*),
                    numbers: &[$(($value, $word, concat!($($member_doc),*)),)+],
                })
            }
        }
    };
}
pub(crate) use number_set;
