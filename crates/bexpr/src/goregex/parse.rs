//! Reads Go's syntax and writes the `regex` crate's. Source: the documented syntax of Go's `regexp/syntax` (as of 1.24)
//! and its answers, recorded in `tests/golden.jsonl`.

use std::fmt::{self, Write as _};

use crate::gotext;

use super::class;

/// Most that a counted repetition may count, nested ones multiplied. Go's.
const REPEAT_MAX: u32 = 1000;

/// Deepest tree. Go's.
const HEIGHT_MAX: usize = 1000;

/// What is wrong with a pattern, as Go words it: the kind and the text it is about.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Error {
    what: &'static str,
    about: String,
}

impl Error {
    pub(super) fn new(what: &'static str, about: &[u8]) -> Self {
        Self { what, about: String::from_utf8_lossy(about).into_owned() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error parsing regexp: {}: `{}`", self.what, self.about)
    }
}

/// The flags in force. Greed is not among them: it only shows in captures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flags {
    pub(super) fold: bool,
    lines: bool,
    dot_newline: bool,
}

/// Something a repetition can apply to, already written.
#[derive(Debug)]
struct Item {
    text: String,
    /// The product of the counted repetitions inside.
    repeats: u32,
    height: usize,
    is_repeat: bool,
}

impl Item {
    fn leaf(text: String) -> Self {
        Self { text, repeats: 1, height: 1, is_repeat: false }
    }
}

/// A group being read: what came before the last `|`, and what after.
#[derive(Debug, Default)]
struct Group {
    done: Vec<Item>,
    open: Vec<Item>,
    /// The flags to go back to, and whether the group captures (which makes a node of Go's tree).
    outer: Flags,
    captures: bool,
}

impl Group {
    /// Ends the alternative: what was open is one item from here on.
    fn bar(&mut self) {
        let items = std::mem::take(&mut self.open);
        self.done.push(joined(items, ""));
    }

    fn close(mut self) -> Item {
        self.bar();
        let captures = self.captures;
        let mut item = joined(self.done, "|");
        item.text = format!("(?:{})", item.text);
        item.height += usize::from(captures);
        item.is_repeat = false;
        item
    }
}

fn joined(mut items: Vec<Item>, between: &str) -> Item {
    if items.len() == 1 {
        return items.remove(0);
    }
    let texts: Vec<&str> = items.iter().map(|item| item.text.as_str()).collect();
    Item {
        text: texts.join(between),
        repeats: items.iter().map(|item| item.repeats).max().unwrap_or(1),
        height: 1 + items.iter().map(|item| item.height).max().unwrap_or(0),
        is_repeat: false,
    }
}

struct Parser<'a> {
    whole: &'a [u8],
    rest: &'a [u8],
    flags: Flags,
    groups: Vec<Group>,
    group: Group,
}

/// Writes `pattern` for the `regex` crate.
///
/// # Errors
/// Go's.
pub(super) fn translate(pattern: &[u8]) -> Result<String, Error> {
    let mut parser =
        Parser { whole: pattern, rest: pattern, flags: Flags::default(), groups: Vec::new(), group: Group::default() };
    let mut last_repeat = None;
    while !parser.rest.is_empty() {
        last_repeat = parser.step(last_repeat)?;
    }
    if !parser.groups.is_empty() {
        return Err(Error::new("missing closing )", pattern));
    }
    Ok(parser.group.close().text)
}

