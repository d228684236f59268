//! How a filter looks into an item: traits that types implement, mostly through [`selectable!`](crate::selectable).

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::hash::BuildHasher;
use std::rc::Rc;
use std::sync::Arc;

use crate::schema::Kind;

/// The schema of types that have only one.
#[derive(Debug)]
pub enum Own {}

/// A type whose values expressions can look into.
///
/// `S` names the schema: which table of fields describes the type. It lets a crate describe a type of another crate
/// (with `S` a type of its own), and lets a type have a table per kind of query.
pub trait Selectable<S: 'static = Own> {
    /// What expressions can ask of the type.
    const KIND: Kind;

    /// The value, for looking into. Its variant is the one that [`Self::KIND`] promises.
    fn value(&self) -> Value<'_, S>;
}

/// A struct, seen through a table of fields.
pub trait Structure<S: 'static = Own> {
    /// The value of the field at this place of the table; [`Value::Absent`] past its end.
    fn field(&self, index: usize) -> Value<'_, S>;
}

/// A list of values.
pub trait Elements<S: 'static = Own> {
    /// How many there are.
    fn count(&self) -> usize;
    /// The one at this place; [`Value::Absent`] past the end.
    fn element(&self, index: usize) -> Value<'_, S>;
}

/// A map from strings to values.
pub trait Mapping<S: 'static = Own> {
    /// Whether it has no key.
    fn is_empty(&self) -> bool;
    /// Whether it has this key, whatever the value.
    fn has(&self, key: &str) -> bool;
    /// What is at the key; [`Value::Absent`] if there is none.
    fn entry(&self, key: &str) -> Value<'_, S>;
}

/// A value borrowed from an item.
pub enum Value<'a, S: 'static = Own> {
    /// No value: Go's nil pointer.
    Absent,
    /// Of [`Kind::Bool`].
    Bool(bool),
    /// Of [`Kind::Int`].
    Int(i64),
    /// Of [`Kind::Uint`].
    Uint(u64),
    /// Of [`Kind::Float`].
    Float(f64),
    /// Of [`Kind::Str`].
    Str(&'a str),
    /// Of [`Kind::Map`].
    Map(&'a dyn Mapping<S>),
    /// Of [`Kind::List`].
    List(&'a dyn Elements<S>),
    /// Of [`Kind::Struct`].
    Struct(&'a dyn Structure<S>),
}

impl<S: 'static> Clone for Value<'_, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S: 'static> Copy for Value<'_, S> {}

impl<S: 'static> fmt::Debug for Value<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("Absent"),
            Self::Bool(value) => write!(f, "Bool({value})"),
            Self::Int(value) => write!(f, "Int({value})"),
            Self::Uint(value) => write!(f, "Uint({value})"),
            Self::Float(value) => write!(f, "Float({value})"),
            Self::Str(value) => write!(f, "Str({value:?})"),
            Self::Map(_) => f.write_str("Map"),
            Self::List(_) => f.write_str("List"),
            Self::Struct(_) => f.write_str("Struct"),
        }
    }
}

macro_rules! numbers {
    ($($type:ty => $variant:ident($bits:literal) as $wide:ty),* $(,)?) => {$(
        impl<S: 'static> Selectable<S> for $type {
            const KIND: Kind = Kind::$variant($bits);
            fn value(&self) -> Value<'_, S> {
                Value::$variant(<$wide>::from(*self))
            }
        }
    )*};
}

numbers! {
    i8 => Int(8) as i64, i16 => Int(16) as i64, i32 => Int(32) as i64, i64 => Int(64) as i64,
    u8 => Uint(8) as u64, u16 => Uint(16) as u64, u32 => Uint(32) as u64, u64 => Uint(64) as u64,
    f32 => Float(32) as f64, f64 => Float(64) as f64,
}

impl<S: 'static> Selectable<S> for bool {
    const KIND: Kind = Kind::Bool;
    fn value(&self) -> Value<'_, S> {
        Value::Bool(*self)
    }
}

macro_rules! strings {
    ($($type:ty),* $(,)?) => {$(
        impl<S: 'static> Selectable<S> for $type {
            const KIND: Kind = Kind::Str;
            fn value(&self) -> Value<'_, S> {
                Value::Str(self)
            }
        }
    )*};
}

strings!(str, String, Arc<str>, Rc<str>, Box<str>, Cow<'_, str>);

macro_rules! pointers {
    ($($type:ty),* $(,)?) => {$(
        impl<S: 'static, T: Selectable<S>> Selectable<S> for $type {
            const KIND: Kind = T::KIND;
            fn value(&self) -> Value<'_, S> {
                (**self).value()
            }
        }
    )*};
}

pointers!(&T, Box<T>, Arc<T>, Rc<T>);

/// `None` is Go's nil pointer: an absent value.
impl<S: 'static, T: Selectable<S>> Selectable<S> for Option<T> {
    const KIND: Kind = T::KIND;
    fn value(&self) -> Value<'_, S> {
        self.as_ref().map_or(Value::Absent, T::value)
    }
}

impl<S: 'static, T: Selectable<S>> Selectable<S> for Vec<T> {
    const KIND: Kind = Kind::List(&T::KIND);
    fn value(&self) -> Value<'_, S> {
        Value::List(self)
    }
}

