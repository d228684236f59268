//! Filter expressions, as Consul queries carry them in `Filter`: the language and the error texts of go-bexpr 0.1.2.
//!
//! That is the version Consul 1.21 builds on: selectors of names and `["index"]`, no JSON pointers, no default limits on
//! the number of matches; selectors, operators and values are checked when the filter is made, against the fields of
//! the type that it will be asked of.
//!
//! The parser is not built from combinators (winnow and the like): what a peer sees of a bad expression is pigeon's list
//! of every token tried at the farthest position, in look-aheads too. That list comes out right for all texts only if
//! the grammar is walked as pigeon walks it, so `peg` interprets the grammar as data.
//!
#![doc = include_str!("../README.md")]

mod error;
mod filter;
mod goregex;
mod gotext;
mod grammar;
mod limits;
mod number;
mod peg;
mod program;
mod schema;
mod value;

pub use error::{CREATE_PREFIX, EvalError, FilterError};
pub use filter::{Filter, check_syntax};
pub use limits::{EXPRESSION_BYTES_MAX, NESTING_MAX, REGEX_BYTES_MAX, SYNTAX_ERRORS_MAX};
pub use number::{go_bool, go_uint};
pub use schema::{Field, Kind, Operator};
#[doc(hidden)]
pub use value::kind_of;
pub use value::{Elements, Mapping, Own, Selectable, Structure, Value};