impl<'a> Parser<'a> {
    /// Reads one token; the answer is where it began if it is a repetition, which may not be followed by another.
    fn step(&mut self, last_repeat: Option<&'a [u8]>) -> Result<Option<&'a [u8]>, Error> {
        let before = self.rest;
        match before {
            [b'(', b'?', ..] => self.perl_group()?,
            [b'(', rest @ ..] => {
                self.open(true);
                self.rest = rest;
            }
            [b')', rest @ ..] => {
                self.close()?;
                self.rest = rest;
            }
            [b'|', rest @ ..] => {
                self.group.bar();
                self.rest = rest;
            }
            [b'^', rest @ ..] => self.put(if self.flags.lines { "(?m:^)" } else { r"(?:\A)" }, rest),
            [b'$', rest @ ..] => self.put(if self.flags.lines { "(?m:$)" } else { r"(?:\z)" }, rest),
            [b'.', rest @ ..] => self.put(if self.flags.dot_newline { "(?s:.)" } else { r"[^\n]" }, rest),
            [b'[', ..] => {
                let (text, rest) = class::bracketed(before, self.flags.fold)?;
                self.put(&text, rest);
            }
            [sign @ (b'*' | b'+' | b'?'), rest @ ..] => {
                let (least, most) = match sign {
                    b'*' => (0, None),
                    b'+' => (1, None),
                    _ => (0, Some(1)),
                };
                self.repeat(before, rest, last_repeat, least, most, false)?;
                return Ok(Some(before));
            }
            [b'{', rest @ ..] => match counts(rest) {
                Some((counts, rest)) => {
                    let token = &before[..before.len() - rest.len()];
                    let (least, most) = counts.ok_or_else(|| Error::new("invalid repeat count", token))?;
                    self.repeat(before, rest, last_repeat, least, most, true)?;
                    return Ok(Some(before));
                }
                None => self.char('{', rest),
            },
            [b'\\', ..] => self.backslash()?,
            _ => {
                let (char, rest) = next_char(before)?;
                self.char(char, rest);
            }
        }
        Ok(None)
    }

    fn put(&mut self, text: &str, rest: &'a [u8]) {
        self.group.open.push(Item::leaf(text.to_owned()));
        self.rest = rest;
    }

    fn char(&mut self, char: char, rest: &'a [u8]) {
        self.code(u32::from(char), rest);
    }

    /// A literal. Go lets an escape stand for a surrogate, which is in no text.
    fn code(&mut self, code: u32, rest: &'a [u8]) {
        let text = match (char::from_u32(code), self.flags.fold) {
            (None, _) => class::NOTHING.to_owned(),
            (Some(_), true) => format!("(?i:\\x{{{code:x}}})"),
            (Some(_), false) => format!("\\x{{{code:x}}}"),
        };
        self.put(&text, rest);
    }

    fn open(&mut self, captures: bool) {
        let group = Group { outer: self.flags, captures, ..Group::default() };
        self.groups.push(std::mem::replace(&mut self.group, group));
    }

    fn close(&mut self) -> Result<(), Error> {
        let Some(outer) = self.groups.pop() else {
            return Err(Error::new("unexpected )", self.whole));
        };
        let inner = std::mem::replace(&mut self.group, outer);
        self.flags = inner.outer;
        self.push(inner.close())
    }

    fn push(&mut self, item: Item) -> Result<(), Error> {
        if item.height > HEIGHT_MAX {
            return Err(Error::new("expression nests too deeply", self.whole));
        }
        self.group.open.push(item);
        Ok(())
    }

    fn repeat(
        &mut self,
        before: &'a [u8],
        after: &'a [u8],
        last: Option<&'a [u8]>,
        least: u32,
        most: Option<u32>,
        counted: bool,
    ) -> Result<(), Error> {
        let after = after.strip_prefix(b"?").unwrap_or(after);
        if let Some(last) = last {
            return Err(Error::new("invalid nested repetition operator", &last[..last.len() - after.len()]));
        }
        let token = &before[..before.len() - after.len()];
        let Some(item) = self.group.open.pop() else {
            return Err(Error::new("missing argument to repetition operator", token));
        };
        let mut repeats = item.repeats;
        if counted {
            repeats = match most.unwrap_or(least) {
                0 if most.is_some() => 1,
                times => item.repeats.saturating_mul(times.max(1)),
            };
            if (least >= 2 || most.is_some_and(|most| most >= 2)) && repeats > REPEAT_MAX {
                return Err(Error::new("invalid repeat count", token));
            }
        }
        let mut text = if item.is_repeat { format!("(?:{})", item.text) } else { item.text };
        // Writing to a string cannot fail.
        let _ = match most {
            Some(most) => write!(text, "{{{least},{most}}}"),
            None => write!(text, "{{{least},}}"),
        };
        self.rest = after;
        self.push(Item { text, repeats, height: item.height + 1, is_repeat: true })
    }

    fn backslash(&mut self) -> Result<(), Error> {
        let whole = self.rest;
        match whole {
            [_, b'A', rest @ ..] => self.put(r"(?:\A)", rest),
            [_, b'z', rest @ ..] => self.put(r"(?:\z)", rest),
            [_, b'b', rest @ ..] => self.put(r"(?-u:\b)", rest),
            [_, b'B', rest @ ..] => self.put(r"(?-u:\B)", rest),
            [_, b'C', ..] => return Err(Error::new("invalid escape sequence", &whole[..2])),
            [_, b'Q', rest @ ..] => self.quoted(rest)?,
            _ => {
                if let Some((text, rest)) = class::escaped(whole)? {
                    let text = if self.flags.fold { format!("(?i:{text})") } else { text };
                    self.put(&text, rest);
                } else {
                    let (code, rest) = escape(whole)?;
                    self.code(code, rest);
                }
            }
        }
        Ok(())
    }

    /// `\Q...\E`, or to the end.
    fn quoted(&mut self, rest: &'a [u8]) -> Result<(), Error> {
        let end = rest.windows(2).position(|window| window == b"\\E");
        let (mut literal, after) = match end {
            Some(end) => (&rest[..end], &rest[end + 2..]),
            None => (rest, &rest[rest.len()..]),
        };
        while !literal.is_empty() {
            let (char, left) = next_char(literal)?;
            self.char(char, after);
            literal = left;
        }
        self.rest = after;
        Ok(())
    }

    /// `(?P<name>`, `(?<name>`, `(?flags)`, `(?flags:`.
    fn perl_group(&mut self) -> Result<(), Error> {
        let whole = self.rest;
        let name_at = match whole {
            [_, _, b'P', b'<', _, ..] => Some(4),
            [_, _, b'<', _, ..] => Some(3),
            _ => None,
        };
        match name_at {
            Some(at) => self.named_group(whole, at),
            None => self.flag_group(whole),
        }
    }

    fn named_group(&mut self, whole: &'a [u8], at: usize) -> Result<(), Error> {
        let Some(end) = whole.iter().position(|byte| *byte == b'>') else {
            check_utf8(whole)?;
            return Err(Error::new("invalid named capture", whole));
        };
        let name = &whole[at..end];
        check_utf8(name)?;
        if name.is_empty() || !name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_') {
            return Err(Error::new("invalid named capture", &whole[..=end]));
        }
        self.open(true);
        self.rest = &whole[end + 1..];
        Ok(())
    }

