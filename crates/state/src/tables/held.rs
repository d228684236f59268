//! A part of the tables that most entries leave as it is.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// A value that is cloned by counting and copied when it is first changed after that. Each entry's tables are a clone
/// of the last, so that parts which the entry does not touch should cost one count, however many trees they have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Held<T>(Arc<T>);

impl<T> Deref for Held<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Clone> DerefMut for Held<T> {
    fn deref_mut(&mut self) -> &mut T {
        Arc::make_mut(&mut self.0)
    }
}
