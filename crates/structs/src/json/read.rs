//! JSON to the wire, strictly: what is not understood is refused, and said where.

use std::collections::BTreeMap;

use proconsul_msgpack::{Arm, FieldShape, NumberSet, OneOf, Shape, StructShape, Time, base64};
use proconsul_types::nearest::nearest;
use serde_json::{Map, Number, Value};

use super::{
    Form, JSON_DEPTH_MAX, Json, JsonError, Problem, any,
    any::pairs,
    forms::{BYTES, float_from_json, shown, text_from_json, under},
    node::Node,
    parts, zero,
};
use crate::GoDuration;

impl Problem {
    /// Another kind of value than is wanted.
    pub(super) fn wrong(wanted: &'static str, found: &Value) -> Self {
        let found = match found {
            Value::Null => "null",
            Value::Bool(_) => "a bool",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
        };
        Self::WrongKind { wanted, found }
    }
}

/// Reads JSON, and knows where it is.
pub(super) struct Reader<'a> {
    json: &'a Json<'a>,
    path: Vec<String>,
}

type Result<T> = std::result::Result<T, JsonError>;

impl<'a> Reader<'a> {
    pub(super) fn new(json: &'a Json<'a>) -> Self {
        Self { json, path: Vec::new() }
    }

    /// A problem here.
    fn error(&self, problem: Problem) -> JsonError {
        let mut path = String::new();
        for step in &self.path {
            if !path.is_empty() && !step.starts_with('[') {
                path.push('.');
            }
            path.push_str(step);
        }
        JsonError { path, problem }
    }

    /// A problem one step further.
    pub(super) fn error_at(&self, step: &str, problem: Problem) -> JsonError {
        let mut below = Self { json: self.json, path: self.path.clone() };
        below.path.push(step.to_owned());
        below.error(problem)
    }

    fn wrong<T>(&self, wanted: &'static str, found: &Value) -> Result<T> {
        Err(self.error(Problem::wrong(wanted, found)))
    }

    /// Runs `read` one step further; the empty step is none.
    pub(super) fn within<T>(&mut self, step: &str, read: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if step.is_empty() {
            return read(self);
        }
        if self.path.len() >= JSON_DEPTH_MAX {
            return Err(self.error(Problem::TooDeep));
        }
        self.path.push(step.to_owned());
        let value = read(self)?;
        self.path.pop();
        Ok(value)
    }

    /// A value of a shape; `word` says which of several structures it is, where something outside says so.
    pub(super) fn node(&mut self, shape: Shape, value: &Value, word: Option<&str>) -> Result<Node> {
        if value.is_null() {
            return Ok(match shape {
                Shape::Sequence(..) => return self.wrong("an object", value),
                shape => zero::zero(shape),
            });
        }
        match shape {
            Shape::Bool => match value {
                Value::Bool(truth) => Ok(Node::Bool(*truth)),
                other => self.wrong("true or false", other),
            },
            Shape::Int { bits, signed } => self.integer(value, bits, signed),
            Shape::Numbers(set) => self.number(value, set),
            Shape::Float { bits } => self.float(value, bits),
            Shape::Text | Shape::Words(_) => match text_from_json(value) {
                Some(text) => Ok(Node::Raw(text)),
                None => self.wrong("a string", value),
            },
            Shape::Bytes => self.bytes(value).map(Node::Raw),
            Shape::Time => self.time(value),
            Shape::Duration => self.duration(value),
            Shape::Any => any::from_json(value, self.path.len()).map_err(|problem| self.error(problem)),
            Shape::Optional(inner) => self.node(inner(), value, word),
            Shape::List(inner) => self.list(inner, value, word),
            Shape::Map(inner) => self.map(inner, value),
            Shape::Pairs(key, inner) => self.pairs(key, inner, value),
            Shape::Struct(of) => match value {
                Value::Object(object) => self.fields(&of(), object, None, &[]),
                other => self.wrong("an object", other),
            },
            Shape::Nested(inner) => self.node(inner(), value, word).map(|node| Node::Raw(node.to_vec())),
            Shape::Proto(message) => self.protobuf(message, value).map(Node::Raw),
            Shape::OneOf(of) => {
                let arm = self.arm(of, value, word)?;
                self.arm_node(of, arm, value)
            }
            Shape::Sequence(layout, of) => match value {
                Value::Object(object) => {
                    let of = of();
                    // Every name is checked before anything is made of them.
                    self.known(&of, object, &[])?;
                    parts::to_wire(self, layout, &of, object).map(Node::Raw)
                }
                other => self.wrong("an object", other),
            },
        }
    }