    fn flag_group(&mut self, whole: &'a [u8]) -> Result<(), Error> {
        let mut rest = &whole[2..];
        let mut flags = self.flags;
        let mut value = true;
        let mut flag_seen = false;
        while !rest.is_empty() {
            let (char, after) = next_char(rest)?;
            rest = after;
            match char {
                'i' => flags.fold = value,
                'm' => flags.lines = value,
                's' => flags.dot_newline = value,
                'U' => {}
                '-' if value => value = false,
                ':' | ')' if value || flag_seen => {
                    if char == ':' {
                        self.open(false);
                    }
                    self.flags = flags;
                    self.rest = rest;
                    return Ok(());
                }
                _ => break,
            }
            flag_seen = char != '-';
        }
        Err(Error::new("invalid or unsupported Perl syntax", &whole[..whole.len() - rest.len()]))
    }
}

/// The numbers of `{n}`, `{n,}` or `{n,m}` after the brace. `None`: the brace is a literal. Inner `None`: too large.
type Counts = Option<(u32, Option<u32>)>;

fn counts(text: &[u8]) -> Option<(Counts, &[u8])> {
    let (least, rest) = number(text)?;
    let (most, rest) = match rest {
        [b',', b'}', ..] => (None, &rest[1..]),
        [b',', rest @ ..] => number(rest).map(|(most, rest)| (Some(most), rest))?,
        _ => (Some(least), rest),
    };
    let rest = rest.strip_prefix(b"}")?;
    let is_fine = least <= REPEAT_MAX && most.is_none_or(|most| (least..=REPEAT_MAX).contains(&most));
    Some((is_fine.then_some((least, most)), rest))
}

