//! The store behind a server: tables, indexes, watches, and one pure `apply`.
pub mod radix;