    fn integer(&self, value: &Value, bits: u8, signed: bool) -> Result<Node> {
        let Value::Number(number) = value else { return self.wrong("a whole number", value) };
        let (min, max) = match signed {
            true => (i64::MIN >> (64 - bits), u64::MAX >> (65 - bits)),
            false => (0, u64::MAX >> (64 - bits)),
        };
        let node = match (number.as_i64(), number.as_u64()) {
            (_, Some(number)) => (number <= max).then_some(Node::Uint(number)),
            (Some(number), _) => (number >= min).then_some(Node::Int(number)),
            _ if looks_whole(number) => None,
            _ => return self.wrong("a whole number", value),
        };
        node.ok_or_else(|| self.error(Problem::OutOfRange { number: number.to_string(), min, max }))
    }

    /// A number that stands for something, or for people its name.
    fn number(&self, value: &Value, set: &'static NumberSet) -> Result<Node> {
        let (Form::Cli, Value::String(name)) = (self.json.form, value) else { return self.integer(value, 64, true) };
        match set.numbers.iter().find(|(_, known, _)| known == name) {
            Some((number, ..)) => Ok(Node::int(*number)),
            None => Err(self.unknown_word(set.name, name, set.numbers.iter().map(|(_, known, _)| *known))),
        }
    }

    fn float(&self, value: &Value, bits: u8) -> Result<Node> {
        let Some(number) = float_from_json(value) else { return self.wrong("a number", value) };
        if bits == 64 {
            return Ok(Node::F64(number));
        }
        #[allow(clippy::cast_possible_truncation)] // the nearest one of 32 bits is what Go makes of it too
        let short = number as f32;
        if short.is_infinite() && number.is_finite() {
            return Err(self.error(Problem::WrongKind { wanted: "a number of 32 bits", found: "a greater one" }));
        }
        Ok(Node::F32(short))
    }

    fn bytes(&self, value: &Value) -> Result<Vec<u8>> {
        match value {
            Value::String(text) => base64::parse(text).ok_or_else(|| self.error(Problem::Base64)),
            other => self.wrong("bytes in base64", other),
        }
    }

    fn time(&self, value: &Value) -> Result<Node> {
        let binary = match value {
            Value::String(text) => text.parse::<Time>().ok().map(|time| time.to_binary()),
            Value::Object(object) => {
                let bytes = under(BYTES, object).and_then(Value::as_str).and_then(base64::parse);
                bytes.and_then(|bytes| Time::from_binary(&bytes).ok()).map(|time| time.to_binary())
            }
            other => return self.wrong("a time as RFC 3339 has it", other),
        };
        let (binary, len) = binary.ok_or_else(|| self.error(Problem::Time))?;
        Ok(Node::Raw(binary[..len].to_vec()))
    }

    fn duration(&self, value: &Value) -> Result<Node> {
        match (value, self.json.form) {
            (Value::String(text), Form::Cli) => {
                let GoDuration(nanos) = text.parse().map_err(|error| self.error(Problem::Duration(error)))?;
                Ok(Node::int(nanos))
            }
            (Value::Number(_), _) => self.integer(value, 64, true),
            (other, Form::Cli) => self.wrong("a duration like \"10s\", or nanoseconds,", other),
            (other, Form::Wire) => self.wrong("a duration in nanoseconds", other),
        }
    }

