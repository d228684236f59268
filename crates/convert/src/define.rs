//! The macros that define conversions.

/// Defines both ways between a structure and its message. Every field of both must be named: one that either side gains does not
/// compile until somebody has decided about it.
///
/// First the fields of the same name in both; `renamed` have another name in the message; `never_nil` are lists that come back
/// empty where texts and numbers otherwise come back nil; `lost` have no place in the message; `filled` are in the message only.
/// `again` comes before a structure that has another message already.
macro_rules! mirror {
    (again $ours:ident => $theirs:path { $($field:ident),* $(,)? }
        $(renamed { $($from:ident => $to:ident),+ })?
        $(never_nil { $($list:ident),+ })?
        $(lost { $($lost:ident),+ })?
        $(filled { $($filled:ident: $with:expr),+ })?
    ) => {
        impl $crate::Mirror<$theirs> for $ours {
            fn to_proto(&self) -> Result<$theirs, $crate::ConvertError> {
                use $theirs as Message;
                let Self { $($field,)* $($($from,)+)? $($($list,)+)? $($($lost: _,)+)? } = self;
                Ok(Message {
                    $($field: $crate::Mirror::to_proto($field).map_err(|error| error.within(stringify!($field)))?,)*
                    $($($to: $crate::Mirror::to_proto($from).map_err(|error| error.within(stringify!($from)))?,)+)?
                    $($($list: $crate::Mirror::to_proto($list).map_err(|error| error.within(stringify!($list)))?,)+)?
                    $($($filled: $with,)+)?
                })
            }

            fn from_proto(proto: $theirs) -> Result<Self, $crate::ConvertError> {
                use $theirs as Message;
                let Message { $($field,)* $($($to: $from,)+)? $($($list,)+)? $($($filled: _,)+)? } = proto;
                Ok(Self {
                    $($field: $crate::Mirror::from_proto($field).map_err(|error| error.within(stringify!($field)))?,)*
                    $($($from: $crate::Mirror::from_proto($from).map_err(|error| error.within(stringify!($from)))?,)+)?
                    $($($list: $crate::mirror::never_nil($list).map_err(|error| error.within(stringify!($list)))?,)+)?
                    $($($lost: Default::default(),)+)?
                })
            }
        }
    };
    ($ours:ident $($rest:tt)+) => {
        impl $crate::mirror::Part for $ours {}

        impl $crate::mirror::Optional for $ours {}

        $crate::define::mirror!(again $ours $($rest)+);
    };
}
pub(crate) use mirror;

/// Closed sets of words that messages carry as text.
macro_rules! words {
    ($($set:ty),+ $(,)?) => {$(
        impl $crate::Mirror<String> for $set {
            const NONE_IS_NIL: bool = true;

            fn to_proto(&self) -> Result<String, $crate::ConvertError> {
                proconsul_msgpack::GoStr::from(self).to_proto()
            }

            fn from_proto(proto: String) -> Result<Self, $crate::ConvertError> {
                proconsul_msgpack::GoStr::from_proto(proto).map(Self::from)
            }
        }
    )+};
}
pub(crate) use words;

/// Closed sets of words that messages carry as numbers: `word = number`. No word at all is the first number, as are the `also`
/// ones.
macro_rules! numbers {
    ($($set:ident { $first:ident = $first_number:ident $(also $also:ident)? $(, $member:ident = $number:ident)* $(,)? })+) => {$(
        impl $crate::Mirror<i32> for $set {
            fn to_proto(&self) -> Result<i32, $crate::ConvertError> {
                use proconsul_proto::pbconfigentry::$set as Number;
                match self {
                    Self::$first $(| Self::$also)? => Ok(Number::$first_number as i32),
                    $(Self::$member => Ok(Number::$number as i32),)*
                    Self::Unknown(word) if word.is_empty() => Ok(Number::$first_number as i32),
                    Self::Unknown(_) => Err($crate::Reason::UnknownWord(stringify!($set)).into()),
                }
            }

            fn from_proto(number: i32) -> Result<Self, $crate::ConvertError> {
                use proconsul_proto::pbconfigentry::$set as Number;
                match Number::try_from(number) {
                    Ok(Number::$first_number) => Ok(Self::$first),
                    $(Ok(Number::$number) => Ok(Self::$member),)*
                    Err(_) => Err($crate::Reason::UnknownNumber(stringify!($set), number).into()),
                }
            }
        }
    )+};
}

pub(crate) use numbers;
