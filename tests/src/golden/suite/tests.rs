use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener},
    thread,
};

use serde_json::{Value, json};

use super::*;
use crate::golden::case::project_golden_dir;

/// A server that answers the first byte of the n-th connection with the n-th of `answers`, the last one from then on.
fn server(answers: &'static [&'static [u8]]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for (turn, conn) in listener.incoming().enumerate() {
            let mut conn = conn.unwrap();
            if conn.read_exact(&mut [0]).is_ok() {
                conn.write_all(answers[turn.min(answers.len() - 1)]).unwrap();
            }
        }
    });
    address
}

/// A case that sends one byte and saw `abcd` before the connection closed.
fn case(more: Value) -> Case {
    let mut case = json!({
        "case": "g/c", "group": "g", "variant": "base",
        "steps": [{"op": "dial"}, {"op": "send", "hex": "00"}, {"op": "recv", "ms": 2000}],
        "outcome": ["ok", "sent", {"hex": "abcd", "then": "closed"}],
    });
    case.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(case).unwrap()
}

fn judged(answers: &'static [&'static [u8]], case: Case, deviations: &[Deviation]) -> Line {
    let target = Target::at(server(answers));
    let needs = Needs::from_recordings(&project_golden_dir()).unwrap();
    let served = Served::listed([], &target, &[]);
    let suite = Suite { target: &target, served: &served, needs: &needs, deviations, strict: false };
    suite.run(&[case], |_| {}).lines.remove(0)
}

fn deviation(step: usize, ours: Ours) -> Deviation {
    Deviation { case: "g/c".into(), step, ours, why: "safer".into() }
}

const RIGHT: &[u8] = &[0xab, 0xcd];
const WRONG: &[u8] = &[0xab, 0xce];

#[test]
fn a_case_passes_when_every_step_is_as_recorded() {
    let line = judged(&[RIGHT], case(json!({})), &[]);
    assert_eq!((line.verdict, line.second_try), (Verdict::Passed, false));
}

#[test]
fn a_case_fails_where_it_differs_twice() {
    let line = judged(&[WRONG], case(json!({})), &[]);
    let Verdict::Failed(differences) = &line.verdict else { panic!("{line}") };
    assert_eq!((differences[0].step, differences[0].path.as_str()), (2, "hex"));
    assert!(line.to_string().contains("recorded \"abcd\""), "{line}");
}

#[test]
fn a_case_that_differs_once_passes_and_says_so() {
    let line = judged(&[WRONG, RIGHT], case(json!({})), &[]);
    assert_eq!((line.verdict, line.second_try), (Verdict::Passed, true));
}

#[test]
fn an_informational_case_never_fails() {
    let line = judged(&[WRONG], case(json!({"informational": true})), &[]);
    assert!(matches!(line.verdict, Verdict::Informational(_)), "{line}");
}

#[test]
fn a_case_waits_for_what_nobody_has() {
    let line = judged(&[RIGHT], case(json!({"variant": "acl"})), &[]);
    assert_eq!(line.verdict, Verdict::Waiting(vec!["variant:acl".into()]));
}

#[test]
fn a_listed_deviation_must_differ_and_as_it_says() {
    let ours = json!({"hex": "abce", "then": "closed"});
    for (answer, ours, expected) in [
        (&[WRONG], Ours::Differs, Verdict::Deviates("safer".into())),
        (&[WRONG], Ours::Is(ours.clone()), Verdict::Deviates("safer".into())),
        (&[WRONG], Ours::Skipped, Verdict::Skipped("safer".into())),
    ] {
        assert_eq!(judged(answer, case(json!({})), &[deviation(2, ours)]).verdict, expected);
    }
    for (answer, ours) in [(&[RIGHT], Ours::Differs), (&[WRONG], Ours::Is(json!({"then": "open"})))] {
        let line = judged(answer, case(json!({})), &[deviation(2, ours)]);
        assert!(matches!(line.verdict, Verdict::Broken(_)), "{line}");
    }
    let elsewhere = judged(&[WRONG], case(json!({})), &[deviation(1, Ours::Differs)]);
    assert!(elsewhere.verdict.is_bad(), "{elsewhere}");
}

#[test]
fn a_step_that_the_runner_lacks_breaks_a_case_that_should_have_waited() {
    let target = Target::at(server(&[RIGHT]));
    let elsewhere = case(json!({"steps": [{"op": "dial", "port": "rpc2"}], "outcome": ["ok"]}));
    let error = run::case(&target, &elsewhere).unwrap_err();
    assert!(format!("{error:#}").contains("Unsupported"), "{error:#}");
}

#[test]
fn the_summary_counts_every_line_once() {
    let line = |verdict| Line { variant: "base".into(), case: "g/c".into(), verdict, second_try: false };
    let verdicts = [
        Verdict::Passed,
        Verdict::Deviates(String::new()),
        Verdict::Informational(vec![]),
        Verdict::Waiting(vec![]),
        Verdict::Skipped(String::new()),
        Verdict::Failed(vec![]),
        Verdict::Broken(String::new()),
    ];
    let report = Report { lines: verdicts.into_iter().map(line).collect() };
    assert_eq!(report.summary(), "3 passed, 2 failed, 2 skipped; 0 on the second try");
    assert_eq!(report.ran(), 4);
}
