use crate::error::FilterError;
use crate::limits::REGEX_BYTES_MAX;

use super::compile;

fn why(pattern: &str) -> String {
    match compile(pattern.as_bytes()) {
        Err(FilterError::Regex { why, .. }) => why,
        Err(other) => other.to_string(),
        Ok(_) => "fine".to_owned(),
    }
}

#[test]
fn classes_that_only_newer_go_names_are_refused() {
    // Consul 1.21 is built with Go 1.23 and 1.24, which know exact names only; the goldens come from a newer one.
    for name in ["han", "Letter", "LC", "Assigned", "ASCII", "Cn", "lu"] {
        let class = format!(r"\p{{{name}}}");
        assert_eq!(why(&class), format!("error parsing regexp: invalid character class range: `{class}`"));
    }
    assert_eq!(why(r"\p{Han}\p{Lu}\p{Any}"), "fine");
}

#[test]
fn every_category_and_script_of_go_is_one_of_ours() {
    for name in super::scripts::SCRIPTS.iter().copied().chain(["C", "Cs", "Lu", "Zs"]) {
        assert_eq!(why(&format!(r"\p{{{name}}}\P{{{name}}}(?i)[\p{{{name}}}]")), "fine", "{name}");
    }
}

#[test]
fn a_pattern_that_would_compile_to_too_much_is_refused() {
    let pattern = r"[\pL\pN]{900}[\pL\pN]{900}";
    let error = compile(pattern.as_bytes()).err().map(|error| error.to_string()).unwrap_or_default();
    assert!(error.contains(&REGEX_BYTES_MAX.to_string()), "{error}");
}

#[test]
fn deep_nesting_is_refused_as_go_refuses_it() {
    let deep = format!("{}{}", "(".repeat(1001), ")".repeat(1001));
    assert_eq!(why(&deep), format!("error parsing regexp: expression nests too deeply: `{deep}`"));
}

#[test]
fn a_surrogate_is_read_and_found_nowhere() {
    assert!(!compile(br"\x{d800}").unwrap().is_match("\u{d7ff}\u{e000}"));
    assert!(!compile(br"[\x{d800}-\x{dfff}]").unwrap().is_match("\u{d7ff}\u{e000}"));
    assert!(compile(br"[\x{d800}-\x{e000}]").unwrap().is_match("\u{e000}"));
    assert!(compile(br"^[^\x{d800}]$").unwrap().is_match("x"));
}