    fn list(&mut self, inner: fn() -> Shape, value: &Value, word: Option<&str>) -> Result<Node> {
        let Value::Array(items) = value else { return self.wrong("a list", value) };
        let item = |(at, item)| self.within(&format!("[{at}]"), |reader| reader.node(inner(), item, word));
        items.iter().enumerate().map(item).collect::<Result<_>>().map(Node::List)
    }

    /// A map by text: an object, or pairs where a key is not UTF-8. Sorted by the keys' bytes.
    fn map(&mut self, inner: fn() -> Shape, value: &Value) -> Result<Node> {
        let given: Vec<(Vec<u8>, &Value)> = match value {
            Value::Object(object) => object.iter().map(|(key, value)| (key.as_bytes().to_vec(), value)).collect(),
            Value::Array(_) => match pairs(value) {
                Some(pairs) => pairs,
                None => return self.wrong("an object, or a list of [key, value],", value),
            },
            other => return self.wrong("an object", other),
        };
        let mut map = BTreeMap::new();
        for (key, value) in given {
            let step = String::from_utf8_lossy(&key).into_owned();
            let value = self.within(&step, |reader| reader.node(inner(), value, None))?;
            map.insert(key, value);
        }
        Ok(Node::Map(map.into_iter().map(|(key, value)| (Node::Raw(key), value)).collect()))
    }

