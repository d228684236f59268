//! Expressions bound to a type, and their answers.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::error::{EvalError, FilterError};
use crate::goregex::{self, Pattern};
use crate::gotext;
use crate::limits::EXPRESSION_BYTES_MAX;
use crate::number::{self, Literal};
use crate::peg;
use crate::program::{Clause, Code, Program};
use crate::schema::{Operator, Step};
use crate::value::{Own, Selectable, Value};

/// An expression that can be asked of any `T`. Cheap to clone.
pub struct Filter<T: ?Sized, S: 'static = Own> {
    bound: Arc<Bound>,
    of: PhantomData<fn(&T, &S)>,
}

struct Bound {
    code: Vec<Code>,
    tests: Vec<Test>,
}

/// A clause, resolved against the type's fields.
struct Test {
    selector: Vec<Vec<u8>>,
    path: Vec<Step>,
    operator: Operator,
    ask: Ask,
}

/// What is asked of the selected value; the operator says whether yes or no is the match.
enum Ask {
    Empty,
    Equals(Literal),
    Contains(Literal),
    Matches(Pattern),
}

/// Whether `text` is an expression at all, whatever the type: what Consul checks of a filter that it only stores.
///
/// # Errors
/// [`FilterError::Syntax`], [`FilterError::TooLong`] or [`FilterError::TooDeep`].
pub fn check_syntax(text: impl AsRef<[u8]>) -> Result<(), FilterError> {
    parse(text.as_ref()).map(|_| ())
}

fn parse(text: &[u8]) -> Result<Program, FilterError> {
    if text.len() > EXPRESSION_BYTES_MAX {
        return Err(FilterError::TooLong { length: text.len() });
    }
    let tree = peg::parse(text)?;
    Ok(Program::new(text, &tree))
}

impl<T: Selectable<S> + ?Sized, S: 'static> Filter<T, S> {
    /// Makes a filter of an expression; selectors, operators and values are checked here, in the order of the text.
    ///
    /// # Errors
    /// [`FilterError`]; its text is go-bexpr's.
    pub fn compile(text: impl AsRef<[u8]>) -> Result<Self, FilterError> {
        const { assert!(T::KIND.is_filterable(), "only structs with fields, and maps, can be filtered") };
        let program = parse(text.as_ref())?;
        let tests = program.clauses.into_iter().map(Test::bind::<T, S>).collect::<Result<_, _>>()?;
        Ok(Self { bound: Arc::new(Bound { code: program.code, tests }), of: PhantomData })
    }

    /// As [`Self::compile`], for the `Filter` of a query, where no text means no filter.
    ///
    /// # Errors
    /// [`FilterError`]; an answer to a peer puts [`crate::CREATE_PREFIX`] before its text.
    pub fn for_query(text: impl AsRef<[u8]>) -> Result<Option<Self>, FilterError> {
        if text.as_ref().is_empty() { Ok(None) } else { Self::compile(text).map(Some) }
    }

    /// Whether the item is one that the expression asks for.
    ///
    /// # Errors
    /// [`EvalError`], for an item with a value missing where a selector leads through.
    pub fn matches(&self, item: &T) -> Result<bool, EvalError> {
        let Bound { code, tests } = &*self.bound;
        let mut truth = false;
        let mut at = 0;
        while let Some(step) = code.get(at) {
            at += 1;
            match *step {
                Code::Match(index) => truth = tests[index].matches(item.value())?,
                Code::Not => truth = !truth,
                Code::SkipIf { when, to } if truth == when => at = to,
                Code::SkipIf { .. } => {}
            }
        }
        Ok(truth)
    }

    /// Keeps the items that match, in their order.
    ///
    /// # Errors
    /// The first [`EvalError`]; what is left in `items` then is of no use.
    pub fn retain<I: std::borrow::Borrow<T>>(&self, items: &mut Vec<I>) -> Result<(), EvalError> {
        let mut failed = None;
        items.retain(|item| {
            failed.is_none() && self.matches(item.borrow()).unwrap_or_else(|error| failed.replace(error).is_some())
        });
        failed.map_or(Ok(()), Err)
    }
}

impl<T: ?Sized, S: 'static> Clone for Filter<T, S> {
    fn clone(&self) -> Self {
        Self { bound: Arc::clone(&self.bound), of: PhantomData }
    }
}

/// Without the values: they may be private.
impl<T: ?Sized, S: 'static> fmt::Debug for Filter<T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Filter").field("clauses", &self.bound.tests.len()).finish_non_exhaustive()
    }
}

fn show(selector: &[Vec<u8>]) -> String {
    gotext::quote(selector.join(&b'.'))
}

