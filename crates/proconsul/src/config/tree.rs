//! What a configuration file says, whichever language it is in.

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    /// Line of its key, or of itself in a list; from 1.
    pub(super) line: usize,
    pub(super) value: Value,
}

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// JSON's and HCL's null: as if the key were not there.
    Null,
    Bool(bool),
    /// A whole number; what fits no `i64` is a `Float`.
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    /// Blocks of one name, in HCL: one table, or one element of a list each.
    Blocks(Vec<Node>),
    Map(Vec<Entry>),
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) node: Node,
}

impl Value {
    /// What it is, in an operator's words. Never what it holds: that may be a secret.
    pub(super) fn what(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Int(_) => "a whole number",
            Self::Float(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Blocks(_) => "a block",
            Self::Map(_) => "an object",
        }
    }

    /// Whether it asks for something: not off, empty or absent.
    pub(super) fn is_on(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(yes) => *yes,
            Self::Int(_) | Self::Float(_) => true,
            Self::Text(text) => !text.is_empty(),
            Self::List(items) | Self::Blocks(items) => !items.is_empty(),
            Self::Map(entries) => !entries.is_empty(),
        }
    }
}

/// Where each line begins, to ask for many lines of one text.
pub(super) struct Lines(Vec<usize>);

impl Lines {
    pub(super) fn of(text: &str) -> Self {
        Self(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1).collect())
    }

    /// Line of the byte at `offset`, from 1.
    pub(super) fn at(&self, offset: usize) -> usize {
        1 + self.0.partition_point(|&start| start <= offset)
    }
}
