//! What a type lets an expression select: field names, kinds, and by kind the operators.

use std::fmt;

/// A selectable field of a struct.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The name in expressions: Go's field name, or its `bexpr` tag.
    pub name: &'static str,
    /// What the field holds.
    pub kind: Kind,
}

/// What a value is, to an expression.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// `true` or `false`; literals as Go's `strconv.ParseBool` reads them.
    Bool,
    /// A signed number of this many bits; literals as `strconv.ParseInt` with base 0 reads them.
    Int(u8),
    /// An unsigned number of this many bits; literals as `strconv.ParseUint` with base 0 reads them.
    Uint(u8),
    /// A floating point number of 32 or 64 bits; literals as `strconv.ParseFloat` reads them.
    Float(u8),
    /// A string.
    Str,
    /// A map from strings to values of a kind. Any key can be selected.
    Map(&'static Kind),
    /// A list of values of a kind. Selectors go through it: what they select matches if it does in any element.
    List(&'static Kind),
    /// A struct with these fields.
    Struct(&'static [Field]),
}

impl Kind {
    /// Whether this is the kind of a single value.
    pub const fn is_primitive(&self) -> bool {
        matches!(self, Self::Bool | Self::Int(_) | Self::Uint(_) | Self::Float(_) | Self::Str)
    }

    /// Whether items of this kind can be filtered: structs with fields, and maps.
    pub const fn is_filterable(&self) -> bool {
        match self {
            Self::Struct(fields) => !fields.is_empty(),
            Self::Map(_) => true,
            _ => false,
        }
    }

    /// Whether the operator applies to a value of this kind.
    pub fn supports(&self, operator: Operator) -> bool {
        use Operator::{Equal, In, IsEmpty, IsNotEmpty, Matches, NotEqual, NotIn, NotMatches};
        match self {
            Self::Str => matches!(operator, Equal | NotEqual | In | NotIn | Matches | NotMatches),
            Self::Bool | Self::Int(_) | Self::Uint(_) | Self::Float(_) => matches!(operator, Equal | NotEqual),
            Self::Map(_) => matches!(operator, IsEmpty | IsNotEmpty | In | NotIn),
            Self::List(of) if of.is_primitive() => matches!(operator, IsEmpty | IsNotEmpty | In | NotIn),
            Self::List(_) => matches!(operator, IsEmpty | IsNotEmpty),
            Self::Struct(_) => false,
        }
    }

    /// The kind of the literals that values of this kind are compared with.
    pub(crate) fn of_literal(&self) -> Self {
        match self {
            Self::Map(_) => Self::Str,
            Self::List(of) => **of,
            kind => *kind,
        }
    }

    /// Where a selector's next name leads.
    pub(crate) fn select(&self, name: &[u8]) -> Option<Selected> {
        match self {
            Self::Struct(fields) => fields
                .iter()
                .position(|field| field.name.as_bytes() == name)
                .map(|index| Selected { step: Step::Field(index), kind: fields[index].kind }),
            Self::Map(of) => {
                let key = std::str::from_utf8(name).ok().map(Box::from);
                Some(Selected { step: Step::Key(key), kind: **of })
            }
            // The fields of a list's elements are the list's own.
            Self::List(of) if !of.is_primitive() => of.select(name),
            _ => None,
        }
    }
}

/// One name of a selector, resolved.
#[derive(Clone, Debug)]
pub(crate) struct Selected {
    pub(crate) step: Step,
    pub(crate) kind: Kind,
}

/// How to get from a value to what a name selects in it.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// A struct's field by its place in the table.
    Field(usize),
    /// A map's key; `None` for one that is not UTF-8 and thus in no map.
    Key(Option<Box<str>>),
}

/// What a match asks. `Display` is go-bexpr's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `in`, and `contains` with its sides swapped
    In,
    /// `not in`, `not contains`
    NotIn,
    /// `is empty`
    IsEmpty,
    /// `is not empty`
    IsNotEmpty,
    /// `matches`
    Matches,
    /// `not matches`
    NotMatches,
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Equal => "Equal",
            Self::NotEqual => "Not Equal",
            Self::In => "In",
            Self::NotIn => "Not In",
            Self::IsEmpty => "Is Empty",
            Self::IsNotEmpty => "Is Not Empty",
            Self::Matches => "Matches",
            Self::NotMatches => "Not Matches",
        })
    }
}
