//! Holds what a file says against the table of keys.
use std::{path::Path, sync::Arc};

use super::{
    duration::{self, DurationError},
    error::{PROBLEMS_SHOWN_MAX, Place, Problem, Warning},
    keys::{Effect, Key, Keys, Kind},
    nearest,
    settings::{Note, Settings},
    tree::{Node, Value},
};

/// Sets what a file sets, and collects what is wrong with it and what should be known.
pub(super) struct Checker<'a> {
    pub(super) file: &'a Path,
    pub(super) settings: &'a mut Settings,
    pub(super) problems: Vec<Problem>,
    pub(super) warnings: Vec<Warning>,
}

impl Checker<'_> {
    /// Checks an object, whose own path is `path`, against the keys it may have.
    pub(super) fn object(&mut self, keys: &'static Keys, path: &str, table: &str, node: &Node) {
        let Value::Map(entries) = &node.value else {
            return self.problem(node.line, path, format!("is {}: it must be an object of keys", node.value.what()));
        };
        let mut seen: Vec<(&'static str, usize)> = Vec::new();
        for entry in entries {
            let (name, node) = (&entry.name, &entry.node);
            let here = join(path, name);
            let Some(key) = keys.get(name) else {
                // What is not shown needs no search.
                let shown = self.problems.len() < PROBLEMS_SHOWN_MAX;
                let hint = if shown { nearest::hint(table, name) } else { String::new() };
                self.problem(node.line, &here, hint);
                continue;
            };
            if let Some((_, line)) = seen.iter().find(|(known, _)| *known == key.name) {
                self.problem(node.line, &here, format!("stands here and on line {line}: put both together"));
                continue;
            }
            seen.push((key.name, node.line));
            self.key(key, &here, &join(table, key.name), node);
        }
    }

    fn key(&mut self, key: &'static Key, path: &str, table: &str, node: &Node) {
        let line = node.line;
        let value = &node.value;
        match (key.kind, value) {
            (_, Value::Null) => {}
            (Kind::Table(_) | Kind::Named(_), Value::List(items)) if items.len() == 1 => {
                self.key(key, path, table, &Node { line, value: items[0].value.clone() });
            }
            (Kind::Table(keys), Value::Map(_)) => self.object(keys, path, table, node),
            (Kind::Table(keys), Value::Blocks(blocks)) => {
                self.object(keys, path, table, &blocks[0]);
                for again in &blocks[1..] {
                    let text = format!("stands here and on line {line}: Consul takes one, put both together");
                    self.problem(again.line, path, text);
                }
            }
            (Kind::Tables(keys), Value::List(items) | Value::Blocks(items)) => {
                for (index, item) in items.iter().enumerate() {
                    self.object(keys, &format!("{path}[{index}]"), table, item);
                }
            }
            (Kind::Tables(keys), Value::Map(_)) => self.object(keys, &format!("{path}[0]"), table, node),
            (Kind::Named(keys), Value::Map(_)) => self.named(keys, path, table, node),
            (Kind::Named(keys), Value::Blocks(blocks)) => blocks.iter().for_each(|b| self.named(keys, path, table, b)),
            (Kind::Texts | Kind::TextMap, _) if texts(key.kind, value) => self.leaf(key, path, node),
            // Consul's reader of HCL 1 cannot tell a value from a list of one, so it takes either.
            (_, Value::List(items)) if items.len() == 1 && key.kind.takes(&items[0].value) => {
                self.leaf(key, path, &Node { line, value: items[0].value.clone() });
            }
            (kind, value) if kind.takes(value) => self.leaf(key, path, node),
            (kind, value) => {
                let meaning =
                    if let Effect::Sets(_, meaning) = key.effect { format!(" ({meaning})") } else { String::new() };
                self.problem(line, path, format!("is {}: it must be {}{meaning}", value.what(), kind.what()));
            }
        }
        // Of a table, its keys speak; except where nobody reads any of them.
        if key.kind.below().is_some() && (matches!(key.effect, Effect::Enterprise) || !key.moved.is_empty()) {
            self.warn(key, path, node);
        }
    }

    fn named(&mut self, keys: &'static Keys, path: &str, table: &str, node: &Node) {
        let Value::Map(entries) = &node.value else {
            return self.problem(node.line, path, format!("is {}: it must be an object", node.value.what()));
        };
        for entry in entries {
            let here = join(path, &entry.name);
            match &entry.node.value {
                Value::Blocks(items) | Value::List(items) => {
                    items.iter().for_each(|item| self.object(keys, &here, table, item));
                }
                _ => self.object(keys, &here, table, &entry.node),
            }
        }
    }

    fn leaf(&mut self, key: &'static Key, path: &str, node: &Node) {
        if let Effect::Sets(set, _) = key.effect {
            self.settings.place = Place { file: Arc::from(self.file), line: node.line };
            path.clone_into(&mut self.settings.key);
            if let Err(text) = set(self.settings, &node.value) {
                self.problem(node.line, path, text);
            }
            for Note { text, harmful } in std::mem::take(&mut self.settings.notes) {
                self.warning(node.line, path, text, harmful);
            }
            if !key.moved.is_empty() {
                // Consul's words, which operators know and may look for.
                let text = format!(
                    "works as before. The '{}' field is deprecated. Use the '{}' field instead.",
                    key.name, key.moved
                );
                self.warning(node.line, path, text, false);
            }
            return;
        }
        if let Effect::Refused(text) = key.effect {
            return self.problem(node.line, path, text.to_owned());
        }
        if let Effect::RefusedIfOn(text) = key.effect
            && node.value.is_on()
        {
            return self.problem(node.line, path, text.to_owned());
        }
        // The value may be a secret in the wrong place: it is not told.
        if let (Kind::Duration, Value::Text(text)) = (key.kind, &node.value)
            && let Err(error @ DurationError::Go(_)) = duration::parse(text)
        {
            return self.problem(node.line, path, error.to_string());
        }
        self.warn(key, path, node);
    }

    fn warn(&mut self, key: &'static Key, path: &str, node: &Node) {
        let asked = node.value.is_on() && !is_default(key, &node.value);
        let moved =
            if key.moved.is_empty() { String::new() } else { format!(" (Consul's name for it is now {})", key.moved) };
        let (text, harmful) = match key.effect {
            Effect::Harmful(missing) if asked => (format!("is NOT IN EFFECT: {missing}{moved}"), true),
            Effect::Enterprise => (format!("is Consul Enterprise's and has no effect{moved}"), false),
            Effect::Obsolete => (format!("has no effect; Consul ignores it too, remove it{moved}"), false),
            _ => (format!("is known, but has no effect yet{moved}"), false),
        };
        self.warning(node.line, path, text, harmful);
    }

    fn warning(&mut self, line: usize, key: &str, text: String, harmful: bool) {
        self.warnings.push(Warning { file: self.file.to_owned(), line, key: key.to_owned(), text, harmful });
    }

    fn problem(&mut self, line: usize, key: &str, text: String) {
        let key = if key.is_empty() { "the file" } else { key };
        self.problems.push(Problem { line, key: key.to_owned(), text });
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn texts(kind: Kind, value: &Value) -> bool {
    let text = |node: &Node| matches!(node.value, Value::Text(_));
    match (kind, value) {
        (Kind::Texts, Value::List(items)) => items.iter().all(text),
        (Kind::TextMap, Value::Map(entries)) => entries.iter().all(|entry| text(&entry.node)),
        (Kind::TextMap, Value::Blocks(blocks)) => blocks.len() == 1 && texts(kind, &blocks[0].value),
        _ => false,
    }
}

fn is_default(key: &Key, value: &Value) -> bool {
    match value {
        Value::Bool(yes) => key.default == yes.to_string(),
        Value::Int(number) => key.default == number.to_string(),
        Value::Float(number) => key.default == number.to_string(),
        Value::Text(text) => key.default == text,
        _ => false,
    }
}
