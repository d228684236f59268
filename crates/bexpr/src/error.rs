//! Why an expression is refused or cannot be answered, in go-bexpr's words.

use thiserror::Error;

use crate::limits::{EXPRESSION_BYTES_MAX, NESTING_MAX, REGEX_BYTES_MAX};

/// What Consul puts before the text of a [`FilterError`] in an answer to a peer.
pub const CREATE_PREFIX: &str = "Failed to create boolean expression evaluator: ";

/// Why an expression does not become a filter. `Display` is go-bexpr's text, except for the bounds that it does not have.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FilterError {
    /// The text is not an expression: place, and what was expected there. One line per error.
    #[error("{text}")]
    Syntax {
        /// The whole text, as pigeon's parsers word it.
        text: String,
    },
    /// No field of the type has this name. The selector ends with the name that is unknown.
    #[error("Selector {selector} is not valid")]
    Selector {
        /// Quoted as Go's `%q` does.
        selector: String,
    },
    /// The operator does not apply to the field.
    #[error("Invalid match operator {operator} for selector {selector}")]
    Operator {
        /// Quoted name, such as `"Not Equal"`.
        operator: String,
        /// Quoted as Go's `%q` does.
        selector: String,
    },
    /// The value cannot be one of the field's.
    #[error("Failed to coerce value {value} for selector {selector}: {why}")]
    Value {
        /// Quoted as Go's `%q` does.
        value: String,
        /// Quoted as Go's `%q` does.
        selector: String,
        /// Go's `strconv` error.
        why: String,
    },
    /// The regular expression is not one of Go's.
    #[error("Failed to compile regular expression {pattern}: {why}")]
    Regex {
        /// Quoted as Go's `%q` does.
        pattern: String,
        /// The text of Go's `regexp` error.
        why: String,
    },
    /// Longer than [`EXPRESSION_BYTES_MAX`].
    #[error("expression of {length} bytes is longer than {EXPRESSION_BYTES_MAX}")]
    TooLong {
        /// In bytes.
        length: usize,
    },
    /// Parentheses and `not` nested deeper than [`NESTING_MAX`].
    #[error("expression nests deeper than {NESTING_MAX} levels")]
    TooDeep,
    /// A regular expression of Go's that is too much here: more than [`REGEX_BYTES_MAX`] compiled, or groups nested deeper
    /// than the `regex` crate takes.
    #[error("regular expression {pattern} is too big: over {REGEX_BYTES_MAX} bytes compiled, or too deep")]
    RegexTooBig {
        /// Quoted as Go's `%q` does.
        pattern: String,
    },
}

/// Why an item cannot be matched, though its type can.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EvalError {
    /// A selector leads through a value that is absent, other than an absent key of a map.
    #[error("Value at selector {selector} is absent")]
    Absent {
        /// Quoted as Go's `%q` does.
        selector: String,
    },
    /// A hand-written implementation returned a value that is not of the kind it had promised.
    #[error("Value at selector {selector} is not of its kind")]
    Kind {
        /// Quoted as Go's `%q` does.
        selector: String,
    },
}
