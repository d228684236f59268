//! What a type looks like, as a tree for people.
use std::collections::HashSet;

use proconsul_msgpack::{Arm, FieldShape, Shape, StructShape};
use serde_json::{Map, Value, json};

use super::{message, plain::plain};
use crate::rpc::{body::fields, options::FILLINGS};

/// Types whose fields come after those that are a method's own: they are the same everywhere.
const COMMON: [&str; 3] = ["structs.QueryOptions", "structs.WriteRequest", "structs.QueryMeta"];

/// A value: a field, one of the structures that may stand in its place, or all of a request.
#[derive(Debug, Default)]
pub(super) struct Node {
    /// The field's name; the word of a structure out of several; empty for all of it.
    pub(super) name: String,
    /// Its type in words.
    pub(super) kind: String,
    /// What it is when it is left out; none for structures, as each of their fields has its own.
    pub(super) default: Option<Value>,
    /// What it means.
    pub(super) doc: String,
    /// Its type stands further up with all that is to say about it.
    pub(super) is_above: bool,
    /// The flag of `rpc call` that fills it.
    pub(super) flag: Option<&'static str>,
    /// Words or numbers that it may be, with what they mean.
    pub(super) words: Vec<(String, String)>,
    /// The field that says which of `arms` it is.
    pub(super) tag: Option<&'static str>,
    /// The structures that it may be.
    pub(super) arms: Vec<Node>,
    /// Its fields, or those of each of its items.
    pub(super) fields: Vec<Node>,
}

/// Which structures of several are described field by field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arms<'a> {
    All,
    One(&'a str),
    None,
}

/// Types that have been described, as each is once.
#[derive(Debug)]
pub(super) struct Types<'a> {
    arms: Arms<'a>,
    told: HashSet<(&'static str, &'static str)>,
    /// Names of common fields, found when they are first needed.
    common: Option<HashSet<&'static str>>,
}

impl<'a> Types<'a> {
    /// None is described yet.
    pub(super) fn new(arms: Arms<'a>) -> Self {
        Self { arms, told: HashSet::new(), common: None }
    }

    /// All of a request or a reply.
    pub(super) fn root(&mut self, shape: Shape) -> Node {
        let mut node = Node::default();
        self.fill(&mut node, shape, "");
        // A flag fills a field of the request itself, never one further down.
        for field in &mut node.fields {
            field.flag = FILLINGS.iter().find(|filling| filling.field == field.name).map(|filling| filling.flag);
        }
        node
    }

    /// Says what a shape is. `around` precedes its type: `list of `.
    fn fill(&mut self, node: &mut Node, shape: Shape, around: &str) {
        let inner = |node: &mut Node, types: &mut Self, shape: fn() -> Shape, word: &str| {
            types.fill(node, shape(), &format!("{around}{word}"));
        };
        match shape {
            Shape::Optional(shape) => {
                inner(node, self, shape, "");
                node.default = Some(Value::Null);
                return;
            }
            Shape::Nested(shape) => return inner(node, self, shape, ""),
            Shape::List(shape) => {
                inner(node, self, shape, "list of ");
                node.default = Some(json!([]));
                return;
            }
            Shape::Map(shape) => {
                inner(node, self, shape, "map of ");
                node.default = Some(json!({}));
                return;
            }
            Shape::Pairs(key, value) => {
                let mut of_key = Node::default();
                self.fill(&mut of_key, key(), "");
                self.fill(node, value(), &format!("{around}pairs [{}, …] of ", of_key.kind));
                node.fields.splice(0..0, of_key.fields);
                node.default = Some(json!([]));
                return;
            }
            Shape::Words(set) => {
                let words: Vec<&str> = set.words.iter().map(|(word, _)| *word).collect();
                node.words = set.words.iter().map(|(word, doc)| (format!("{word:?}"), plain(doc, &words))).collect();
                node.is_above = !self.told.insert((set.name, set.doc));
            }
            Shape::Numbers(set) => {
                let number = |(number, name, doc): &(i64, &str, &str)| (format!("{number} {name}"), plain(doc, &[]));
                node.words = set.numbers.iter().map(number).collect();
                node.is_above = !self.told.insert((set.name, set.doc));
            }
            Shape::Proto(name) => node.fields = message::fields(name),
            Shape::Struct(shape) | Shape::Sequence(_, shape) => return self.structure(node, shape(), around),
            Shape::OneOf(set) => {
                node.kind = format!("{around}{}", set.name);
                node.tag = Some(set.tag);
                if self.told.insert((set.name, set.doc)) {
                    let asked = |arm: &&Arm| !matches!(self.arms, Arms::One(word) if word != arm.word);
                    let asked: Vec<&Arm> = set.arms.iter().filter(asked).collect();
                    node.arms = asked.into_iter().map(|arm| self.arm(arm)).collect();
                } else {
                    node.is_above = true;
                }
                return;
            }
            _ => {}
        }
        node.kind = format!("{around}{}", simple(shape));
        node.default = zero(shape);
    }