    /// A map by something else: pairs, or an object if the keys are numbers.
    fn pairs(&mut self, key: fn() -> Shape, inner: fn() -> Shape, value: &Value) -> Result<Node> {
        let mut map = Vec::new();
        match value {
            Value::Object(object) if matches!(key(), Shape::Int { .. }) => {
                for (name, value) in object {
                    let node = self.within(name, |reader| {
                        let number: Value = name.parse::<Number>().map_or(Value::Null, Value::Number);
                        let number = if number.is_null() { Value::String(name.clone()) } else { number };
                        Ok((reader.node(key(), &number, None)?, reader.node(inner(), value, None)?))
                    })?;
                    map.push(node);
                }
                // As numbers are written, longer ones are greater.
                map.sort_by_cached_key(|(key, _)| {
                    let bytes = key.to_vec();
                    (bytes.len(), bytes)
                });
            }
            Value::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    let node = self.within(&format!("[{at}]"), |reader| match item.as_array().map(Vec::as_slice) {
                        Some([name, value]) => {
                            Ok((reader.node(key(), name, None)?, reader.node(inner(), value, None)?))
                        }
                        _ => reader.wrong("[key, value]", item),
                    })?;
                    map.push(node);
                }
            }
            other => return self.wrong("a list of [key, value]", other),
        }
        Ok(Node::Map(map))
    }

    fn protobuf(&self, message: &'static str, value: &Value) -> Result<Vec<u8>> {
        if let Value::String(_) = value {
            return self.bytes(value);
        }
        match self.json.protobuf.and_then(|protobuf| protobuf.to_bytes(message, value)) {
            Some(bytes) => bytes.map_err(|problem| self.error(Problem::Protobuf(problem))),
            None => self.wrong("the message's bytes in base64", value),
        }
    }

    /// Which of several structures a value is: as something outside says, or its own word, or what alone has such fields.
    pub(super) fn arm(&self, of: &'static OneOf, value: &Value, word: Option<&str>) -> Result<&'static Arm> {
        let Value::Object(object) = value else { return self.wrong("an object", value) };
        let own = object.get(of.tag).and_then(Value::as_str).filter(|own| !own.is_empty());
        if let Some(word) = word.or(own) {
            let known = || of.arms.iter().map(|arm| arm.word);
            return of.arm(word).ok_or_else(|| match own {
                Some(_) => {
                    let path = [self.path.as_slice(), &[of.tag.to_owned()]].concat();
                    Self { json: self.json, path }.unknown_word(of.name, word, known())
                }
                None => self.unknown_word(of.name, word, known()),
            });
        }
        let fits = |arm: &&Arm| {
            fields_of(arm).is_some_and(|fields| {
                fields.get(of.tag).is_none() && object.keys().all(|key| fields.get(key).is_some())
            })
        };
        let mut fitting = of.arms.iter().filter(fits);
        match (fitting.next(), fitting.next()) {
            (Some(arm), None) => Ok(arm),
            _ => Err(self.error_at(of.tag, Problem::Missing("it says which structure this is"))),
        }
    }

    /// The structure that a word chose. The word itself may stand among the fields also where it is none.
    fn arm_node(&mut self, of: &OneOf, arm: &'static Arm, value: &Value) -> Result<Node> {
        match (value, fields_of(arm)) {
            (Value::Object(object), Some(fields)) if fields.get(of.tag).is_none() && object.contains_key(of.tag) => {
                let mut object = object.clone();
                object.remove(of.tag);
                self.node((arm.shape)(), &Value::Object(object), None)
            }
            _ => self.node((arm.shape)(), value, None),
        }
    }

    fn unknown_word<'w>(&self, what: &'static str, word: &str, known: impl Iterator<Item = &'w str>) -> JsonError {
        let nearest = nearest(word, known).map(str::to_owned);
        self.error(Problem::UnknownWord { what, word: word.to_owned(), nearest })
    }

    /// All names are fields, but for some.
    fn known(&self, of: &StructShape, object: &Map<String, Value>, but: &[&str]) -> Result<()> {
        for name in object.keys() {
            if self.field(of, name).is_none()
                && !but.contains(&name.as_str())
                && !(self.json.keep_unknown && of.keeps_rest)
            {
                let known = of.fields.iter().map(|field| shown(self.json.form, of, field.key));
                let nearest = nearest(name, known).map(str::to_owned);
                return Err(self.error_at(name, Problem::UnknownField { structure: of.name, nearest }));
            }
        }
        Ok(())
    }

    /// The field that is meant by a name: Go's, or the one shown.
    fn field<'s>(&self, of: &'s StructShape, name: &str) -> Option<&'s FieldShape> {
        of.get(name).or_else(|| of.fields.iter().find(|field| shown(self.json.form, of, field.key) == name))
    }

    /// All fields but some, sorted by key.
    pub(super) fn fields(
        &mut self,
        of: &StructShape,
        object: &Map<String, Value>,
        word: Option<&str>,
        but: &[&str],
    ) -> Result<Node> {
        self.known(of, object, but)?;
        let mut out: BTreeMap<Vec<u8>, Node> = BTreeMap::new();
        for field in of.fields.iter().filter(|field| !but.contains(&field.key)) {
            let name = shown(self.json.form, of, field.key);
            let (own, renamed) = (object.get(field.key), object.get(name));
            if name != field.key && own.is_some() && renamed.is_some() {
                return Err(self.error_at(field.key, Problem::Twice(name)));
            }
            let shape = (field.shape)();
            let zero = || zero::zero(shape);
            let node = match renamed.or(own) {
                Some(value) => self.within(name, |reader| reader.node(shape, value, word))?,
                None => zero(),
            };
            if field.omit_empty && node == zero() {
                continue;
            }
            let node = if field.nil_when_empty && node.is_empty() { Node::Nil } else { node };
            out.insert(field.key.as_bytes().to_vec(), node);
        }
        if self.json.keep_unknown && of.keeps_rest {
            for (name, value) in object {
                if self.field(of, name).is_some() || but.contains(&name.as_str()) {
                    continue;
                }
                let node = self.within(name, |reader| reader.node(Shape::Any, value, None))?;
                out.insert(name.as_bytes().to_vec(), node);
            }
        }
        Ok(Node::Map(out.into_iter().map(|(key, value)| (Node::Raw(key), value)).collect()))
    }
}

/// Whether a number is written without a fraction, too great as it may be.
fn looks_whole(number: &Number) -> bool {
    number.as_f64().is_some_and(|number| number.fract() == 0.0 && number.abs() >= 9e18)
}

/// The fields of one of several structures.
fn fields_of(arm: &Arm) -> Option<StructShape> {
    match (arm.shape)() {
        Shape::Struct(of) => Some(of()),
        Shape::Nested(inner) => match inner() {
            Shape::Struct(of) => Some(of()),
            _ => None,
        },
        _ => None,
    }
}
