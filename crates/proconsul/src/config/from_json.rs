//! JSON, with the line of every key.
//!
//! `serde_json` judges the text and says what is wrong with it; it tells no positions of what is right. So a second, simple
//! walk over the judged text makes the tree.
use serde_json::Number;

use super::{
    error::Syntax,
    tree::{Entry, Lines, Node, Value},
};

/// Reads JSON. Of keys that stand twice in an object the last wins, as Go has it.
///
/// # Errors
/// What is not JSON, and more than 128 levels.
pub(super) fn parse(text: &str) -> Result<Node, Syntax> {
    serde_json::from_str::<serde_json::Value>(text).map_err(|error| Syntax {
        line: error.line(),
        column: error.column(),
        // The place is told apart from the text.
        message: error.to_string().split(" at line ").next().unwrap_or_default().to_owned(),
        advice: None,
    })?;
    let mut walk = Walk { text, at: 0, lines: Lines::of(text) };
    walk.node().ok_or_else(|| Syntax {
        line: walk.lines.at(walk.at),
        column: 1,
        message: "not JSON".to_owned(),
        advice: None,
    })
}

/// Walks a text that is known to be JSON, no deeper than `serde_json` went. `None` would mean that it is not.
struct Walk<'a> {
    text: &'a str,
    at: usize,
    lines: Lines,
}

impl Walk<'_> {
    fn node(&mut self) -> Option<Node> {
        let first = self.next()?;
        let line = self.lines.at(self.at);
        let value = match first {
            b'{' => Value::Map(self.entries()?),
            b'[' => Value::List(self.items()?),
            b'"' => Value::Text(self.string()?),
            _ => scalar(self.word())?,
        };
        Some(Node { line, value })
    }

    fn entries(&mut self) -> Option<Vec<Entry>> {
        let mut entries = Vec::new();
        while self.another(b'{', b'}')? {
            self.next()?;
            let line = self.lines.at(self.at);
            let name = self.string()?;
            self.next()?;
            self.at += 1; // the colon
            let value = self.node()?.value;
            entries.push(Entry { name, node: Node { line, value } });
        }
        Some(last_of_each(entries))
    }

    fn items(&mut self) -> Option<Vec<Node>> {
        let mut items = Vec::new();
        while self.another(b'[', b']')? {
            items.push(self.node()?);
        }
        Some(items)
    }

    /// Steps over the `open` bracket or a comma; false at the end, which it steps over as well.
    fn another(&mut self, open: u8, close: u8) -> Option<bool> {
        let byte = self.next()?;
        self.at += 1;
        if byte == open && self.next()? == close {
            self.at += 1;
            return Some(false);
        }
        Some(byte != close)
    }

    fn string(&mut self) -> Option<String> {
        let rest = self.text.get(self.at..)?;
        let mut escaped = true; // the opening quote does not close
        let length = rest.bytes().position(|byte| {
            let ends = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            ends
        })?;
        self.at += length + 1;
        serde_json::from_str(rest.get(..=length)?).ok()
    }

    fn word(&mut self) -> &str {
        let rest = &self.text[self.at..];
        let length = rest.find(|c: char| c.is_ascii_whitespace() || matches!(c, ',' | ']' | '}')).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    /// The next byte that is not white space; stays before it.
    fn next(&mut self) -> Option<u8> {
        let rest = &self.text.as_bytes()[self.at..];
        self.at += rest.iter().position(|byte| !byte.is_ascii_whitespace())?;
        self.text.as_bytes().get(self.at).copied()
    }
}

fn scalar(word: &str) -> Option<Value> {
    Some(match word {
        "null" => Value::Null,
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => number(&serde_json::from_str(word).ok()?),
    })
}

fn number(number: &Number) -> Value {
    number.as_i64().map_or_else(|| Value::Float(number.as_f64().unwrap_or(f64::NAN)), Value::Int)
}

fn last_of_each(entries: Vec<Entry>) -> Vec<Entry> {
    let mut seen = std::collections::HashSet::new();
    let last: Vec<bool> = entries.iter().rev().map(|entry| seen.insert(entry.name.clone())).collect();
    entries.into_iter().zip(last.into_iter().rev()).filter_map(|(entry, last)| last.then_some(entry)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines_of(node: &Node, path: &str, into: &mut Vec<(String, usize)>) {
        if let Value::Map(entries) = &node.value {
            for entry in entries {
                let path = format!("{path}/{}", entry.name);
                into.push((path.clone(), entry.node.line));
                lines_of(&entry.node, &path, into);
            }
        }
    }

    #[test]
    fn every_key_knows_its_line_and_the_last_of_two_wins() {
        let text = "{\"a\": 1,\n \"\\u0062\\\"\": {\"x\":\n[1, {}, []], \"y\": {}},\n\"a\": -2.5e3}\n";
        let node = parse(text).unwrap();
        let mut lines = Vec::new();
        lines_of(&node, "", &mut lines);
        let expected = [("/b\"", 2), ("/b\"/x", 2), ("/b\"/y", 3), ("/a", 4)];
        assert_eq!(lines, expected.map(|(path, line)| (path.to_owned(), line)));
        let Value::Map(entries) = node.value else { panic!("an object") };
        assert_eq!(entries[1].node.value, Value::Float(-2500.0));
    }

    #[test]
    fn what_is_no_json_is_told_with_its_place_once() {
        let error = parse("{\n  \"a\": 1,\n}").unwrap_err();
        assert_eq!((error.line, error.column), (3, 1));
        assert_eq!(error.message, "trailing comma");
        assert!(parse(&"[".repeat(100_000)).is_err(), "bounded depth");
    }
}