/// A decimal without leading zeros; what is too large for any use is as large as can be.
fn number(text: &[u8]) -> Option<(u32, &[u8])> {
    let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = text.split_at(length);
    if digits.is_empty() || (length > 1 && digits[0] == b'0') {
        return None;
    }
    let value =
        digits.iter().fold(0u32, |value, digit| value.saturating_mul(10).saturating_add(u32::from(digit - b'0')));
    Some((value, rest))
}

/// The next character. At the end it is the replacement character, as in Go: no caller takes it for more.
pub(super) fn next_char(text: &[u8]) -> Result<(char, &[u8]), Error> {
    match gotext::decode(text) {
        (char::REPLACEMENT_CHARACTER, 1) => Err(Error::new("invalid UTF-8", text)),
        (char, width) => Ok((char, &text[width..])),
    }
}

pub(super) fn check_utf8(mut text: &[u8]) -> Result<(), Error> {
    while !text.is_empty() {
        text = next_char(text)?.1;
    }
    Ok(())
}

/// The code point that an escape sequence stands for. It may be a surrogate.
pub(super) fn escape(whole: &[u8]) -> Result<(u32, &[u8]), Error> {
    let rest = &whole[1..];
    if rest.is_empty() {
        return Err(Error::new("trailing backslash at end of expression", b""));
    }
    let (char, rest) = next_char(rest)?;
    let simple = match char {
        'a' => 0x07,
        'f' => 0x0c,
        'n' => 0x0a,
        'r' => 0x0d,
        't' => 0x09,
        'v' => 0x0b,
        'x' => return hex(whole, rest),
        // A digit alone would be a back-reference.
        '0' => return Ok(octal(0, rest)),
        '1'..='7' if matches!(rest, [b'0'..=b'7', ..]) => return Ok(octal(u32::from(char) - 0x30, rest)),
        char if char.is_ascii() && !char.is_ascii_alphanumeric() => u32::from(char),
        _ => return Err(bad_escape(whole, rest)),
    };
    Ok((simple, rest))
}

fn bad_escape(whole: &[u8], rest: &[u8]) -> Error {
    Error::new("invalid escape sequence", &whole[..whole.len() - rest.len()])
}

fn octal(mut value: u32, mut rest: &[u8]) -> (u32, &[u8]) {
    for _ in 0..2 {
        let [digit @ b'0'..=b'7', after @ ..] = rest else { break };
        value = value * 8 + u32::from(digit - b'0');
        rest = after;
    }
    (value, rest)
}

fn hex<'a>(whole: &'a [u8], rest: &'a [u8]) -> Result<(u32, &'a [u8]), Error> {
    if rest.is_empty() {
        return Err(bad_escape(whole, rest));
    }
    let (first, mut rest) = next_char(rest)?;
    if first != '{' {
        let (second, rest) = next_char(rest)?;
        return match (first.to_digit(16), second.to_digit(16)) {
            (Some(first), Some(second)) => Ok((first * 16 + second, rest)),
            _ => Err(bad_escape(whole, rest)),
        };
    }
    let mut value = None;
    while !rest.is_empty() {
        let (char, after) = next_char(rest)?;
        rest = after;
        match (char, char.to_digit(16), value) {
            ('}', _, Some(value)) => return Ok((value, rest)),
            (_, Some(digit), _) => {
                let sum = value.unwrap_or(0) * 16 + digit;
                if sum > u32::from(char::MAX) {
                    break;
                }
                value = Some(sum);
            }
            _ => break,
        }
    }
    Err(bad_escape(whole, rest))
}
