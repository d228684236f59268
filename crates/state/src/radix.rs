//! A persistent radix tree over byte keys.
//!
//! A clone is one reference count. A change copies the nodes on the path from the root to the key, and only those that
//! some other clone still holds: inside one transaction, the second change of a path costs no copy at all.
//!
//! Nothing here recurses, `Drop` included: keys come from peers, and a thousand keys that each extend the last make a
//! tree a thousand nodes deep, which must not become a thousand stack frames.

mod cursor;
mod label;
#[cfg(test)]
mod tests;

pub use cursor::{Cursor, Values};
use label::{Label, shared_prefix};
use std::mem;
use std::sync::Arc;

/// An immutable-by-sharing map from byte strings to values, iterated in byte order.
#[derive(Clone)]
pub struct Radix<V> {
    /// Always has an empty label; holds the value of the empty key, if any.
    root: Arc<Node<V>>,
    len: usize,
}

/// One edge and what hangs from it. Below the root, a node without a value has at least two children.
struct Node<V> {
    label: Label,
    value: Option<V>,
    /// Sorted by the first byte of the child's label, which is never empty.
    children: Vec<(u8, Arc<Node<V>>)>,
}

impl<V: Clone> Clone for Node<V> {
    fn clone(&self) -> Self {
        Node { label: self.label.clone(), value: self.value.clone(), children: self.children.clone() }
    }
}

impl<V> Drop for Node<V> {
    fn drop(&mut self) {
        if self.children.is_empty() {
            return;
        }
        let mut doomed = mem::take(&mut self.children);
        while let Some((_, child)) = doomed.pop() {
            if let Some(mut last) = Arc::into_inner(child) {
                doomed.append(&mut last.children);
            }
        }
    }
}

impl<V> Node<V> {
    fn child(&self, byte: u8) -> Result<usize, usize> {
        self.children.binary_search_by_key(&byte, |(first, _)| *first)
    }
}

impl<V> Default for Radix<V> {
    fn default() -> Self {
        Radix { root: Arc::new(Node { label: Label::new(&[]), value: None, children: Vec::new() }), len: 0 }
    }
}

impl<V> Radix<V> {
    /// An empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many keys have a value.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether no key has a value.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The value of exactly this key.
    pub fn get(&self, key: &[u8]) -> Option<&V> {
        let (mut node, mut rest) = (&*self.root, key);
        while let Some(first) = rest.first() {
            let child = &node.children[node.child(*first).ok()?].1;
            rest = rest.strip_prefix(child.label.bytes())?;
            node = child;
        }
        node.value.as_ref()
    }

    /// Whether the key has a value.
    pub fn contains(&self, key: &[u8]) -> bool {
        self.get(key).is_some()
    }

    /// Every value whose key is a prefix of `key`, the key itself included, shortest first.
    pub fn on_the_way_to<'a>(&'a self, key: &[u8], mut visit: impl FnMut(&'a V)) {
        let (mut node, mut rest) = (&*self.root, key);
        loop {
            if let Some(value) = &node.value {
                visit(value);
            }
            let Some(first) = rest.first() else { return };
            let Ok(at) = node.child(*first) else { return };
            let child = &node.children[at].1;
            let Some(after) = rest.strip_prefix(child.label.bytes()) else { return };
            (node, rest) = (child, after);
        }
    }

