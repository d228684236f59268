//! What holds for all expressions: no text panics or takes long, and what is written is what is meant.

mod sample;

use std::fmt;
use std::time::{Duration, Instant};

use proconsul_bexpr::{EXPRESSION_BYTES_MAX, Filter, FilterError, NESTING_MAX, check_syntax};
use proptest::prelude::*;

use sample::{Sample, samples};

/// Far more than any text within the bounds needs, and far less than backtracking would.
const PATIENCE: Duration = Duration::from_secs(20);

fn compile(text: &str) -> Result<Filter<Sample>, FilterError> {
    Filter::compile(text)
}

/// An expression over two fields, with a meaning that needs no parser.
#[derive(Clone, Debug)]
enum Meaning {
    Int(i64),
    Tag(&'static str),
    Not(Box<Meaning>),
    And(Box<Meaning>, Box<Meaning>),
    Or(Box<Meaning>, Box<Meaning>),
}

impl Meaning {
    fn of(&self, sample: &Sample) -> bool {
        match self {
            Self::Int(value) => sample.int == *value,
            Self::Tag(tag) => sample.tags.iter().any(|has| has == tag),
            Self::Not(inner) => !inner.of(sample),
            Self::And(left, right) => left.of(sample) && right.of(sample),
            Self::Or(left, right) => left.of(sample) || right.of(sample),
        }
    }

    /// How tightly it binds.
    fn rank(&self) -> u8 {
        match self {
            Self::Or(..) => 0,
            Self::And(..) => 1,
            _ => 2,
        }
    }
}

/// With no more parentheses than precedence asks for. The operators group to the right.
impl fmt::Display for Meaning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |f: &mut fmt::Formatter<'_>, part: &Self, least: u8| {
            if part.rank() < least { write!(f, "( {part})") } else { write!(f, "{part}") }
        };
        match self {
            Self::Int(value) => write!(f, "Int == {value}"),
            Self::Tag(tag) => write!(f, "\"{tag}\" in Tags"),
            Self::Not(inner) => {
                f.write_str("not ")?;
                part(f, inner, 2)
            }
            Self::And(left, right) => {
                part(f, left, 2)?;
                f.write_str(" and\t")?;
                part(f, right, 1)
            }
            Self::Or(left, right) => {
                part(f, left, 1)?;
                f.write_str("\nor ")?;
                part(f, right, 0)
            }
        }
    }
}

fn meaning() -> impl Strategy<Value = Meaning> {
    let leaf = prop_oneof![
        prop_oneof![Just(8080), Just(0), Just(-1), any::<i64>()].prop_map(Meaning::Int),
        prop_oneof![Just("primary"), Just("v1"), Just(""), Just("none")].prop_map(Meaning::Tag),
    ];
    leaf.prop_recursive(8, 64, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|inner| Meaning::Not(Box::new(inner))),
            (inner.clone(), inner.clone()).prop_map(|(left, right)| Meaning::And(Box::new(left), Box::new(right))),
            (inner.clone(), inner).prop_map(|(left, right)| Meaning::Or(Box::new(left), Box::new(right))),
        ]
    })
}

/// Texts that get further into the grammar than random characters do.
fn token_soup() -> impl Strategy<Value = String> {
    let token = prop::sample::select(vec![
        "Name", "Int", "Tags", "Meta", ".", "[", "]", "\"", "`", "(", ")", "not", "and", "or", "in", "is", "empty",
        "contains", "matches", "==", "!=", " ", " ", " ", "\n", "1", "-", "0", "\"(\"", "\\", "\u{e9}", "\u{fffd}",
    ]);
    prop::collection::vec(token, 0..40).prop_map(|tokens| tokens.concat())
}

fn survives(text: &[u8]) {
    if let Ok(filter) = Filter::<Sample>::compile(text) {
        for sample in samples() {
            filter.matches(&sample).unwrap();
        }
    }
}

proptest! {
    #[test]
    fn an_expression_means_what_it_says(meaning in meaning()) {
        let text = meaning.to_string();
        let filter = compile(&text).unwrap();
        for sample in samples() {
            prop_assert_eq!(filter.matches(&sample).unwrap(), meaning.of(&sample), "{}", text);
        }
    }

    #[test]
    fn no_text_panics(text in any::<String>()) {
        survives(text.as_bytes());
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        survives(&bytes);
    }

    #[test]
    fn no_tokens_panic(text in token_soup()) {
        survives(text.as_bytes());
    }

    #[test]
    fn no_regular_expression_panics(pattern in "[^`]{0,20}|[a-z()\\[\\]{},0-9*+?|^$.\\\\:pPQE<>-]{0,30}") {
        survives(format!("Name matches `{pattern}`").as_bytes());
    }

    #[test]
    fn an_error_is_the_same_whatever_the_type(text in token_soup()) {
        if let Err(error) = check_syntax(&text) {
            prop_assert_eq!(compile(&text).unwrap_err(), error);
        }
    }
}

#[test]
fn nesting_is_bounded_and_costs_no_backtracking() {
    let start = Instant::now();
    let nested = |levels: usize| format!("{}Int == 1{}", "(".repeat(levels), ")".repeat(levels));
    assert!(compile(&nested(NESTING_MAX)).is_ok());
    assert_eq!(compile(&nested(NESTING_MAX + 2)).unwrap_err(), FilterError::TooDeep);
    assert!(compile(&format!("{}Int == 1", "not ".repeat(NESTING_MAX))).is_ok());
    assert_eq!(compile(&format!("{}Int == 1", "not ".repeat(NESTING_MAX + 1))).unwrap_err(), FilterError::TooDeep);
    let unclosed = compile(&format!("{}Int == 1", "(".repeat(NESTING_MAX))).unwrap_err();
    assert!(unclosed.to_string().ends_with("rule \"grouping\": Unmatched parentheses"), "{unclosed}");
    assert!(start.elapsed() < PATIENCE);
}

#[test]
fn length_is_bounded_and_long_chains_are_fine() {
    let start = Instant::now();
    let clause = "Int == 1 or ";
    let mut text = clause.repeat(EXPRESSION_BYTES_MAX / clause.len() - 1) + "Int == 8080";
    assert!(compile(&text).unwrap().matches(&samples()[0]).unwrap());
    text.push_str(&" ".repeat(EXPRESSION_BYTES_MAX + 1 - text.len()));
    assert_eq!(compile(&text).unwrap_err(), FilterError::TooLong { length: EXPRESSION_BYTES_MAX + 1 });
    assert!(start.elapsed() < PATIENCE);
}

#[test]
fn long_texts_of_one_token_take_no_longer() {
    let start = Instant::now();
    for token in ["(", "not ", "\"", "`", "a", "a.", "a[", "1", " ", "and ", "\\", "a in ", "a==", "\u{e9}"] {
        let text = token.repeat(EXPRESSION_BYTES_MAX / token.len());
        assert!(compile(&text).is_err(), "{token}");
    }
    assert!(compile(&format!("Name == \"{}", "x".repeat(EXPRESSION_BYTES_MAX - 10))).is_err());
    assert!(Filter::<Sample>::compile(vec![0xff; EXPRESSION_BYTES_MAX]).is_err());
    assert!(start.elapsed() < PATIENCE);
}
