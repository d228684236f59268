//! What a type looks like, as data for people.

use proconsul_msgpack::{Shape, StructShape};
use serde_json::Value;

use super::{Form, example::empty, forms::shown};

/// A type and what it is made of.
#[derive(Clone, Debug, PartialEq)]
pub struct Described {
    /// What it is, in a few words: `text`, `list of DirEntry`.
    pub kind: String,
    /// What it is for; empty for types that explain themselves.
    pub doc: String,
    /// The words it may be, each with its meaning; for numbers, `0 (Name)`.
    pub words: Vec<(String, String)>,
    /// Its fields in order of names, or those of what it holds. None below a structure that has been described further up.
    pub fields: Vec<Field>,
    /// The structures it may be, each with its word.
    pub arms: Vec<(String, Described)>,
}

/// A field of a structure.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name in JSON.
    pub name: String,
    /// What it means.
    pub doc: String,
    /// What it holds when it is left out.
    pub default: Value,
    /// What it may hold.
    pub value: Described,
}

/// A type down to `depth` structures within each other; one that contains itself is not repeated.
pub fn describe(shape: Shape, form: Form, depth: usize) -> Described {
    Describer { form, open: Vec::new(), depth }.describe(shape)
}

struct Describer {
    form: Form,
    /// Structures that are being described, outermost first.
    open: Vec<&'static str>,
    depth: usize,
}

impl Describer {
    fn describe(&mut self, shape: Shape) -> Described {
        let mut out = Described { kind: kind(shape), doc: String::new(), words: vec![], fields: vec![], arms: vec![] };
        match shape {
            Shape::Words(set) => {
                set.doc.trim().clone_into(&mut out.doc);
                out.words = set.words.iter().map(|(word, doc)| ((*word).to_owned(), doc.trim().to_owned())).collect();
            }
            Shape::Numbers(set) => {
                set.doc.trim().clone_into(&mut out.doc);
                let named =
                    |(number, name, doc): &(i64, &str, &str)| (format!("{number} ({name})"), doc.trim().to_owned());
                out.words = set.numbers.iter().map(named).collect();
            }
            Shape::Struct(of) | Shape::Sequence(_, of) => {
                let of = of();
                of.doc.trim().clone_into(&mut out.doc);
                out.fields = self.fields(&of);
            }
            Shape::Optional(inner)
            | Shape::List(inner)
            | Shape::Map(inner)
            | Shape::Pairs(_, inner)
            | Shape::Nested(inner) => {
                out = Described { kind: out.kind, ..self.describe(inner()) };
            }
            Shape::OneOf(of) => {
                of.doc.trim().clone_into(&mut out.doc);
                out.words = of.arms.iter().map(|arm| (arm.word.to_owned(), arm.doc.trim().to_owned())).collect();
                if self.open.len() < self.depth {
                    out.arms = of.arms.iter().map(|arm| (arm.word.to_owned(), self.describe((arm.shape)()))).collect();
                }
            }
            _ => {}
        }
        out
    }

    fn fields(&mut self, of: &StructShape) -> Vec<Field> {
        if self.open.contains(&of.name) || self.open.len() >= self.depth {
            return Vec::new();
        }
        self.open.push(of.name);
        let field = |field: &proconsul_msgpack::FieldShape| Field {
            name: shown(self.form, of, field.key).to_owned(),
            doc: field.doc.trim().to_owned(),
            default: empty((field.shape)(), self.form),
            value: self.describe((field.shape)()),
        };
        let fields = of.fields.iter().map(field).collect();
        self.open.pop();
        fields
    }
}

/// A shape in a few words.
fn kind(shape: Shape) -> String {
    match shape {
        Shape::Bool => "bool".to_owned(),
        Shape::Int { bits, signed: true } => format!("int{bits}"),
        Shape::Int { bits, signed: false } => format!("uint{bits}"),
        Shape::Float { bits } => format!("float{bits}"),
        Shape::Text => "text".to_owned(),
        Shape::Bytes => "bytes".to_owned(),
        Shape::Time => "time".to_owned(),
        Shape::Duration => "duration".to_owned(),
        Shape::Any => "any value".to_owned(),
        Shape::Optional(inner) => format!("{} or null", kind(inner())),
        Shape::List(inner) => format!("list of {}", kind(inner())),
        Shape::Map(inner) => format!("map of text to {}", kind(inner())),
        Shape::Pairs(key, value) => format!("map of {} to {}", kind(key()), kind(value())),
        Shape::Words(set) => set.name.to_owned(),
        Shape::Numbers(set) => set.name.to_owned(),
        Shape::Struct(of) | Shape::Sequence(_, of) => of().name.to_owned(),
        Shape::Nested(inner) => kind(inner()),
        Shape::Proto(message) => format!("protobuf {message}"),
        Shape::OneOf(of) => of.name.to_owned(),
    }
}
