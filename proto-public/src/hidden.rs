//! What a secret looks like in `Debug`.
use std::fmt;

/// Stands for the value of a field that must never be printed.
pub(crate) struct Hidden;

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<hidden>")
    }
}
