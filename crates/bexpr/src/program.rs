//! From the matches of the grammar to a flat program: clauses, and when to skip what.
//!
//! Flat, so that neither making nor running it recurses along a chain of thousands of `or`.

use crate::gotext;
use crate::peg::{Piece, Rule, Tree};
use crate::schema::Operator;

/// One step of a program. It works on one truth value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    /// The truth of this clause.
    Match(usize),
    /// The opposite.
    Not,
    /// Go on at `to` if the truth is `when`.
    SkipIf { when: bool, to: usize },
}

/// A match expression as written. Bytes, because an escape may stand for a byte that is not UTF-8.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Clause {
    pub(crate) selector: Vec<Vec<u8>>,
    pub(crate) operator: Operator,
    pub(crate) value: Option<Vec<u8>>,
}

/// A parsed expression.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Program {
    pub(crate) code: Vec<Code>,
    pub(crate) clauses: Vec<Clause>,
}

impl Program {
    /// Translates what [`crate::peg::parse`] made of `text`.
    pub(crate) fn new(text: &[u8], tree: &Tree) -> Self {
        let mut builder = Builder { text, tree, program: Self::default() };
        builder.expression(&tree.pieces[tree.root]);
        builder.program
    }
}

struct Builder<'a> {
    text: &'a [u8],
    tree: &'a Tree,
    program: Program,
}

impl<'a> Builder<'a> {
    fn parts(&self, piece: &'a Piece) -> impl Iterator<Item = &'a Piece> + use<'a> {
        let pieces = &self.tree.pieces;
        piece.parts.iter().map(move |part| &pieces[*part])
    }

    fn text(&self, piece: &Piece) -> &'a [u8] {
        &self.text[piece.start..piece.end]
    }

    /// Recurses only where parentheses and `not` nest, which the parser bounds.
    fn expression(&mut self, piece: &'a Piece) {
        match piece.rule {
            Rule::OrExpression | Rule::AndExpression => self.chain(piece),
            Rule::NotExpression => {
                self.inner(piece);
                if self.parts(piece).any(|part| part.rule == Rule::NotExpression) {
                    self.program.code.push(Code::Not);
                }
            }
            Rule::MatchExpression => {
                let clause = self.clause(piece);
                self.program.code.push(Code::Match(self.program.clauses.len()));
                self.program.clauses.push(clause);
            }
            _ => self.inner(piece),
        }
    }

    fn inner(&mut self, piece: &'a Piece) {
        for part in self.parts(piece) {
            self.expression(part);
        }
    }

    /// `a or b or c` is `a or (b or c)`: the second part of each is the rest of the chain.
    fn chain(&mut self, first: &'a Piece) {
        let when = first.rule == Rule::OrExpression;
        let mut skips = Vec::new();
        let mut rest = Some(first);
        while let Some(piece) = rest {
            let mut parts = self.parts(piece);
            if let Some(part) = parts.next() {
                self.expression(part);
            }
            rest = parts.next();
            if rest.is_some() {
                skips.push(self.program.code.len());
                self.program.code.push(Code::SkipIf { when, to: 0 });
            }
        }
        let to = self.program.code.len();
        for skip in skips {
            self.program.code[skip] = Code::SkipIf { when, to };
        }
    }

    fn clause(&self, piece: &'a Piece) -> Clause {
        let mut clause = Clause { selector: Vec::new(), operator: Operator::Equal, value: None };
        for part in self.parts(piece) {
            match part.rule {
                Rule::Selector => clause.selector = self.selector(part),
                Rule::Value => clause.value = Some(self.value(part)),
                Rule::MatchNotEqual => clause.operator = Operator::NotEqual,
                Rule::MatchIn | Rule::MatchContains => clause.operator = Operator::In,
                Rule::MatchNotIn | Rule::MatchNotContains => clause.operator = Operator::NotIn,
                Rule::MatchIsEmpty => clause.operator = Operator::IsEmpty,
                Rule::MatchIsNotEmpty => clause.operator = Operator::IsNotEmpty,
                Rule::MatchMatches => clause.operator = Operator::Matches,
                Rule::MatchNotMatches => clause.operator = Operator::NotMatches,
                _ => {}
            }
        }
        clause
    }

    fn selector(&self, piece: &'a Piece) -> Vec<Vec<u8>> {
        self.parts(piece).map(|part| self.token(part)).collect()
    }

    /// A bare word is a selector to the grammar: as a value, its names joined again.
    fn value(&self, piece: &'a Piece) -> Vec<u8> {
        self.parts(piece)
            .map(|part| match part.rule {
                Rule::Selector => self.selector(part).join(&b'.'),
                _ => self.token(part),
            })
            .next()
            .unwrap_or_default()
    }

    fn token(&self, piece: &'a Piece) -> Vec<u8> {
        match piece.rule {
            // The parser has refused literals that cannot be unquoted.
            Rule::StringLiteral => gotext::unquote(self.text(piece)).unwrap_or_default(),
            _ => self.text(piece).to_vec(),
        }
    }
}
