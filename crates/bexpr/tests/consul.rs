//! Texts that Consul 1.21.4 was recorded to answer, and describing a type of another crate.

use std::collections::BTreeMap;
use std::ops::Range;

use proconsul_bexpr::{CREATE_PREFIX, EvalError, Filter, Value, selectable};

#[derive(Default)]
struct Weights {
    passing: i64,
}

/// The parts of a catalog node that the recorded expressions name, and a value that may be absent.
#[derive(Default)]
struct Node {
    node: String,
    meta: BTreeMap<String, String>,
    weights: Option<Weights>,
    by_name: BTreeMap<String, Option<Weights>>,
}

selectable! { impl Weights { "Passing" => passing } }
selectable! { impl Node { "Node" => node, "Meta" => meta, "Weights" => weights, "ByName" => by_name } }

enum Bounds {}

selectable! {
    impl Range<i64> as Bounds {
        "Start" => start,
        "End" => end;
        "Empty": Bool = |range| range.is_empty(),
        "Length": Int = |range| range.end - range.start,
    }
}

#[test]
fn bad_filters_read_as_consul_was_recorded() {
    // Golden cases options/filter-syntax-error, catalog/service-nodes-errors, cluster/error-through-follower.
    for (text, expected) in [
        ("Node ==", r#"1:8 (7): no match found, expected: "-", "0", "\"", "`", [ \t\r\n], [1-9] or [a-zA-Z]"#),
        ("Nope == x", r#"Selector "Nope" is not valid"#),
        ("Node contains x and", r"1:20 (19): no match found, expected: [ \t\r\n]"),
        ("Node.Nope == x", r#"Selector "Node.Nope" is not valid"#),
        (
            "x =",
            r#"1:3 (2): no match found, expected: "!=", "==", "contains", "in", "is", "matches", "not" or [ \t\r\n]"#,
        ),
        (
            "bad (",
            r#"1:5 (4): no match found, expected: "!=", "==", "contains", "in", "is", "matches", "not" or [ \t\r\n]"#,
        ),
    ] {
        assert_eq!(Filter::<Node>::for_query(text).unwrap_err().to_string(), expected, "{text}");
    }
    assert_eq!(CREATE_PREFIX, "Failed to create boolean expression evaluator: ");
}

#[test]
fn no_text_is_no_filter_in_a_query_and_an_error_elsewhere() {
    assert!(Filter::<Node>::for_query("").unwrap().is_none());
    assert!(Filter::<Node>::compile("").is_err());
}

#[test]
fn a_type_of_another_crate_is_described_under_a_schema_of_ours() {
    let filter = Filter::<Range<i64>, Bounds>::compile("Empty == false and Start == 3 and Length == 4").unwrap();
    assert!(filter.matches(&(3..7)).unwrap());
    assert!(!filter.matches(&(3..3)).unwrap());
}

#[test]
fn an_absent_value_is_an_error_except_behind_a_key() {
    let filter = Filter::<Node>::compile("Weights.Passing == 1").unwrap();
    let error = filter.matches(&Node::default()).unwrap_err();
    assert_eq!(error, EvalError::Absent { selector: "\"Weights.Passing\"".into() });
    assert!(filter.matches(&Node { weights: Some(Weights { passing: 1 }), ..Node::default() }).unwrap());

    let filter = Filter::<Node>::compile("ByName.a.Passing == 1").unwrap();
    let node = Node { by_name: BTreeMap::from([("a".to_owned(), None)]), ..Node::default() };
    assert!(!filter.matches(&node).unwrap());
}

#[test]
fn what_is_kept_keeps_its_order_and_an_error_ends_it() {
    let node = |name: &str, passing: Option<i64>| Node {
        node: name.to_owned(),
        weights: passing.map(|passing| Weights { passing }),
        ..Node::default()
    };
    let mut nodes = vec![node("a", Some(1)), node("b", Some(2)), node("c", Some(1))];
    Filter::<Node>::compile("Weights.Passing == 1").unwrap().retain(&mut nodes).unwrap();
    assert_eq!(nodes.iter().map(|node| node.node.as_str()).collect::<Vec<_>>(), ["a", "c"]);

    nodes.push(node("d", None));
    assert!(Filter::<Node>::compile("Weights.Passing == 1").unwrap().retain(&mut nodes).is_err());
}

#[test]
fn what_may_be_secret_is_not_shown() {
    let filter = Filter::<Node>::compile("Node == hunter2").unwrap();
    assert!(!format!("{filter:?}").contains("hunter2"));
    let value: Value<'_> = Value::Absent;
    assert_eq!(format!("{value:?}"), "Absent");
}
