//! Filter expressions.
use std::collections::BTreeMap;

use proconsul_bexpr::{Filter, check_syntax, selectable};

#[derive(Default)]
struct Weights {
    passing: i64,
    warning: i64,
}

/// A type with a field of each kind that queries select.
#[derive(Default)]
struct Instance {
    name: String,
    port: i64,
    on: bool,
    ratio: f64,
    tags: Vec<String>,
    meta: BTreeMap<String, String>,
    weights: Weights,
    upstreams: Vec<Weights>,
}

selectable! { impl Weights { "Passing" => passing, "Warning" => warning } }
selectable! {
    impl Instance {
        "Name" => name, "Int" => port, "On" => on, "Float64" => ratio, "Tags" => tags, "Meta" => meta,
        "Weights" => weights, "Upstreams" => upstreams,
    }
}

/// Input: an expression.
///
/// A filter that was made can be asked, and gives the same answer each time; what is wrong with a text is the same whatever
/// it is asked of.
pub fn bexpr(data: &[u8]) {
    let syntax = check_syntax(data);
    let filter = Filter::<Instance>::compile(data);
    if let Err(error) = &syntax {
        assert_eq!(filter.as_ref().err(), Some(error));
    }
    let Ok(filter) = filter else { return };
    let full = Instance {
        name: "web-1".to_owned(),
        port: 8080,
        on: true,
        ratio: 0.5,
        tags: vec!["primary".to_owned(), "v1".to_owned()],
        meta: BTreeMap::from([("zone".to_owned(), "a".to_owned())]),
        weights: Weights { passing: 1, warning: 1 },
        upstreams: vec![Weights::default(), Weights { passing: 10, warning: -1 }],
    };
    for instance in [Instance::default(), full] {
        assert_eq!(filter.matches(&instance), filter.matches(&instance));
    }
}
