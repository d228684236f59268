//! Go's regular expressions: its syntax and its errors in front, the `regex` crate behind.
//!
//! Both are descendants of RE2 and find the same things once the syntax is settled: what `\d` and `\s` are, which flags
//! exist, where a bracket opens a nested class. So a pattern is read by Go's rules, which also gives Go's errors, and
//! written again in the few constructs whose meaning needs no context. What only shows in captures (names, greed) is
//! left out, as a filter asks just whether there is a match.

mod class;
mod parse;
mod scripts;

use crate::error::FilterError;
use crate::gotext;
use crate::limits::REGEX_BYTES_MAX;

/// A compiled regular expression.
pub(crate) struct Pattern(regex::Regex);

impl Pattern {
    /// Whether it matches anywhere in `text`.
    pub(crate) fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

/// Compiles a pattern of Go's.
///
/// # Errors
/// [`FilterError::Regex`] with Go's text, or [`FilterError::RegexTooBig`].
pub(crate) fn compile(pattern: &[u8]) -> Result<Pattern, FilterError> {
    let translated = parse::translate(pattern)
        .map_err(|error| FilterError::Regex { pattern: gotext::quote(pattern), why: error.to_string() })?;
    regex::RegexBuilder::new(&translated)
        .size_limit(REGEX_BYTES_MAX)
        .build()
        .map(Pattern)
        .map_err(|_| FilterError::RegexTooBig { pattern: gotext::quote(pattern) })
}

#[cfg(test)]
mod tests;
