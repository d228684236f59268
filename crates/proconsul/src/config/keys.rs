//! The table of configuration keys: the truth for loading, for errors and for `docs/configuration.md`.
//!
//! Source: Consul 1.21.4, names and types of `agent/config/config.go` and `deprecated.go`, defaults of `default.go`; where a key is in effect, the default is ours.
mod agent; // keys of the top level
mod blocks; // keys of the blocks below it
#[cfg(test)]
mod docs; // the tables in docs/configuration.md
mod services; // definitions of services and checks, which stand in an agent's files too
mod tls; // keys of the tls stanza

use super::{settings::Set, tree::Value};

pub(super) use agent::TOP;

/// Keys that stand beside each other.
#[derive(Debug)]
pub(super) struct Keys(pub(super) &'static [Key]);

/// One key.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// Of a key in effect, the default of `server --dev`; else Consul's for an agent. Empty: none.
    pub(super) default: &'static str,
    /// What it means here.
    pub(super) effect: Effect,
    /// The key that Consul has for it now; empty: this one.
    pub(super) moved: &'static str,
    /// Other names that Consul takes for it.
    pub(super) aliases: &'static [&'static str],
}

/// What a key holds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Bool,
    Int,
    Uint,
    Float,
    Text,
    Duration,
    /// A list of texts.
    Texts,
    /// Texts by name.
    TextMap,
    /// Whatever there is.
    Free,
    /// One object or block.
    Table(&'static Keys),
    /// A list of objects, or blocks.
    Tables(&'static Keys),
    /// Objects by name, or blocks with a label.
    Named(&'static Keys),
}

/// What a key does here.
#[derive(Clone, Copy, Debug)]
pub(super) enum Effect {
    /// It sets something.
    Sets(Set, &'static str),
    /// Nothing yet.
    None,
    /// Nothing yet, and who sets it relies on what does not happen: the text says so.
    Harmful(&'static str),
    /// Of Consul Enterprise; Consul's community edition ignores it as well.
    Enterprise,
    /// Consul ignores it as well.
    Obsolete,
    /// It cannot stand where it stands: Consul does not start with it either. The text reads on after the key.
    Refused(&'static str),
    /// It cannot be switched on: a server of Consul's does not start with it either.
    RefusedIfOn(&'static str),
}

/// A row of the table.
const fn key(name: &'static str, kind: Kind) -> Key {
    Key { name, kind, default: "", effect: Effect::None, moved: "", aliases: &[] }
}

impl Key {
    const fn default(mut self, text: &'static str) -> Self {
        self.default = text;
        self
    }

    const fn sets(mut self, set: Set, meaning: &'static str) -> Self {
        self.effect = Effect::Sets(set, meaning);
        self
    }

    const fn harmful(mut self, missing: &'static str) -> Self {
        self.effect = Effect::Harmful(missing);
        self
    }

    const fn moved(mut self, to: &'static str) -> Self {
        self.moved = to;
        self
    }

    const fn enterprise(mut self) -> Self {
        self.effect = Effect::Enterprise;
        self
    }

    const fn obsolete(mut self) -> Self {
        self.effect = Effect::Obsolete;
        self
    }

    const fn refused(mut self, why: &'static str) -> Self {
        self.effect = Effect::Refused(why);
        self
    }

    const fn refused_if_on(mut self, why: &'static str) -> Self {
        self.effect = Effect::RefusedIfOn(why);
        self
    }

    const fn or(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }
}

impl Keys {
    /// The key of this name. Case does not matter, as in Consul.
    pub(super) fn get(&self, name: &str) -> Option<&'static Key> {
        let is = |other: &str| other.eq_ignore_ascii_case(name);
        self.0.iter().find(|key| is(key.name)).or_else(|| self.0.iter().find(|key| key.aliases.iter().any(|a| is(a))))
    }
}

impl Kind {
    /// The keys below it.
    pub(super) fn below(self) -> Option<&'static Keys> {
        match self {
            Self::Table(keys) | Self::Tables(keys) | Self::Named(keys) => Some(keys),
            _ => None,
        }
    }

    /// What it should be, in an operator's words.
    pub(super) fn what(self) -> &'static str {
        match self {
            Self::Bool => "true or false",
            Self::Int => "a whole number",
            Self::Uint => "a whole number that is not negative",
            Self::Float => "a number",
            Self::Text => "a text in quotes",
            Self::Duration => "a duration in quotes, for example \"2s\", \"1m30s\" or \"500ms\"",
            Self::Texts => "a list of texts, for example [\"a\", \"b\"]",
            Self::TextMap => "an object of texts",
            Self::Free => "anything",
            Self::Table(_) => "one object or block",
            Self::Tables(_) => "a list of objects, or blocks",
            Self::Named(_) => "an object of objects, or blocks with a label",
        }
    }

    /// Whether a value without parts is of this kind.
    pub(super) fn takes(self, value: &Value) -> bool {
        match (self, value) {
            (Self::Free, _)
            | (Self::Bool, Value::Bool(_))
            | (Self::Int | Self::Uint | Self::Float, Value::Float(_))
            | (Self::Int | Self::Float, Value::Int(_))
            | (Self::Text | Self::Duration, Value::Text(_)) => true,
            (Self::Uint, Value::Int(number)) => *number >= 0,
            _ => false,
        }
    }
}

/// Every key by its dotted path, in the order of the table. A table that contains itself is entered once.
pub(super) fn all() -> Vec<(String, &'static Key)> {
    let mut all = Vec::new();
    below(&TOP, "", &mut Vec::new(), &mut all);
    all
}

fn below(keys: &'static Keys, path: &str, inside: &mut Vec<*const Keys>, all: &mut Vec<(String, &'static Key)>) {
    if inside.contains(&std::ptr::from_ref(keys)) {
        return;
    }
    inside.push(keys);
    for key in keys.0 {
        let path = if path.is_empty() { key.name.to_owned() } else { format!("{path}.{}", key.name) };
        all.push((path.clone(), key));
        if let Some(keys) = key.kind.below() {
            below(keys, &path, inside, all);
        }
    }
    inside.pop();
}

/// Whether a key of this last name sets something, so that its value is no secret.
pub(super) fn is_in_effect(name: &str) -> bool {
    all().iter().any(|(_, key)| key.name == name && matches!(key.effect, Effect::Sets(..)))
}