    /// All values in byte order of their keys.
    pub fn values(&self) -> Values<'_, V> {
        self.values_below(&[])
    }

    /// The values whose keys begin with `prefix`, in byte order of their keys.
    pub fn values_below(&self, prefix: &[u8]) -> Values<'_, V> {
        Values::new(self.subtree(prefix).map(|(node, _)| node))
    }

    /// The values whose keys are greater than `key`, in byte order of their keys: for a reader who goes on where he was.
    pub fn values_behind(&self, key: &[u8]) -> Values<'_, V> {
        let mut values = Values::new(None);
        let (mut node, mut rest) = (&*self.root, key);
        loop {
            let Some(first) = rest.first() else {
                values.put_off(&node.children);
                return values;
            };
            let (at, behind) = match node.child(*first) {
                Ok(at) => (Some(at), at + 1),
                Err(at) => (None, at),
            };
            values.put_off(&node.children[behind..]);
            let Some(at) = at else { return values };
            let child = &node.children[at].1;
            match rest.strip_prefix(child.label.bytes()) {
                Some(after) => (node, rest) = (child, after),
                None => {
                    if child.label.bytes() > rest {
                        values.put_off(&node.children[at..=at]);
                    }
                    return values;
                }
            }
        }
    }

    /// A cursor over keys and values below `prefix`, in byte order. It rebuilds keys, so prefer
    /// [`values_below`](Self::values_below) where the value knows its key.
    pub fn below(&self, prefix: &[u8]) -> Cursor<'_, V> {
        match self.subtree(prefix) {
            Some((node, beyond)) => Cursor::new(node, [prefix, beyond].concat()),
            None => Cursor::empty(),
        }
    }

    /// Whether any key begins with `prefix`.
    pub fn any_below(&self, prefix: &[u8]) -> bool {
        self.values_below(prefix).next().is_some()
    }

    /// The smallest key and its value.
    pub fn first(&self) -> Option<(Vec<u8>, &V)> {
        self.below(&[]).advance().map(|(key, value)| (key.to_vec(), value))
    }

    /// The largest key and its value.
    pub fn last(&self) -> Option<(Vec<u8>, &V)> {
        let (mut node, mut key) = (&*self.root, Vec::new());
        while let Some((_, child)) = node.children.last() {
            key.extend_from_slice(child.label.bytes());
            node = child;
        }
        node.value.as_ref().map(|value| (key, value))
    }

    /// The highest node all of whose keys begin with `prefix`, and what its path says beyond the prefix.
    fn subtree(&self, prefix: &[u8]) -> Option<(&Node<V>, &[u8])> {
        let (mut node, mut rest) = (&*self.root, prefix);
        while let Some(first) = rest.first() {
            let child = &node.children[node.child(*first).ok()?].1;
            let label = child.label.bytes();
            if let Some(beyond) = label.strip_prefix(rest) {
                return Some((child, beyond));
            }
            rest = rest.strip_prefix(label)?;
            node = child;
        }
        Some((node, &[]))
    }
}

impl<V: Clone> Radix<V> {
    /// Sets a key's value and returns the one it had.
    pub fn insert(&mut self, key: &[u8], value: V) -> Option<V> {
        let old = self.place(key).replace(value);
        self.len += usize::from(old.is_none());
        old
    }

    /// Changes a key's value in place, after inserting `default()` if it has none.
    pub fn upsert<R>(&mut self, key: &[u8], default: impl FnOnce() -> V, change: impl FnOnce(&mut V) -> R) -> R {
        let slot = self.place(key);
        let fresh = slot.is_none();
        let done = change(slot.get_or_insert_with(default));
        self.len += usize::from(fresh);
        done
    }

    /// Removes a key and returns its value. Nothing is copied when the key has none.
    pub fn remove(&mut self, key: &[u8]) -> Option<V> {
        self.get(key)?;
        self.len -= 1;
        if key.is_empty() {
            return Arc::make_mut(&mut self.root).value.take();
        }
        let (parent, at, _) = descend(&mut self.root, key);
        let child = Arc::make_mut(&mut parent.children[at].1);
        let value = child.value.take();
        match child.children.len() {
            0 => {
                parent.children.remove(at);
                self.merge_parent_of(key);
            }
            1 => merge_with_only_child(child),
            _ => {}
        }
        value
    }

    /// Removes every key that begins with `prefix` and returns them as a tree of their own, with their whole keys.
    pub fn remove_prefix(&mut self, prefix: &[u8]) -> Radix<V> {
        if prefix.is_empty() {
            return mem::take(self);
        }
        let Some(beyond) = self.subtree(prefix).map(|(_, beyond)| beyond.len()) else { return Radix::new() };
        let (parent, at, rest) = descend(&mut self.root, prefix);
        let (_, mut cut) = parent.children.remove(at);
        self.merge_parent_of(prefix);
        // The removed node keeps its own label's end; its path above becomes part of the label.
        let node = Arc::make_mut(&mut cut);
        let own = node.label.bytes();
        debug_assert_eq!(own.len(), rest + beyond, "the label is what was left of the prefix and what lies beyond");
        node.label = Label::new(&[prefix, &own[own.len() - beyond..]].concat());
        let mut root = Node { label: Label::new(&[]), value: None, children: Vec::with_capacity(1) };
        root.children.push((prefix[0], cut));
        let mut removed = Radix { root: Arc::new(root), len: 0 };
        removed.len = removed.values().count();
        self.len -= removed.len;
        removed
    }

