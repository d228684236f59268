//! Bounds on what a peer's expression may cost.

/// Longest expression, in bytes. Consul has no bound of its own here; its parser's time is exponential in nesting.
pub const EXPRESSION_BYTES_MAX: usize = 64 * 1024;

/// Deepest nesting of parentheses and `not`.
pub const NESTING_MAX: usize = 128;

/// Largest compiled size of one regular expression, in bytes.
pub const REGEX_BYTES_MAX: usize = 2 * 1024 * 1024;

/// How many errors of one text are kept. Only bytes that are not UTF-8 make more than a handful.
pub const SYNTAX_ERRORS_MAX: usize = 64;
