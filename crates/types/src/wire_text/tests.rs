use super::{GoQuoted, WIRE_TEXTS, WireText};
use crate::Advice;

#[test]
fn texts_are_those_that_were_recorded() {
    let recorded = [
        (WireText::unknown_service("Nope.Nope"), "rpc: can't find service Nope.Nope"),
        (WireText::unknown_method("Status.Nope"), "rpc: can't find method Status.Nope"),
        (
            WireText::raft_apply_failed(&WireText::invalid_kvs_operation("get-tree")),
            "raft apply failed: Invalid KVS operation 'get-tree'",
        ),
        (
            WireText::raft_apply_failed(&WireText::invalid_session(GoQuoted("00000000-0000-0000-0000-0000000000aa"))),
            "raft apply failed: invalid session \"00000000-0000-0000-0000-0000000000aa\"",
        ),
        (
            WireText::error_making_call(&WireText::MUST_PROVIDE_ADDRESS),
            "rpc error making call: Must provide address if SkipNodeUpdate is not set",
        ),
        (WireText::unknown_service_of_check("missing", "c"), "Unknown service ID 'missing' for check ID 'c'"),
        (
            WireText::several(&[WireText::kind_without_listener("connect-proxy"), WireText::PROXY_WITHOUT_DESTINATION]),
            "2 errors occurred:\n\t* Port or SocketPath must be set for a connect-proxy\n\t* \
             Proxy.DestinationServiceName must be non-empty for Connect proxy services\n\n",
        ),
        (WireText::bad_node_id("uuid string is wrong length"), "Bad node ID: uuid string is wrong length"),
        (WireText::unknown_kv_operation(""), "unknown KV operation: "),
    ];
    for (made, text) in recorded {
        assert_eq!(made.as_str(), text);
    }
}

#[test]
fn advice_survives_the_words_that_each_hop_puts_in_front() {
    let twice = WireText::error_making_call(&WireText::error_making_call(&WireText::NO_LEADER));
    assert_eq!(twice.advice(), Advice::TryLater);
    assert_eq!(WireText::RATE_LIMITED.advice(), Advice::AskAnother);
    assert_eq!(WireText::error_making_call(&WireText::RATE_LIMITED_AT_LEADER).advice(), Advice::TryLater);
    assert_eq!(WireText::MUST_PROVIDE_KEY.advice(), Advice::Report);
    assert_eq!(WireText::other("EOF").advice(), Advice::Report);
}

#[test]
fn only_texts_without_gaps_advise_to_try_again() {
    for row in WIRE_TEXTS.iter().filter(|row| row.advice.may_retry()) {
        assert!(!row.template.contains('{'), "{} is looked for as a whole", row.name);
    }
}

#[test]
fn no_error_text_is_empty() {
    assert_eq!(WireText::from_peer(""), None);
    assert!(!WireText::other("").as_str().is_empty());
}

#[test]
fn quotes_are_those_of_go() {
    assert_eq!(GoQuoted("a\"b\\\n\u{1}é").to_string(), "\"a\\\"b\\\\\\n\\x01é\"");
}