impl<S: 'static, T: Selectable<S>> Elements<S> for Vec<T> {
    fn count(&self) -> usize {
        self.len()
    }
    fn element(&self, index: usize) -> Value<'_, S> {
        self.get(index).map_or(Value::Absent, T::value)
    }
}

macro_rules! maps {
    ($($map:ident $([$hasher:ident: $bound:path])?),* $(,)?) => {$(
        impl<S: 'static, T: Selectable<S> $(, $hasher: $bound)?> Selectable<S> for $map<String, T $(, $hasher)?> {
            const KIND: Kind = Kind::Map(&T::KIND);
            fn value(&self) -> Value<'_, S> {
                Value::Map(self)
            }
        }
        impl<S: 'static, T: Selectable<S> $(, $hasher: $bound)?> Mapping<S> for $map<String, T $(, $hasher)?> {
            fn is_empty(&self) -> bool {
                self.is_empty()
            }
            fn has(&self, key: &str) -> bool {
                self.contains_key(key)
            }
            fn entry(&self, key: &str) -> Value<'_, S> {
                self.get(key).map_or(Value::Absent, T::value)
            }
        }
    )*};
}

maps!(BTreeMap, HashMap[H: BuildHasher]);

/// The kind of the field that `get` returns. For [`selectable!`](crate::selectable), which cannot name the field's type.
#[doc(hidden)]
pub const fn kind_of<S: 'static, T, F: Selectable<S>>(_get: for<'a> fn(&'a T) -> &'a F) -> Kind {
    F::KIND
}

/// Describes the selectable fields of a struct in a table.
///
/// Each row is the name in expressions and the path to the Rust field; its kind comes from the field's type. A field
/// that expressions may not select has no row. After a `;` come rows for values that are not simply a field: name, kind
/// (`Bool`, `Int`, `Uint`, `Float`, `Str`) and a function from the struct to `bool`, `i64`, `u64`, `f64` or `&str`.
///
/// ```
/// use proconsul_bexpr::{Filter, selectable};
///
/// enum Status { Up, Down }
/// struct Check { name: String, status: Status }
///
/// selectable! {
///     impl Check {
///         "Name" => name;
///         "Status": Str = |check| match check.status { Status::Up => "up", Status::Down => "down" },
///     }
/// }
///
/// let down = Filter::<Check>::compile("Status == down").unwrap();
/// assert!(!down.matches(&Check { name: "disk".into(), status: Status::Up }).unwrap());
/// ```
///
/// For a struct of another crate, name a schema type of yours: `impl Other as MySchema { ... }`, and filter with
/// `Filter::<Other, MySchema>`.
#[macro_export]
macro_rules! selectable {
    (impl $type:ty { $($rows:tt)* }) => {
        $crate::selectable! { @impl [S: 'static] S, $type { $($rows)* } }
    };
    (impl $type:ty as $schema:ty { $($rows:tt)* }) => {
        $crate::selectable! { @impl [] $schema, $type { $($rows)* } }
    };
    (@impl [$($generics:tt)*] $schema:ty, $type:ty {
        $($name:literal => $($field:tt).+),* $(,)?
        $(; $($other:literal: $kind:ident = $get:expr),* $(,)?)?
    }) => {
        impl<$($generics)*> $crate::Selectable<$schema> for $type {
            const KIND: $crate::Kind = $crate::Kind::Struct({
                &[
                    $($crate::Field {
                        name: $name,
                        kind: $crate::kind_of::<$schema, $type, _>(|item| &item.$($field).+),
                    },)*
                    $($($crate::Field { name: $other, kind: $crate::selectable!(@kind $kind) },)*)?
                ]
            });
            fn value(&self) -> $crate::Value<'_, $schema> {
                $crate::Value::Struct(self)
            }
        }

        impl<$($generics)*> $crate::Structure<$schema> for $type {
            fn field(&self, index: usize) -> $crate::Value<'_, $schema> {
                let getters: &[for<'a> fn(&'a $type) -> $crate::Value<'a, $schema>] = &[
                    $(|item| $crate::Selectable::<$schema>::value(&item.$($field).+),)*
                    $($({
                        |item: &$type| {
                            let get: $crate::selectable!(@getter $kind, $type) = $get;
                            $crate::Value::$kind(get(item))
                        }
                    },)*)?
                ];
                getters.get(index).map_or($crate::Value::Absent, |get| get(self))
            }
        }
    };
    (@kind Bool) => { $crate::Kind::Bool };
    (@kind Int) => { $crate::Kind::Int(64) };
    (@kind Uint) => { $crate::Kind::Uint(64) };
    (@kind Float) => { $crate::Kind::Float(64) };
    (@kind Str) => { $crate::Kind::Str };
    (@getter Bool, $type:ty) => { for<'a> fn(&'a $type) -> bool };
    (@getter Int, $type:ty) => { for<'a> fn(&'a $type) -> i64 };
    (@getter Uint, $type:ty) => { for<'a> fn(&'a $type) -> u64 };
    (@getter Float, $type:ty) => { for<'a> fn(&'a $type) -> f64 };
    (@getter Str, $type:ty) => { for<'a> fn(&'a $type) -> &'a str };
}