    /// The value slot of a key, its nodes made ours and present. The caller fills the slot.
    fn place(&mut self, key: &[u8]) -> &mut Option<V> {
        let mut node = Arc::make_mut(&mut self.root);
        let mut rest = key;
        loop {
            let Some(first) = rest.first().copied() else { return &mut node.value };
            let at = match node.child(first) {
                Ok(at) => at,
                Err(at) => {
                    let leaf = Node { label: Label::new(rest), value: None, children: Vec::new() };
                    node.children.insert(at, (first, Arc::new(leaf)));
                    at
                }
            };
            let child = Arc::make_mut(&mut node.children[at].1);
            let shared = shared_prefix(child.label.bytes(), rest);
            if shared < child.label.bytes().len() {
                split(child, shared);
            }
            rest = &rest[shared..];
            node = child;
        }
    }

    /// Joins the node that lost the child towards `key` with its only other child, where it has no value itself.
    fn merge_parent_of(&mut self, key: &[u8]) {
        let mut node = Arc::make_mut(&mut self.root);
        let mut rest = key;
        // Walk while the path exists: it ends at the node that lost its child.
        while let Some(at) = rest.first().and_then(|first| node.child(*first).ok()) {
            let length = node.children[at].1.label.bytes().len();
            if !rest.starts_with(node.children[at].1.label.bytes()) {
                return;
            }
            node = Arc::make_mut(&mut node.children[at].1);
            rest = &rest[length..];
            if node.value.is_none() && node.children.len() == 1 {
                merge_with_only_child(node);
                return;
            }
        }
    }
}

/// Walks to the parent of the node in which `path` ends, making the way ours. Returns the parent, the child's place in
/// it, and how many bytes of the path the child's label covers. The path must exist and not be empty.
fn descend<'a, V: Clone>(root: &'a mut Arc<Node<V>>, path: &[u8]) -> (&'a mut Node<V>, usize, usize) {
    let mut node = Arc::make_mut(root);
    let mut rest = path;
    loop {
        let at = node.child(rest[0]).expect("the caller found this path before");
        let length = node.children[at].1.label.bytes().len();
        if length >= rest.len() {
            return (node, at, rest.len());
        }
        rest = &rest[length..];
        node = Arc::make_mut(&mut node.children[at].1);
    }
}

/// Cuts a node's label after `at` bytes: it keeps the front and hands everything else to a new only child.
fn split<V>(node: &mut Node<V>, at: usize) {
    let label = mem::replace(&mut node.label, Label::new(&[]));
    let (front, back) = label.bytes().split_at(at);
    let lower = Node { label: Label::new(back), value: node.value.take(), children: mem::take(&mut node.children) };
    node.children.push((back[0], Arc::new(lower)));
    node.label = Label::new(front);
}

/// Takes the only child's place, with both labels joined.
fn merge_with_only_child<V: Clone>(node: &mut Node<V>) {
    let Some((_, mut only)) = node.children.pop() else { return };
    let child = Arc::make_mut(&mut only);
    node.label = Label::new(&[node.label.bytes(), child.label.bytes()].concat());
    node.value = child.value.take();
    node.children = mem::take(&mut child.children);
}

impl<V: std::fmt::Debug> std::fmt::Debug for Radix<V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut map = f.debug_map();
        let mut cursor = self.below(&[]);
        while let Some((key, value)) = cursor.advance() {
            map.entry(&key.escape_ascii().to_string(), value);
        }
        map.finish()
    }
}

impl<V: PartialEq> PartialEq for Radix<V> {
    fn eq(&self, other: &Self) -> bool {
        if self.len != other.len {
            return false;
        }
        let (mut left, mut right) = (self.below(&[]), other.below(&[]));
        loop {
            match (left.advance(), right.advance()) {
                (None, None) => return true,
                (left, right) if left == right => {}
                _ => return false,
            }
        }
    }
}

impl<V: Eq> Eq for Radix<V> {}
