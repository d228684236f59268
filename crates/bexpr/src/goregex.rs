//! Go's regular expressions.
use crate::error::FilterError;
use crate::gotext;

pub(crate) struct Pattern(regex::Regex);

impl Pattern {
    pub(crate) fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

pub(crate) fn compile(pattern: &[u8]) -> Result<Pattern, FilterError> {
    let text = std::str::from_utf8(pattern).unwrap_or_default();
    regex::Regex::new(text)
        .map(Pattern)
        .map_err(|e| FilterError::Regex { pattern: gotext::quote(pattern), why: e.to_string() })
}
