//! Recorded cases replayed against our binary: those whose needs it meets must come out as recorded, and the lists in
//! `tests/golden` (what waits, what deviates) must be true. To bring the waiting list up to date after adding a method:
//! `PROCONSUL_GOLDEN_BLESS=1 cargo test -p proconsul-tests --test golden`.
use std::{collections::BTreeMap, env, net::SocketAddr, thread};

use anyhow::{Context, Result, ensure};
use proconsul_tests::golden::{
    Case, Report, Suite, Target,
    case::{VARIANTS, golden_dir, load, project_golden_dir},
    lists::{Deviation, Waiting, load_deviations, load_waiting, stale, store_waiting},
    needs::{Needs, Served},
    server::{served_names, start_server},
};

/// How many cases ran when this was last raised. It only grows: fewer means that something stopped being tested.
const CASES_RUN_AT_LEAST: usize = 400;

/// How many cases may need a second try. One or two turn on how fast a busy machine is; more are a race in the server.
const SECOND_TRIES_AT_MOST: usize = 5;

/// The variants whose meaning our server knows; the cases of the others wait.
const VARIANTS_RUN: &[&str] = &["limits", "rate-enforcing", "rate-permissive", "tls", "tls-open", "tls-vsh"];

/// Groups that sleep a lot, each given a server of its own so that they sleep at the same time.
const LANES: &[&[&str]] = &[&["routing"], &["netrpc"], &["yamux"]];

/// Judges what a server of ours has, before one runs: it opens the server port and, where there is a certificate, both gRPC ports.
fn target_to_be() -> Target {
    let somewhere = SocketAddr::from(([127, 0, 0, 1], 0));
    Target { grpc: Some(somewhere), grpc_tls: Some(somewhere), ..Target::at(somewhere) }
}

/// The cases of one file in lanes: each is run on a server of its own, in file order, prepared by the cases of group `setup`.
fn lanes(cases: Vec<Case>) -> Vec<Vec<Case>> {
    let mut lanes = vec![Vec::new(); LANES.len() + 1];
    for case in cases {
        let lane = LANES.iter().position(|groups| groups.contains(&case.group.as_str()));
        lanes[lane.unwrap_or(LANES.len())].push(case);
    }
    let setup: Vec<_> = lanes[LANES.len()].iter().filter(|case| case.group == "setup").cloned().collect();
    for lane in &mut lanes[..LANES.len()] {
        lane.splice(0..0, setup.iter().cloned());
    }
    lanes.retain(|lane| lane.iter().any(|case| case.group != "setup"));
    lanes
}

fn run_lane(cases: &[Case], served: &Served, needs: &Needs, deviations: &[Deviation]) -> Result<Report> {
    let variant = &cases.first().context("a lane has cases")?.variant;
    let server = start_server(&golden_dir().join("variants").join(variant).with_extension("hcl"))?;
    let suite = Suite { target: &server.target, served, needs, deviations, strict: true };
    let report = suite.run(cases, |line| {
        if line.verdict.is_bad() || line.second_try {
            println!("{line}");
        }
    });
    server.target.wait_ready().with_context(|| format!("after its cases; its last words:\n{}", server.last_words()))?;
    Ok(report)
}

#[test]
fn recorded_cases_come_out_as_recorded() {
    if let Err(error) = replay_all() {
        panic!("{error:#}"); // returned, it would be printed below a backtrace that says nothing
    }
}

fn replay_all() -> Result<()> {
    let dir = golden_dir();
    let needs = Needs::from_recordings(&dir)?;
    let served = Served::listed(served_names()?, &target_to_be(), VARIANTS_RUN);
    let deviations = load_deviations(&project_golden_dir().join("DEVIATIONS.md"))?;
    let all: Vec<Vec<Case>> = VARIANTS.iter().map(|variant| load(&dir, variant)).collect::<Result<_>>()?;
    check_waiting(&all, &needs, &served)?;

    let mut lanes: Vec<_> = all.into_iter().flat_map(lanes).collect();
    let can_run = |case: &Case| case.group != "setup" && needs.missing(case, &served).is_empty();
    lanes.retain(|lane| lane.iter().any(can_run));
    let reports: Vec<Result<Report>> = thread::scope(|scope| {
        let run = |lane| run_lane(lane, &served, &needs, &deviations);
        let running: Vec<_> = lanes.iter().map(|lane: &Vec<Case>| scope.spawn(move || run(lane))).collect();
        running.into_iter().map(|lane| lane.join().expect("a lane's panic is this test's")).collect()
    });
    let mut whole = Report::default();
    for report in reports {
        whole.lines.extend(report?.lines.into_iter().filter(|line| !line.case.starts_with("setup/")));
    }

    println!("{}", whole.summary());
    let bad: Vec<_> = whole.bad().map(ToString::to_string).collect();
    ensure!(bad.is_empty(), "{} of {} cases:\n{}", bad.len(), whole.lines.len(), bad.join("\n"));
    ensure!(whole.ran() >= CASES_RUN_AT_LEAST, "only {} cases ran, of at least {CASES_RUN_AT_LEAST}", whole.ran());
    let again = whole.second_tries();
    ensure!(again <= SECOND_TRIES_AT_MOST, "{again} cases needed a second try, more than {SECOND_TRIES_AT_MOST}");
    println!("{} recorded cases ran", whole.ran());
    Ok(())
}

/// Every case runs or is on the list, and is on the list for what is really missing.
fn check_waiting(all: &[Vec<Case>], needs: &Needs, served: &Served) -> Result<()> {
    let mut missing: Waiting = BTreeMap::new();
    for case in all.iter().flatten() {
        let needs = needs.missing(case, served);
        if !needs.is_empty() {
            missing.entry(case.variant.clone()).or_default().insert(case.name.clone(), needs);
        }
    }
    let path = project_golden_dir().join("WAITING.json");
    if env::var_os("PROCONSUL_GOLDEN_BLESS").is_some() {
        return store_waiting(&path, &missing);
    }
    let complaints = stale(&load_waiting(&path)?, &missing);
    ensure!(
        complaints.is_empty(),
        "WAITING.json is out of date (PROCONSUL_GOLDEN_BLESS=1 writes it anew):\n{}",
        complaints.join("\n")
    );
    Ok(())
}
