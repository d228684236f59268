//! A small interpreter for parsing expression grammars that fails exactly as pigeon's generated parsers do.
//!
//! What a peer sees of a bad expression is which tokens were expected at the farthest position any alternative
//! reached, whatever alternative that was, so the interpreter walks the same alternatives in the same order and
//! records the same attempts. It differs in two ways that cannot be seen: results of rules are remembered per position
//! (pigeon backtracks, which takes time exponential in nested parentheses), and it keeps its own stack, so that a peer's
//! text cannot exhaust the thread's.

use std::collections::HashMap;

use crate::error::FilterError;
use crate::gotext;
use crate::grammar;
use crate::limits::{NESTING_MAX, SYNTAX_ERRORS_MAX};

/// One expression of a grammar.
pub(crate) enum Node {
    /// All of these, one after the other.
    Seq(&'static [Node]),
    /// The first of these that matches.
    Choice(&'static [Node]),
    /// Another rule.
    To(Rule),
    /// This text; second, how an error shows it.
    Lit(&'static str, &'static str),
    /// One character of a class.
    Set(&'static Class),
    /// Any one character.
    Any,
    /// Matches, without consuming, where the inner does not.
    Not(&'static Node),
    /// Matches, without consuming, where the inner does.
    And(&'static Node),
    /// The inner or nothing.
    Opt(&'static Node),
    /// The inner as often as it matches.
    Star(&'static Node),
    /// The inner as often as it matches, at least once.
    Plus(&'static Node),
    /// Records this error and does not match.
    Refuse(&'static str),
    /// The inner; an error is recorded if its text is not a Go string literal.
    Unquote(&'static Node),
}

/// A class of characters.
pub(crate) struct Class {
    /// How an error shows it.
    pub(crate) want: &'static str,
    pub(crate) chars: &'static [char],
    pub(crate) ranges: &'static [(char, char)],
}

/// A rule of the grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Rule {
    Input,
    OrExpression,
    AndExpression,
    NotExpression,
    ParenthesizedExpression,
    MatchExpression,
    MatchSelectorOpValue,
    MatchSelectorOp,
    MatchValueOpSelector,
    MatchEqual,
    MatchNotEqual,
    MatchIsEmpty,
    MatchIsNotEmpty,
    MatchIn,
    MatchNotIn,
    MatchContains,
    MatchNotContains,
    MatchMatches,
    MatchNotMatches,
    Selector,
    Identifier,
    SelectorOrIndex,
    IndexExpression,
    Value,
    NumberLiteral,
    AfterNumbers,
    IntegerOrFloat,
    StringLiteral,
    RawStringChar,
    DoubleStringChar,
    Whitespace,
    EndOfFile,
}

/// What the grammar says of a rule.
pub(crate) struct RuleRow {
    /// How an error inside the rule calls it.
    pub(crate) shown: &'static str,
    pub(crate) node: &'static Node,
}

impl Rule {
    /// Whether a match of this rule becomes a [`Piece`]; what the others matched belongs to the rule around them.
    fn is_kept(self) -> bool {
        !matches!(
            self,
            Self::MatchSelectorOpValue
                | Self::MatchSelectorOp
                | Self::MatchValueOpSelector
                | Self::SelectorOrIndex
                | Self::IndexExpression
                | Self::AfterNumbers
                | Self::IntegerOrFloat
                | Self::RawStringChar
                | Self::DoubleStringChar
                | Self::Whitespace
                | Self::EndOfFile
        )
    }

    /// Whether results are remembered: the rules that are tried again at one position and are not a mere token.
    fn is_remembered(self) -> bool {
        matches!(
            self,
            Self::OrExpression
                | Self::AndExpression
                | Self::NotExpression
                | Self::ParenthesizedExpression
                | Self::MatchExpression
                | Self::Selector
                | Self::Value
                | Self::StringLiteral
        )
    }
}

/// A match of a rule: which bytes, and the kept matches within.
#[derive(Debug)]
pub(crate) struct Piece {
    pub(crate) rule: Rule,
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) parts: Vec<usize>,
}

/// The matches of a whole text. `root` is the outermost one.
#[derive(Debug)]
pub(crate) struct Tree {
    pub(crate) pieces: Vec<Piece>,
    pub(crate) root: usize,
}

/// A place in the text and the character there. Columns count characters from 1; a newline is column 0 of its next line.
#[derive(Clone, Copy, Debug)]
struct Point {
    offset: usize,
    line: usize,
    col: usize,
    char: char,
    width: usize,
}

impl Point {
    fn at_end(self) -> bool {
        self.width == 0
    }
}

/// What waits for the result of an inner expression.
enum Frame {
    Seq { rest: &'static [Node], start: Point, kept: usize },
    Choice { rest: &'static [Node] },
    Rule { rule: Rule, start: usize, kept: usize },
    Not { start: Point, kept: usize },
    And { start: Point, kept: usize },
    Opt,
    Many { inner: &'static Node, matched: bool },
    Unquote { start: Point },
}

/// What is next: to try an expression, or to tell the frame on top how its inner one went.
enum Turn {
    Try(&'static Node),
    Done(bool),
}

/// How a rule went before at some position: where it ended and what it kept, or `None` if it did not match.
type Memory = Option<(Point, usize)>;

struct Parser<'a> {
    text: &'a [u8],
    at: Point,
    errors: Vec<String>,
    rules: Vec<Rule>,
    nesting: usize,
    /// Inside an odd number of [`Node::Not`]: then what matches is what fails.
    inverted: bool,
    farthest: Point,
    expected: Vec<(bool, &'static str)>,
    pieces: Vec<Piece>,
    kept: Vec<usize>,
    memory: HashMap<(Rule, usize, bool), Memory>,
    frames: Vec<Frame>,
}

/// Reads `text` whole.
///
/// # Errors
/// [`FilterError::Syntax`] with pigeon's text, or [`FilterError::TooDeep`].
pub(crate) fn parse(text: &[u8]) -> Result<Tree, FilterError> {
    let start = Point { offset: 0, line: 1, col: 0, char: '\0', width: 0 };
    let mut parser = Parser {
        text,
        at: start,
        errors: Vec::new(),
        rules: Vec::new(),
        nesting: 0,
        inverted: false,
        farthest: Point { col: 1, ..start },
        expected: Vec::new(),
        pieces: Vec::new(),
        kept: Vec::new(),
        memory: HashMap::new(),
        frames: Vec::new(),
    };
    parser.read();
    let matched = parser.run()?;
    if parser.errors.is_empty() && !matched {
        parser.nothing_matched();
    }
    match parser.kept.last() {
        Some(&root) if parser.errors.is_empty() => Ok(Tree { pieces: parser.pieces, root }),
        _ => Err(FilterError::Syntax { text: parser.errors.join("\n") }),
    }
}

impl Parser<'_> {
    fn run(&mut self) -> Result<bool, FilterError> {
        let mut turn = self.enter(Rule::Input)?;
        loop {
            turn = match turn {
                Turn::Try(node) => self.attempt(node)?,
                Turn::Done(matched) => match self.frames.pop() {
                    Some(frame) => self.resume(frame, matched),
                    None => return Ok(matched),
                },
            }
        }
    }

    fn attempt(&mut self, node: &'static Node) -> Result<Turn, FilterError> {
        Ok(match node {
            Node::Seq(nodes) => {
                let frame = Frame::Seq { rest: nodes, start: self.at, kept: self.kept.len() };
                self.resume(frame, true)
            }
            Node::Choice(nodes) => self.resume(Frame::Choice { rest: nodes }, false),
            Node::To(rule) => return self.enter(*rule),
            Node::Lit(text, want) => Turn::Done(self.literal(text, want)),
            Node::Set(class) => Turn::Done(self.class(class)),
            Node::Any => Turn::Done(self.any()),
            Node::Not(inner) => {
                self.inverted = !self.inverted;
                self.push(Frame::Not { start: self.at, kept: self.kept.len() }, inner)
            }
            Node::And(inner) => self.push(Frame::And { start: self.at, kept: self.kept.len() }, inner),
            Node::Opt(inner) => self.push(Frame::Opt, inner),
            Node::Star(inner) => self.push(Frame::Many { inner, matched: true }, inner),
            Node::Plus(inner) => self.push(Frame::Many { inner, matched: false }, inner),
            Node::Refuse(why) => {
                self.error(why, self.at);
                Turn::Done(false)
            }
            Node::Unquote(inner) => self.push(Frame::Unquote { start: self.at }, inner),
        })
    }

    fn resume(&mut self, frame: Frame, matched: bool) -> Turn {
        match frame {
            Frame::Seq { start, kept, .. } if !matched => {
                self.at = start;
                self.kept.truncate(kept);
                Turn::Done(false)
            }
            Frame::Seq { rest: [], .. } => Turn::Done(true),
            Frame::Seq { rest: [next, rest @ ..], start, kept } => self.push(Frame::Seq { rest, start, kept }, next),
            Frame::Choice { .. } if matched => Turn::Done(true),
            Frame::Choice { rest: [] } => Turn::Done(false),
            Frame::Choice { rest: [next, rest @ ..] } => self.push(Frame::Choice { rest }, next),
            Frame::Rule { rule, start, kept } => {
                self.leave(rule, start, kept, matched);
                Turn::Done(matched)
            }
            Frame::Not { start, kept } => {
                self.inverted = !self.inverted;
                self.rewind(start, kept);
                Turn::Done(!matched)
            }
            Frame::And { start, kept } => {
                self.rewind(start, kept);
                Turn::Done(matched)
            }
            Frame::Opt => Turn::Done(true),
            Frame::Many { inner, .. } if matched => self.push(Frame::Many { inner, matched: true }, inner),
            Frame::Many { matched: before, .. } => Turn::Done(before),
            Frame::Unquote { start } => {
                if matched && gotext::unquote(&self.text[start.offset..self.at.offset]).is_none() {
                    self.error("invalid syntax", start);
                }
                Turn::Done(matched)
            }
        }
    }

    fn push(&mut self, frame: Frame, inner: &'static Node) -> Turn {
        self.frames.push(frame);
        Turn::Try(inner)
    }

    fn rewind(&mut self, start: Point, kept: usize) {
        self.at = start;
        self.kept.truncate(kept);
    }

    fn enter(&mut self, rule: Rule) -> Result<Turn, FilterError> {
        if rule.is_remembered()
            && let Some(memory) = self.memory.get(&(rule, self.at.offset, self.inverted))
        {
            if let Some((end, piece)) = memory {
                self.at = *end;
                self.kept.push(*piece);
            }
            return Ok(Turn::Done(memory.is_some()));
        }
        if rule == Rule::NotExpression {
            self.nesting += 1;
            // The outermost one is no nesting yet.
            if self.nesting > NESTING_MAX + 1 {
                return Err(FilterError::TooDeep);
            }
        }
        self.rules.push(rule);
        let frame = Frame::Rule { rule, start: self.at.offset, kept: self.kept.len() };
        Ok(self.push(frame, grammar::row(rule).node))
    }

    fn leave(&mut self, rule: Rule, start: usize, kept: usize, matched: bool) {
        self.rules.pop();
        if rule == Rule::NotExpression {
            self.nesting -= 1;
        }
        if matched && rule.is_kept() {
            let parts = self.kept.split_off(kept);
            self.kept.push(self.pieces.len());
            self.pieces.push(Piece { rule, start, end: self.at.offset, parts });
        }
        if rule.is_remembered() {
            let memory = matched.then(|| (self.at, self.pieces.len() - 1));
            self.memory.insert((rule, start, self.inverted), memory);
        }
    }

    fn literal(&mut self, text: &str, want: &'static str) -> bool {
        let start = self.at;
        for char in text.chars() {
            if self.at.char != char || self.at.at_end() {
                self.tried(false, start, want);
                self.at = start;
                return false;
            }
            self.read();
        }
        self.tried(true, start, want);
        true
    }

    fn class(&mut self, class: &'static Class) -> bool {
        let (start, char) = (self.at, self.at.char);
        let matched = !start.at_end()
            && (class.chars.contains(&char) || class.ranges.iter().any(|(low, high)| (*low..=*high).contains(&char)));
        if matched {
            self.read();
        }
        self.tried(matched, start, class.want);
        matched
    }

    fn any(&mut self) -> bool {
        let start = self.at;
        let matched = !start.at_end();
        if matched {
            self.read();
        }
        self.tried(matched, start, ".");
        matched
    }

    /// Takes note of a token that was looked for, if that is a failure here and as far on as any.
    fn tried(&mut self, matched: bool, at: Point, want: &'static str) {
        if matched != self.inverted || at.offset < self.farthest.offset {
            return;
        }
        if at.offset > self.farthest.offset {
            self.farthest = at;
            self.expected.clear();
        }
        if !self.expected.contains(&(self.inverted, want)) {
            self.expected.push((self.inverted, want));
        }
    }

    /// Goes to the next character. A byte that is not UTF-8 is an error and reads as one replacement character.
    fn read(&mut self) {
        let offset = self.at.offset + self.at.width;
        let (char, width) = gotext::decode(&self.text[offset..]);
        self.at = Point { offset, line: self.at.line, col: self.at.col + 1, char, width };
        if char == '\n' {
            self.at.line += 1;
            self.at.col = 0;
        }
        if char == char::REPLACEMENT_CHARACTER && width == 1 {
            self.error("invalid encoding", self.at);
        }
    }

    fn error(&mut self, why: &str, at: Point) {
        let place = format!("{}:{} ({})", at.line, at.col, at.offset);
        let text = match self.rules.last() {
            Some(rule) => format!("{place}: rule {}: {why}", grammar::row(*rule).shown),
            None => format!("{place}: {why}"),
        };
        if self.errors.len() < SYNTAX_ERRORS_MAX && !self.errors.contains(&text) {
            self.errors.push(text);
        }
    }

    fn nothing_matched(&mut self) {
        let mut end_of_file = false;
        let mut expected = Vec::with_capacity(self.expected.len() + 1);
        for (inverted, want) in &self.expected {
            match (inverted, *want) {
                (true, ".") => end_of_file = true,
                (true, want) => expected.push(format!("!{want}")),
                (false, want) => expected.push(want.to_owned()),
            }
        }
        expected.sort_unstable();
        if end_of_file {
            expected.push("EOF".to_owned());
        }
        let list = match expected.split_last() {
            Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
            Some((last, _)) => last.clone(),
            None => String::new(),
        };
        self.error(&format!("no match found, expected: {list}"), self.farthest);
    }
}
