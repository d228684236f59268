//! What a type looks like on the wire, as data: for describing it, for examples, and for JSON that is checked before it is sent.
//!
//! Nothing here reads or writes: serde does, and never asks a shape. Structures refer to each other by functions, so that a
//! shape is cheap to make and a type may contain itself.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use bytes::Bytes;

use crate::{GoStr, Time, Value};

/// A type that can say what it looks like on the wire. The derive implements it beside serde's traits.
pub trait Shaped {
    /// Its shape: one step deep.
    fn shape() -> Shape;
}

/// What a value looks like on the wire.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// True or false.
    Bool,
    /// A whole number that has to fit this many bits.
    Int {
        /// 8, 16, 32 or 64.
        bits: u8,
        /// Whether it may be negative.
        signed: bool,
    },
    /// A floating-point number.
    Float {
        /// 32 or 64.
        bits: u8,
    },
    /// A string: usually UTF-8, never checked to be.
    Text,
    /// A byte string.
    Bytes,
    /// A point in time, in Go's binary form.
    Time,
    /// Nanoseconds, possibly negative.
    Duration,
    /// A value whose type only the bytes know.
    Any,
    /// Nil, or the value.
    Optional(fn() -> Shape),
    /// Any number of values.
    List(fn() -> Shape),
    /// Values by text, in order of the keys' bytes.
    Map(fn() -> Shape),
    /// Values by something that is not text: the key, and the value.
    Pairs(fn() -> Shape, fn() -> Shape),
    /// One of several words; others are let through.
    Words(&'static WordSet),
    /// A whole number that stands for something; others are let through.
    Numbers(&'static NumberSet),
    /// Fields by name.
    Struct(fn() -> StructShape),
    /// One raw that holds the value.
    Nested(fn() -> Shape),
    /// One raw that holds a protobuf message: its full name.
    Proto(&'static str),
    /// A structure of which only a word beside or in it says which.
    OneOf(&'static OneOf),
    /// One raw that holds several values one after another, which together are these fields.
    Sequence(Layout, fn() -> StructShape),
}

/// A closed set of words that stays open to unknown ones.
#[derive(Clone, Copy, Debug)]
pub struct WordSet {
    /// Its name.
    pub name: &'static str,
    /// What the words are about.
    pub doc: &'static str,
    /// Each word with its meaning, the likeliest to be meant first.
    pub words: &'static [(&'static str, &'static str)],
}

/// Numbers that stand for something.
#[derive(Clone, Copy, Debug)]
pub struct NumberSet {
    /// Its name.
    pub name: &'static str,
    /// What the numbers are about.
    pub doc: &'static str,
    /// Each number with its name and meaning.
    pub numbers: &'static [(i64, &'static str, &'static str)],
}

/// Structures of which a word says which one it is.
#[derive(Clone, Copy, Debug)]
pub struct OneOf {
    /// Its name.
    pub name: &'static str,
    /// What they have in common.
    pub doc: &'static str,
    /// The key under which JSON has the word. Not every structure has it as a field of its own.
    pub tag: &'static str,
    /// The structures.
    pub arms: &'static [Arm],
}

/// One of the structures of a [`OneOf`].
#[derive(Clone, Copy, Debug)]
pub struct Arm {
    /// The word that stands for it.
    pub word: &'static str,
    /// What it is.
    pub doc: &'static str,
    /// Its shape: [`Shape::Struct`], or [`Shape::Nested`] around one.
    pub shape: fn() -> Shape,
}

impl OneOf {
    /// The structure that a word stands for.
    pub fn arm(&self, word: &str) -> Option<&Arm> {
        self.arms.iter().find(|arm| arm.word == word)
    }
}

/// How the values of a [`Shape::Sequence`] follow each other within their raw: the forms of Consul's config entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// The word for `Entry`, then a map of all fields.
    WordThenFields,
    /// The word for `Entry`, then that (both absent: the empty word alone), then a map of the other fields.
    WordEntryFields,
    /// How many `Entries` there are, then a map of all fields, of which `Kind` is the word for all of them. Between the two the
    /// word once more.
    CountWordFields,
    /// How many `Entries` there are, then each with its word before it, then a map of the other fields.
    CountEntriesFields,
}

/// A structure's fields, those of embedded structures among them, sorted by key: the order in which they are written.
#[derive(Clone, Debug)]
pub struct StructShape {
    /// The type's name in Rust.
    pub name: &'static str,
    /// What it is.
    pub doc: &'static str,
    /// Its fields.
    pub fields: Vec<FieldShape>,
    /// Whether keys that it does not know are kept and written back.
    pub keeps_rest: bool,
}

/// One field of a structure.
#[derive(Clone, Copy, Debug)]
pub struct FieldShape {
    /// Its key on the wire.
    pub key: &'static str,
    /// What it means.
    pub doc: &'static str,
    /// What it looks like.
    pub shape: fn() -> Shape,
    /// Where it stands when the structure comes as a list.
    pub position: usize,
    /// Left out when it is the zero value.
    pub omit_empty: bool,
    /// Written as nil when it is empty.
    pub nil_when_empty: bool,
}

impl StructShape {
    /// A structure without fields.
    pub const fn new(name: &'static str, doc: &'static str) -> Self {
        Self { name, doc, fields: Vec::new(), keeps_rest: false }
    }

    /// With one more field, the next in order of declaration.
    #[must_use]
    pub fn field(mut self, key: &'static str, doc: &'static str, shape: fn() -> Shape) -> Self {
        let position = self.fields.len();
        self.fields.push(FieldShape { key, doc, shape, position, omit_empty: false, nil_when_empty: false });
        self
    }

    /// The last field is left out when it is the zero value.
    #[must_use]
    pub fn omit_empty(mut self) -> Self {
        if let Some(last) = self.fields.last_mut() {
            last.omit_empty = true;
        }
        self
    }

    /// The last field is written as nil when it is empty.
    #[must_use]
    pub fn nil_when_empty(mut self) -> Self {
        if let Some(last) = self.fields.last_mut() {
            last.nil_when_empty = true;
        }
        self
    }

    /// With the fields of an embedded structure in its place.
    #[must_use]
    pub fn embed(mut self, embedded: fn() -> Shape) -> Self {
        if let Shape::Struct(embedded) = embedded() {
            let mut fields = embedded().fields;
            fields.sort_by_key(|field| field.position);
            for field in fields {
                let position = self.fields.len();
                self.fields.push(FieldShape { position, ..field });
            }
        }
        self
    }

    /// Keeps what it does not know.
    #[must_use]
    pub fn keeps_rest(mut self) -> Self {
        self.keeps_rest = true;
        self
    }

    /// All fields are there: sorts them.
    #[must_use]
    pub fn finish(mut self) -> Self {
        self.fields.sort_by_key(|field| field.key);
        self
    }

    /// The field with this key.
    pub fn get(&self, key: &str) -> Option<&FieldShape> {
        self.fields.binary_search_by(|field| field.key.cmp(key)).ok().map(|at| &self.fields[at])
    }
}

macro_rules! shaped {
    ($($ty:ty: $shape:expr,)*) => {
        $(impl Shaped for $ty {
            fn shape() -> Shape {
                $shape
            }
        })*
    };
}

shaped! {
    bool: Shape::Bool,
    u8: Shape::Int { bits: 8, signed: false },
    u16: Shape::Int { bits: 16, signed: false },
    u32: Shape::Int { bits: 32, signed: false },
    u64: Shape::Int { bits: 64, signed: false },
    usize: Shape::Int { bits: 64, signed: false },
    i8: Shape::Int { bits: 8, signed: true },
    i16: Shape::Int { bits: 16, signed: true },
    i32: Shape::Int { bits: 32, signed: true },
    i64: Shape::Int { bits: 64, signed: true },
    isize: Shape::Int { bits: 64, signed: true },
    f32: Shape::Float { bits: 32 },
    f64: Shape::Float { bits: 64 },
    str: Shape::Text,
    String: Shape::Text,
    GoStr: Shape::Text,
    Bytes: Shape::Bytes,
    Time: Shape::Time,
    Value: Shape::Any,
}

macro_rules! shaped_as_content {
    ($($ty:ty,)*) => {
        $(impl<T: Shaped + ?Sized> Shaped for $ty {
            fn shape() -> Shape {
                T::shape()
            }
        })*
    };
}

shaped_as_content! { &T, Box<T>, Arc<T>, }

impl<T: Shaped> Shaped for Option<T> {
    fn shape() -> Shape {
        Shape::Optional(T::shape)
    }
}

impl<T: Shaped> Shaped for Vec<T> {
    fn shape() -> Shape {
        Shape::List(T::shape)
    }
}

impl<T: Shaped, const N: usize> Shaped for [T; N] {
    fn shape() -> Shape {
        Shape::List(T::shape)
    }
}

fn map<K: Shaped, V: Shaped>() -> Shape {
    match K::shape() {
        Shape::Text | Shape::Words(_) => Shape::Map(V::shape),
        _ => Shape::Pairs(K::shape, V::shape),
    }
}

impl<K: Shaped, V: Shaped> Shaped for BTreeMap<K, V> {
    fn shape() -> Shape {
        map::<K, V>()
    }
}

impl<K: Shaped, V: Shaped, S> Shaped for HashMap<K, V, S> {
    fn shape() -> Shape {
        map::<K, V>()
    }
}
