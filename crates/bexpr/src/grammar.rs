//! The language of filter expressions, as data for [`crate::peg`].
//!
//! Order of alternatives, shared prefixes and even the alternatives that can only fail are part of the language here:
//! they decide which tokens an error names. Source: the grammar of go-bexpr 0.1.2, as its errors show it.

use crate::peg::{Class, Node, Rule, RuleRow};

use Node::{And, Any, Choice, Lit, Not, Opt, Plus, Refuse, Seq, Set, Star, To, Unquote};

const SPACE: Node = To(Rule::Whitespace);
const MAY_SPACE: Node = Opt(&SPACE);
const OPEN: Node = Lit("(", r#""(""#);
const CLOSE: Node = Lit(")", r#"")""#);
const BRACKET: Node = Lit("[", r#""[""#);
const UNBRACKET: Node = Lit("]", r#""]""#);
const DOT: Node = Lit(".", r#"".""#);
const MINUS: Node = Lit("-", r#""-""#);
const TICK: Node = Lit("`", r#""`""#);
const QUOTE: Node = Lit("\"", r#""\"""#);
const NOT: Node = Lit("not", r#""not""#);
const IS: Node = Lit("is", r#""is""#);
const EMPTY: Node = Lit("empty", r#""empty""#);
const IN: Node = Lit("in", r#""in""#);
const CONTAINS: Node = Lit("contains", r#""contains""#);
const MATCHES: Node = Lit("matches", r#""matches""#);

const LETTER: Node = Set(&Class { want: "[a-zA-Z]", chars: &[], ranges: &[('a', 'z'), ('A', 'Z')] });
const WORD: Node = Set(&Class { want: "[a-zA-Z0-9_]", chars: &['_'], ranges: &[('a', 'z'), ('A', 'Z'), ('0', '9')] });
const NON_ZERO: Node = Set(&Class { want: "[1-9]", chars: &[], ranges: &[('1', '9')] });
const DIGIT: Node = Set(&Class { want: "[0-9]", chars: &[], ranges: &[('0', '9')] });
const BLANK: Node = Set(&Class { want: r"[ \t\r\n]", chars: &[' ', '\t', '\r', '\n'], ranges: &[] });

const IN_OR_NOT_IN: Node = Choice(&[To(Rule::MatchIn), To(Rule::MatchNotIn)]);
const RAW_OPEN: Node = Seq(&[TICK, Star(&To(Rule::RawStringChar))]);
const DOUBLE_OPEN: Node = Seq(&[QUOTE, Star(&To(Rule::DoubleStringChar))]);

/// How a rule reads and how an error inside it calls it.
pub(crate) fn row(rule: Rule) -> RuleRow {
    let (shown, node): (&'static str, &'static Node) = match rule {
        Rule::Input => (
            "Input",
            &Choice(&[
                Seq(&[
                    MAY_SPACE,
                    OPEN,
                    MAY_SPACE,
                    To(Rule::OrExpression),
                    MAY_SPACE,
                    CLOSE,
                    MAY_SPACE,
                    To(Rule::EndOfFile),
                ]),
                Seq(&[MAY_SPACE, To(Rule::OrExpression), MAY_SPACE, To(Rule::EndOfFile)]),
            ]),
        ),
        Rule::OrExpression => (
            "OrExpression",
            &Choice(&[
                Seq(&[To(Rule::AndExpression), SPACE, Lit("or", r#""or""#), SPACE, To(Rule::OrExpression)]),
                To(Rule::AndExpression),
            ]),
        ),
        Rule::AndExpression => (
            "AndExpression",
            &Choice(&[
                Seq(&[To(Rule::NotExpression), SPACE, Lit("and", r#""and""#), SPACE, To(Rule::AndExpression)]),
                To(Rule::NotExpression),
            ]),
        ),
        Rule::NotExpression => (
            "NotExpression",
            &Choice(&[Seq(&[NOT, SPACE, To(Rule::NotExpression)]), To(Rule::ParenthesizedExpression)]),
        ),
        Rule::ParenthesizedExpression => (
            "\"grouping\"",
            &Choice(&[
                Seq(&[OPEN, MAY_SPACE, To(Rule::OrExpression), MAY_SPACE, CLOSE]),
                To(Rule::MatchExpression),
                Seq(&[
                    OPEN,
                    MAY_SPACE,
                    To(Rule::OrExpression),
                    MAY_SPACE,
                    Not(&CLOSE),
                    Refuse("Unmatched parentheses"),
                ]),
            ]),
        ),
        Rule::MatchExpression => (
            "\"match\"",
            &Choice(&[To(Rule::MatchSelectorOpValue), To(Rule::MatchSelectorOp), To(Rule::MatchValueOpSelector)]),
        ),
        Rule::MatchSelectorOpValue => (
            "\"match\"",
            &Seq(&[
                To(Rule::Selector),
                Choice(&[
                    To(Rule::MatchEqual),
                    To(Rule::MatchNotEqual),
                    To(Rule::MatchContains),
                    To(Rule::MatchNotContains),
                    To(Rule::MatchMatches),
                    To(Rule::MatchNotMatches),
                ]),
                To(Rule::Value),
            ]),
        ),
        Rule::MatchSelectorOp => {
            ("\"match\"", &Seq(&[To(Rule::Selector), Choice(&[To(Rule::MatchIsEmpty), To(Rule::MatchIsNotEmpty)])]))
        }
        Rule::MatchValueOpSelector => (
            "\"match\"",
            &Choice(&[
                Seq(&[To(Rule::Value), IN_OR_NOT_IN, To(Rule::Selector)]),
                Seq(&[To(Rule::Value), IN_OR_NOT_IN, Not(&To(Rule::Selector)), Refuse("Invalid selector")]),
            ]),
        ),
        Rule::MatchEqual => ("MatchEqual", &Seq(&[MAY_SPACE, Lit("==", r#""==""#), MAY_SPACE])),
        Rule::MatchNotEqual => ("MatchNotEqual", &Seq(&[MAY_SPACE, Lit("!=", r#""!=""#), MAY_SPACE])),
        Rule::MatchIsEmpty => ("MatchIsEmpty", &Seq(&[SPACE, IS, SPACE, EMPTY])),
        Rule::MatchIsNotEmpty => ("MatchIsNotEmpty", &Seq(&[SPACE, IS, SPACE, NOT, SPACE, EMPTY])),
        Rule::MatchIn => ("MatchIn", &Seq(&[SPACE, IN, SPACE])),
        Rule::MatchNotIn => ("MatchNotIn", &Seq(&[SPACE, NOT, SPACE, IN, SPACE])),
        Rule::MatchContains => ("MatchContains", &Seq(&[SPACE, CONTAINS, SPACE])),
        Rule::MatchNotContains => ("MatchNotContains", &Seq(&[SPACE, NOT, SPACE, CONTAINS, SPACE])),
        Rule::MatchMatches => ("MatchMatches", &Seq(&[SPACE, MATCHES, SPACE])),
        Rule::MatchNotMatches => ("MatchNotMatches", &Seq(&[SPACE, NOT, SPACE, MATCHES, SPACE])),
        Rule::Selector => ("\"selector\"", &Seq(&[To(Rule::Identifier), Star(&To(Rule::SelectorOrIndex))])),
        Rule::Identifier => ("Identifier", &Seq(&[LETTER, Star(&WORD)])),
        Rule::SelectorOrIndex => {
            ("SelectorOrIndex", &Choice(&[Seq(&[DOT, To(Rule::Identifier)]), To(Rule::IndexExpression)]))
        }
        Rule::IndexExpression => (
            "\"index\"",
            &Choice(&[
                Seq(&[BRACKET, MAY_SPACE, To(Rule::StringLiteral), MAY_SPACE, UNBRACKET]),
                Seq(&[BRACKET, MAY_SPACE, Not(&To(Rule::StringLiteral)), Refuse("Invalid index")]),
                Seq(&[
                    BRACKET,
                    MAY_SPACE,
                    To(Rule::StringLiteral),
                    MAY_SPACE,
                    Not(&UNBRACKET),
                    Refuse("Unclosed index expression"),
                ]),
            ]),
        ),
        Rule::Value => ("\"value\"", &Choice(&[To(Rule::Selector), To(Rule::NumberLiteral), To(Rule::StringLiteral)])),
        Rule::NumberLiteral => (
            "\"number\"",
            &Choice(&[
                Seq(&[Opt(&MINUS), To(Rule::IntegerOrFloat), And(&To(Rule::AfterNumbers))]),
                Seq(&[
                    Opt(&MINUS),
                    To(Rule::IntegerOrFloat),
                    Not(&To(Rule::AfterNumbers)),
                    Refuse("Invalid number literal"),
                ]),
            ]),
        ),
        Rule::AfterNumbers => ("AfterNumbers", &And(&Choice(&[SPACE, To(Rule::EndOfFile), CLOSE]))),
        Rule::IntegerOrFloat => (
            "IntegerOrFloat",
            &Seq(&[Choice(&[Lit("0", r#""0""#), Seq(&[NON_ZERO, Star(&DIGIT)])]), Opt(&Seq(&[DOT, Plus(&DIGIT)]))]),
        ),
        Rule::StringLiteral => (
            "\"string\"",
            &Choice(&[
                Unquote(&Choice(&[
                    Seq(&[TICK, Star(&To(Rule::RawStringChar)), TICK]),
                    Seq(&[QUOTE, Star(&To(Rule::DoubleStringChar)), QUOTE]),
                ])),
                Seq(&[Choice(&[RAW_OPEN, DOUBLE_OPEN]), To(Rule::EndOfFile), Refuse("Unterminated string literal")]),
            ]),
        ),
        Rule::RawStringChar => ("RawStringChar", &Seq(&[Not(&TICK), Any])),
        Rule::DoubleStringChar => ("DoubleStringChar", &Seq(&[Not(&QUOTE), Any])),
        Rule::Whitespace => ("\"whitespace\"", &Plus(&BLANK)),
        Rule::EndOfFile => ("EOF", &Not(&Any)),
    };
    RuleRow { shown, node }
}