impl Test {
    fn bind<T: Selectable<S> + ?Sized, S: 'static>(clause: Clause) -> Result<Self, FilterError> {
        let Clause { selector, operator, value } = clause;
        let mut kind = T::KIND;
        let mut path = Vec::with_capacity(selector.len());
        for (index, name) in selector.iter().enumerate() {
            let selected =
                kind.select(name).ok_or_else(|| FilterError::Selector { selector: show(&selector[..=index]) })?;
            path.push(selected.step);
            kind = selected.kind;
        }
        if !kind.supports(operator) {
            let operator = gotext::quote(operator.to_string());
            return Err(FilterError::Operator { operator, selector: show(&selector) });
        }
        let ask = match value {
            None => Ask::Empty,
            Some(raw) => {
                let literal = number::coerce(&raw, &kind.of_literal()).map_err(|why| FilterError::Value {
                    value: gotext::quote(&raw),
                    selector: show(&selector),
                    why,
                })?;
                Ask::new(operator, literal, &raw)?
            }
        };
        Ok(Self { selector, path, operator, ask })
    }

    fn is_negated(&self) -> bool {
        use Operator::{IsNotEmpty, NotEqual, NotIn, NotMatches};
        matches!(self.operator, NotEqual | NotIn | IsNotEmpty | NotMatches)
    }

    fn matches<S: 'static>(&self, value: Value<'_, S>) -> Result<bool, EvalError> {
        self.walk(value, &self.path)
    }

    fn walk<S: 'static>(&self, value: Value<'_, S>, path: &[Step]) -> Result<bool, EvalError> {
        let Some((step, rest)) = path.split_first() else {
            return Ok(self.ask.of(value).ok_or_else(|| self.unanswerable(&value))? != self.is_negated());
        };
        match (value, step) {
            (Value::Struct(item), Step::Field(index)) => self.walk(item.field(*index), rest),
            (Value::Map(map), Step::Key(key)) => match key.as_deref().map_or(Value::Absent, |key| map.entry(key)) {
                Value::Absent => Ok(self.is_so_without_the_key()),
                value => self.walk(value, rest),
            },
            (Value::List(list), _) => {
                for index in 0..list.count() {
                    if self.walk(list.element(index), path)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            (value, _) => Err(self.unanswerable(&value)),
        }
    }

    /// What go-bexpr answers where a map does not have the key. That a regular expression then matches is its doing.
    fn is_so_without_the_key(&self) -> bool {
        !matches!(self.operator, Operator::Equal | Operator::IsNotEmpty | Operator::In)
    }

    fn unanswerable<S: 'static>(&self, value: &Value<'_, S>) -> EvalError {
        let selector = show(&self.selector);
        match value {
            Value::Absent => EvalError::Absent { selector },
            _ => EvalError::Kind { selector },
        }
    }
}

impl Ask {
    fn new(operator: Operator, literal: Literal, raw: &[u8]) -> Result<Self, FilterError> {
        Ok(match operator {
            Operator::Matches | Operator::NotMatches => Self::Matches(goregex::compile(raw)?),
            Operator::In | Operator::NotIn => Self::Contains(literal),
            _ => Self::Equals(literal),
        })
    }

    /// The answer, or `None` if this cannot be asked of such a value.
    fn of<S: 'static>(&self, value: Value<'_, S>) -> Option<bool> {
        match (self, value) {
            (Self::Empty, Value::Map(map)) => Some(map.is_empty()),
            (Self::Empty, Value::List(list)) => Some(list.count() == 0),
            (Self::Equals(literal), value) => equal(literal, value),
            (Self::Matches(pattern), Value::Str(text)) => Some(pattern.is_match(text)),
            (Self::Contains(Literal::Str(part)), Value::Str(text)) => Some(contains(text.as_bytes(), part)),
            (Self::Contains(Literal::Str(key)), Value::Map(map)) => {
                Some(std::str::from_utf8(key).is_ok_and(|key| map.has(key)))
            }
            (Self::Contains(literal), Value::List(list)) => {
                let mut answers = (0..list.count()).map(|index| equal(literal, list.element(index)));
                answers.try_fold(false, |found, answer| Some(found || answer?))
            }
            _ => None,
        }
    }
}

fn equal<S: 'static>(literal: &Literal, value: Value<'_, S>) -> Option<bool> {
    match (literal, value) {
        (Literal::Bool(literal), Value::Bool(value)) => Some(*literal == value),
        (Literal::Int(literal), Value::Int(value)) => Some(*literal == value),
        (Literal::Uint(literal), Value::Uint(value)) => Some(*literal == value),
        (Literal::Float(literal), Value::Float(value)) => Some(*literal == value),
        (Literal::Str(literal), Value::Str(value)) => Some(literal == value.as_bytes()),
        _ => None,
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    match std::str::from_utf8(part) {
        Ok(part) => std::str::from_utf8(text).is_ok_and(|text| text.contains(part)),
        // A part that begins or ends inside a character can still be in a valid text.
        Err(_) => text.windows(part.len()).any(|window| window == part),
    }
}
