//! What to write where a file is HCL 1 and not HCL 2.
//!
//! HCL 1 knows no line ends: between any two of its tokens there may be one or none. So a statement that HCL 2 refuses is read here
//! as HCL 1 would read it, and printed as HCL 2.
use super::keys;

/// How many lines a statement may have to be shown rewritten.
const ADVICE_LINES_MAX: usize = 30;

/// How many bytes.
const ADVICE_BYTES_MAX: usize = 4096;

/// How deep it may be.
const ADVICE_DEPTH_MAX: usize = 8;

/// What to write instead of what stands at `offset`, where an HCL 2 parser gave up with `message`; `None`: it is not HCL 1 either,
/// or nothing is known that helps.
pub(super) fn advice(text: &str, offset: usize, message: &str) -> Option<String> {
    if text.trim_start().starts_with('{') {
        return Some("This is JSON, which HCL 1 read too: name the file .json".to_owned());
    }
    if message.contains("redefined attribute") {
        return Some("HCL 1 took the last of two attributes of one name; HCL 2 wants one: remove the other".to_owned());
    }
    if message.contains("escape sequence") {
        return Some("HCL 2 knows these escapes in a text: \\n \\r \\t \\\" \\\\ \\uNNNN \\UNNNNNNNN".to_owned());
    }
    let (before, rest) = (text.get(..offset)?, text.get(offset..)?);
    let line = &before[before.rfind('\n').map_or(0, |at| at + 1)..];
    if let Some(number) = hexadecimal(line, rest) {
        return Some(format!("HCL 2 has no hexadecimal numbers, HCL 1 had: write {number}"));
    }
    let region = &text[offset - line.len()..];
    let Some(written) = rewritten(region) else {
        let closes = rest.starts_with('}') && line.contains('=');
        return closes
            .then(|| "In HCL 2 a `}` that ends a block of several lines stands on a line of its own".to_owned());
    };
    Some(format!("{} Write:\n{written}", reason(line.trim_end(), rest)))
}

/// Why HCL 2 does not take it.
fn reason(line: &str, rest: &str) -> &'static str {
    match rest.chars().next() {
        Some(':') => "A name and its value have `=` between them.",
        Some(',') => "In HCL 2 no comma follows an attribute.",
        Some('"') if line.is_empty() || line.ends_with(['{', '}']) => "In HCL 2 names have no quotes.",
        None | Some('\n' | '\r') if line.ends_with('=') => "In HCL 2 a value begins on the line of its name.",
        None | Some('\n' | '\r') if !line.contains(['=', '{']) => {
            "In HCL 2 a block's `{` stands on the line of its name."
        }
        _ => "In HCL 2 every attribute and block has a line of its own; HCL 1 took several on one.",
    }
}

fn hexadecimal(line: &str, rest: &str) -> Option<u64> {
    let digits = rest.strip_prefix(['x', 'X']).filter(|_| line.ends_with('0'))?;
    let digits = &digits[..digits.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(digits.len())];
    u64::from_str_radix(digits, 16).ok()
}

/// The statements that begin with `text`, up to the first line end where they are complete, as HCL 2.
fn rewritten(text: &str) -> Option<String> {
    let mut end = 0;
    for line in text.split_inclusive('\n').take(ADVICE_LINES_MAX) {
        end += line.len();
        if end > ADVICE_BYTES_MAX {
            break;
        }
        if let Some(tokens) = tokens(&text[..end])
            && !tokens.is_empty()
            && let Some(written) = (Printer { tokens: &tokens, at: 0, out: String::new() }).all()
        {
            return Some(written);
        }
    }
    None
}

/// Names, numbers, quoted texts and single characters. Comments are left out; `None` where a text has no end, or a heredoc begins.
fn tokens(text: &str) -> Option<Vec<&str>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '#' => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/")? + 2,
            '"' => quoted(rest)?,
            '<' => return None,
            _ if is_word(first) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            _ => first.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        if !matches!(first, '#' | '/') {
            tokens.push(token);
        }
        rest = after.trim_start();
    }
    Some(tokens)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '+')
}

/// Length of the quoted text that `text` begins with.
fn quoted(text: &str) -> Option<usize> {
    let mut escaped = true; // the opening quote does not close
    let length = text.bytes().position(|byte| {
        let ends = byte == b'\n' || byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })?;
    text[length..].starts_with('"').then_some(length + 1)
}

/// Prints tokens of HCL 1 as HCL 2.
struct Printer<'a> {
    tokens: &'a [&'a str],
    at: usize,
    out: String,
}

impl<'a> Printer<'a> {
    fn all(mut self) -> Option<String> {
        self.statements(1)?;
        (self.at == self.tokens.len()).then_some(self.out)
    }

    fn peek(&self) -> Option<&'a str> {
        self.tokens.get(self.at).copied()
    }

    fn next(&mut self) -> Option<&'a str> {
        let token = self.peek()?;
        self.at += 1;
        Some(token)
    }

    /// Statements up to the end or a `}`, which stays.
    fn statements(&mut self, depth: usize) -> Option<()> {
        if depth > ADVICE_DEPTH_MAX {
            return None;
        }
        while self.peek().is_some_and(|token| token != "}") {
            if !self.out.is_empty() {
                self.out.push('\n');
            }
            self.out.push_str(&"  ".repeat(depth));
            self.statement(depth)?;
            if self.peek() == Some(",") {
                self.at += 1;
            }
        }
        Some(())
    }

    fn statement(&mut self, depth: usize) -> Option<()> {
        let name = self.next()?.trim_matches('"');
        if name.is_empty() || !name.chars().all(is_word) || name.starts_with(|c: char| !c.is_alphabetic() && c != '_') {
            return None;
        }
        self.out.push_str(name);
        loop {
            match self.next()? {
                "=" | ":" => {
                    self.out.push_str(" = ");
                    return self.value(name, depth);
                }
                "{" => {
                    self.out.push(' ');
                    return self.block(depth);
                }
                label if label.starts_with('"') => self.out.extend([" ", label]),
                _ => return None,
            }
        }
    }

    /// After a `{`.
    fn block(&mut self, depth: usize) -> Option<()> {
        self.out.push('{');
        self.statements(depth + 1)?;
        self.next()?;
        self.out.extend(["\n", &"  ".repeat(depth), "}"]);
        Some(())
    }

    fn value(&mut self, name: &str, depth: usize) -> Option<()> {
        match self.next()? {
            "{" => return self.block(depth),
            "[" => {
                // A list is HCL 2 as it stands; so that no secret is shown, its content is not.
                let length = self.tokens[self.at..].iter().position(|token| *token == "]")?;
                if self.tokens[self.at..self.at + length].iter().any(|token| matches!(*token, "[" | "{" | "=" | "}")) {
                    return None;
                }
                self.at += length + 1;
                self.out.push_str(if length == 0 { "[]" } else { "[…]" });
            }
            text if text.starts_with('"') => {
                self.out.push_str(if keys::is_in_effect(name) { text } else { "\"…\"" });
            }
            word if word.starts_with(is_word) => self.out.push_str(word),
            _ => return None,
        }
        Some(())
    }
}

#[cfg(test)]
mod tests;