    fn structure(&mut self, node: &mut Node, shape: StructShape, around: &str) {
        node.kind = format!("{around}{}", shape.name);
        if shape.fields.is_empty() {
            node.kind.push_str(" (no fields)");
        } else if self.told.insert((shape.name, shape.doc)) {
            node.fields = self.fields(&shape);
        } else {
            node.is_above = true;
        }
        if node.doc.is_empty() {
            node.doc = plain(shape.doc, &self.names(&shape));
        }
    }

    /// The fields in the order in which they are declared, those that are common to many methods last.
    fn fields(&mut self, shape: &StructShape) -> Vec<Node> {
        let common = self.common().clone();
        let names = self.names(shape);
        let mut fields: Vec<&FieldShape> = shape.fields.iter().collect();
        let carries = |name: &str| fields_have(shape, name);
        let has_common = COMMON.iter().any(|name| carries(name));
        fields.sort_by_key(|field| (has_common && common.contains(field.key), field.position));
        let field = |field: &FieldShape| {
            let mut node = Node { name: field.key.to_owned(), doc: plain(field.doc, &names), ..Node::default() };
            self.fill(&mut node, (field.shape)(), "");
            node
        };
        fields.into_iter().map(field).collect()
    }

    fn arm(&mut self, arm: &Arm) -> Node {
        let mut node = Node { name: arm.word.to_owned(), doc: plain(arm.doc, &[]), ..Node::default() };
        if self.arms == Arms::None {
            return node;
        }
        self.fill(&mut node, (arm.shape)(), "");
        node.default = None;
        node
    }

    /// Names that documentation of a structure may be about.
    fn names(&mut self, shape: &StructShape) -> Vec<&'static str> {
        shape.fields.iter().map(|field| field.key).chain(self.common().iter().copied()).collect()
    }

    fn common(&mut self) -> &HashSet<&'static str> {
        self.common.get_or_insert_with(|| {
            let shapes = COMMON.iter().filter_map(|name| fields(name));
            shapes.flat_map(|shape| shape.fields).map(|field| field.key).collect()
        })
    }
}

/// Whether a structure has all fields of a type.
fn fields_have(shape: &StructShape, name: &str) -> bool {
    fields(name).is_some_and(|part| part.fields.iter().all(|field| shape.get(field.key).is_some()))
}

/// The type of a value that has no parts.
fn simple(shape: Shape) -> String {
    match shape {
        Shape::Bool => "bool".to_owned(),
        Shape::Int { bits, signed } => format!("{}int{bits}", if signed { "" } else { "u" }),
        Shape::Float { bits } => format!("float{bits}"),
        Shape::Text => "text".to_owned(),
        Shape::Bytes => "base64".to_owned(),
        Shape::Time => "time".to_owned(),
        Shape::Duration => "duration".to_owned(),
        Shape::Any => "any value".to_owned(),
        Shape::Words(set) => set.name.to_owned(),
        Shape::Numbers(set) => set.name.to_owned(),
        Shape::Proto(name) => format!("protobuf {name}"),
        _ => String::new(),
    }
}

/// What a value without parts is when it is left out.
fn zero(shape: Shape) -> Option<Value> {
    Some(match shape {
        Shape::Bool => json!(false),
        Shape::Int { .. } | Shape::Float { .. } | Shape::Numbers(_) => json!(0),
        Shape::Text | Shape::Words(_) | Shape::Bytes => json!(""),
        Shape::Time => json!("0001-01-01T00:00:00Z"),
        Shape::Duration => json!("0s"),
        Shape::Any => Value::Null,
        _ => return None,
    })
}

impl Node {
    /// For programs.
    pub(super) fn to_json(&self) -> Value {
        let mut object = Map::new();
        let mut put = |key: &str, value: Option<Value>| value.map(|value| object.insert(key.to_owned(), value));
        put("name", (!self.name.is_empty()).then(|| json!(self.name)));
        put("kind", Some(json!(self.kind)));
        put("is_above", self.is_above.then_some(Value::Bool(true)));
        put("default", self.default.clone());
        put("meaning", (!self.doc.is_empty()).then(|| json!(self.doc)));
        put("flag", self.flag.map(Value::from));
        let words = || self.words.iter().map(|(word, doc)| json!({"word": word.trim_matches('"'), "meaning": doc}));
        put("words", (!self.words.is_empty()).then(|| words().collect()));
        put("tag", self.tag.map(Value::from));
        let all = |nodes: &[Node]| (!nodes.is_empty()).then(|| nodes.iter().map(Node::to_json).collect::<Value>());
        put("one_of", all(&self.arms));
        put("fields", all(&self.fields));
        Value::Object(object)
    }
}
