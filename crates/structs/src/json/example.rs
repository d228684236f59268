//! JSON to edit: every field with a value of its kind.

use proconsul_msgpack::{OneOf, Shape, StructShape};
use serde_json::{Map, Value, json};

use super::{Form, forms::shown, zero};

/// How deep structures are filled in; below, what may be nil is.
const EXAMPLE_DEPTH: usize = 3;

/// A value with every field, to edit: options that are nil below the first structures, lists with one item, sets with their
/// first word, and zero for times, durations and numbers. Written to the wire in `form` it is right.
pub fn example(shape: Shape, form: Form) -> Value {
    Example { form }.value(shape, 0)
}

struct Example {
    form: Form,
}

impl Example {
    fn value(&self, shape: Shape, depth: usize) -> Value {
        match shape {
            Shape::Bool => json!(false),
            Shape::Int { .. } => json!(0),
            Shape::Float { .. } => json!(0.0),
            Shape::Text | Shape::Bytes | Shape::Proto(_) => json!(""),
            Shape::Time => json!("0001-01-01T00:00:00Z"),
            Shape::Duration if self.form == Form::Cli => json!("0s"),
            Shape::Duration => json!(0),
            Shape::Any => Value::Null,
            Shape::Optional(inner) => match inner() {
                deep if depth >= EXAMPLE_DEPTH && is_deep(deep) => Value::Null,
                inner => self.value(inner, depth),
            },
            Shape::List(inner) if depth >= EXAMPLE_DEPTH && is_deep(inner()) => json!([]),
            Shape::List(inner) => json!([self.value(inner(), depth)]),
            Shape::Map(inner) if depth >= EXAMPLE_DEPTH && is_deep(inner()) => json!({}),
            Shape::Map(inner) => json!({"name": self.value(inner(), depth)}),
            Shape::Pairs(key, inner) => self.pairs(key, inner, depth),
            Shape::Words(set) => json!(set.words.first().map_or("", |(word, _)| word)),
            Shape::Numbers(set) => json!(set.numbers.first().map_or(0, |(number, ..)| *number)),
            Shape::Struct(of) => self.fields(&of(), depth + 1),
            Shape::Nested(inner) => self.value(inner(), depth),
            Shape::OneOf(of) => self.one_of(of, depth),
            Shape::Sequence(_, of) => self.fields(&of(), depth + 1),
        }
    }

    fn fields(&self, of: &StructShape, depth: usize) -> Value {
        let field = |field: &proconsul_msgpack::FieldShape| {
            (shown(self.form, of, field.key).to_owned(), self.value((field.shape)(), depth))
        };
        Value::Object(of.fields.iter().map(field).collect())
    }

    fn pairs(&self, key: fn() -> Shape, inner: fn() -> Shape, depth: usize) -> Value {
        let value = self.value(inner(), depth);
        match key() {
            Shape::Int { .. } => json!({"0": value}),
            key => json!([[self.value(key, depth), value]]),
        }
    }

    /// The first of several structures, with its word.
    fn one_of(&self, of: &OneOf, depth: usize) -> Value {
        let Some(arm) = of.arms.first() else { return Value::Null };
        let mut value = self.value((arm.shape)(), depth);
        if let Value::Object(fields) = &mut value {
            fields.insert(of.tag.to_owned(), json!(arm.word));
        }
        value
    }
}

/// Whether there are structures within.
fn is_deep(shape: Shape) -> bool {
    match shape {
        Shape::Struct(_) | Shape::OneOf(_) | Shape::Sequence(..) => true,
        Shape::Optional(inner)
        | Shape::List(inner)
        | Shape::Map(inner)
        | Shape::Nested(inner)
        | Shape::Pairs(_, inner) => is_deep(inner()),
        _ => false,
    }
}

/// The value that stands for all that is left out, as JSON.
pub(super) fn empty(shape: Shape, form: Form) -> Value {
    super::from_wire(shape, form, &zero::zero(shape).to_vec()).unwrap_or(Value::Object(Map::new()))
}
