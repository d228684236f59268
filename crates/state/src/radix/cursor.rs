//! Walking a tree in byte order.

use std::sync::Arc;

use super::Node;

/// Values below some prefix, in byte order of their keys.
pub struct Values<'a, V> {
    /// Nodes still to visit, the next one last.
    ahead: Vec<&'a Node<V>>,
}

impl<'a, V> Values<'a, V> {
    pub(super) fn new(node: Option<&'a Node<V>>) -> Self {
        Values { ahead: node.into_iter().collect() }
    }

    /// Visits these, which are in order, before whatever is still to visit.
    pub(super) fn put_off(&mut self, children: &'a [(u8, Arc<Node<V>>)]) {
        self.ahead.extend(children.iter().rev().map(|(_, child)| &**child));
    }
}

impl<'a, V> Iterator for Values<'a, V> {
    type Item = &'a V;

    fn next(&mut self) -> Option<&'a V> {
        loop {
            let node = self.ahead.pop()?;
            self.ahead.extend(node.children.iter().rev().map(|(_, child)| &**child));
            if node.value.is_some() {
                return node.value.as_ref();
            }
        }
    }
}

/// Keys and values below some prefix, in byte order. The key is rebuilt in a buffer that the cursor owns.
pub struct Cursor<'a, V> {
    /// Nodes still to visit with the length of the key above them, the next one last.
    ahead: Vec<(&'a Node<V>, usize)>,
    key: Vec<u8>,
    /// The first node's label is in `key` already, whole or in part.
    at_start: bool,
}

impl<'a, V> Cursor<'a, V> {
    pub(super) fn empty() -> Self {
        Cursor { ahead: Vec::new(), key: Vec::new(), at_start: true }
    }

    /// `key` is the whole path of `node`, its label included.
    pub(super) fn new(node: &'a Node<V>, key: Vec<u8>) -> Self {
        Cursor { ahead: vec![(node, key.len())], key, at_start: true }
    }

    /// The next key with its value.
    pub fn advance(&mut self) -> Option<(&[u8], &'a V)> {
        loop {
            let (node, above) = self.ahead.pop()?;
            if std::mem::take(&mut self.at_start) {
                debug_assert_eq!(above, self.key.len());
            } else {
                self.key.truncate(above);
                self.key.extend_from_slice(node.label.bytes());
            }
            let length = self.key.len();
            self.ahead.extend(node.children.iter().rev().map(|(_, child)| (&**child, length)));
            if let Some(value) = &node.value {
                return Some((&self.key, value));
            }
        }
    }

    /// Leaves out every key that begins with `prefix` and is still ahead. A listing that folds keys at a separator
    /// steps over a whole folder this way.
    pub fn skip(&mut self, prefix: &[u8]) {
        while let Some((node, above)) = self.ahead.last().copied() {
            if self.at_start {
                return;
            }
            let parent = &self.key[..above.min(self.key.len())];
            let label = node.label.bytes();
            if parent.len() >= prefix.len() {
                if !parent.starts_with(prefix) {
                    return;
                }
                self.ahead.pop();
                continue;
            }
            let Some(rest) = prefix.strip_prefix(parent) else { return };
            if label.starts_with(rest) {
                self.ahead.pop();
                continue;
            }
            if !rest.starts_with(label) {
                return;
            }
            // The prefix ends somewhere below: its node is one to descend into, which `advance` does.
            return;
        }
    }
}
