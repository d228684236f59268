use proconsul_admin::view::{
    CallState, CallView, ClosedView, ConnState, ConnView, MethodView, RouteView, ServerView, SlowView,
};
use ratatui::{
    Terminal,
    backend::TestBackend,
    crossterm::event::{KeyCode, KeyEvent, KeyModifiers},
    style::Modifier,
};

use super::{
    state::{Action, State},
    views::View,
    *,
};

fn conn(id: u64, calls: u64) -> ConnView {
    ConnView {
        id,
        peer: format!("10.0.0.{id}:4000"),
        route: "rpc_multi".into(),
        calls,
        age_ms: 1000 * id,
        state: ConnState::Idle,
        ..ConnView::default()
    }
}

fn snapshot() -> Snapshot {
    let parked = ConnView {
        current: Some(CallView { method: "KVS.Get".into(), seq: 1, age_ms: 2500, state: CallState::Parked }),
        state: ConnState::Parked,
        ..conn(3, 1)
    };
    Snapshot {
        server: ServerView {
            node: "n1".into(),
            datacenter: "dc1".into(),
            rpc_address: "127.0.0.1:8300".into(),
            up_ms: 61_000,
            ..ServerView::default()
        },
        conns: vec![conn(1, 5), conn(2, 50), parked],
        conns_total: 3,
        routes: vec![RouteView {
            label: "rpc_multi".into(),
            byte: Some(4),
            live: 3,
            accepted: 9,
            ..RouteView::default()
        }],
        methods: vec![
            MethodView { method: "KVS.Get".into(), calls: 55, rate: 4.5, p50_ms: Some(0.1), ..MethodView::default() },
            MethodView { method: "KVS.Apply".into(), calls: 1, errors: 1, rate: 9.0, ..MethodView::default() },
        ],
        closed: vec![ClosedView {
            peer: "10.0.0.9".into(),
            reason: "unknown_byte".into(),
            detail: "the first byte names no route\x1b[2J".into(),
            ago_ms: 5000,
            count: 12,
            ..ClosedView::default()
        }],
        slow: vec![SlowView {
            method: "KVS.List".into(),
            peer: "10.0.0.1:4000".into(),
            ms: 1234.0,
            ..SlowView::default()
        }],
        ..Snapshot::default()
    }
}

/// What stands on a screen of that size, line by line.
fn drawn(state: &State, columns: u16, lines: u16) -> Vec<String> {
    let mut terminal = Terminal::new(TestBackend::new(columns, lines)).expect("a test's terminal");
    terminal.draw(|frame| render::draw(frame, state)).expect("drawn");
    let buffer = terminal.backend().buffer();
    let line = |y: u16| (0..columns).map(|x| buffer[(x, y)].symbol()).collect::<String>().trim_end().to_owned();
    (0..lines).map(line).collect()
}

fn press(state: &mut State, keys: &str) -> Action {
    keys.chars().fold(Action::Nothing, |_, letter| {
        let code = match letter {
            '↓' => KeyCode::Down,
            '↑' => KeyCode::Up,
            '⇥' => KeyCode::Tab,
            '␛' => KeyCode::Esc,
            letter => KeyCode::Char(letter),
        };
        state.on_key(KeyEvent::new(code, KeyModifiers::NONE))
    })
}

fn ids(state: &State) -> Vec<u64> {
    state.rows_of(View::Connections).iter().filter_map(|row| row.conn).collect()
}

#[test]
fn the_first_screen_shows_connections_by_calls() {
    let lines = drawn(&State::new(snapshot()), 140, 9);
    assert_eq!(lines[0], "proconsul top: node n1, datacenter dc1, 127.0.0.1:8300, up 1m01s");
    assert_eq!(lines[1], "connections 3: 0 running, 1 parked, 2 idle, 0 detecting; 13.5 calls/s, 1 errors");
    assert!(lines[2].contains("1 Connections") && lines[2].contains("5 Slow calls"), "{}", lines[2]);
    assert!(lines[3].starts_with("ID") && lines[3].contains("CALLS▼"), "{}", lines[3]);
    let peers: Vec<&str> = lines[4..7].iter().filter_map(|line| line.split_whitespace().nth(1)).collect();
    assert_eq!(peers, ["10.0.0.2:4000", "10.0.0.1:4000", "10.0.0.3:4000"]);
    assert!(lines[6].ends_with("KVS.Get parked 2.5s"), "{}", lines[6]);
    assert!(lines[8].starts_with("q quit"), "{}", lines[8]);
}

#[test]
fn every_view_has_its_table_and_a_cell_for_each_column() {
    let mut state = State::new(snapshot());
    for (view, shown) in [
        (View::Methods, "KVS.Apply"),
        (View::Routes, "rpc_multi"),
        (View::Refusals, "unknown_byte"),
        (View::Slow, "1.2s"),
        (View::Connections, "10.0.0.1:4000"),
    ] {
        press(&mut state, "⇥");
        assert_eq!(state.view, view);
        let text = drawn(&state, 120, 9).join("\n");
        assert!(text.contains(shown), "{text}");
        for row in state.rows_of(view) {
            assert_eq!((row.cells.len(), row.keys.len()), (view.columns().len(), view.columns().len()), "{view:?}");
        }
    }
    press(&mut state, "4");
    assert_eq!(state.view, View::Refusals);
    assert!(!drawn(&state, 200, 9).join("").contains('\x1b'), "a peer's words are harmless");
}

#[test]
fn rows_are_sorted_by_any_column_and_the_other_way_round() {
    let mut state = State::new(snapshot());
    assert_eq!(ids(&state), [2, 1, 3]);
    press(&mut state, "r");
    assert_eq!(ids(&state), [3, 1, 2]);
    press(&mut state, "sss"); // errors, streams, now: the oldest call in flight first
    assert_eq!(ids(&state)[0], 3);
    press(&mut state, "s");
    assert_eq!(ids(&state), [3, 2, 1], "by number");
    press(&mut state, "ssss"); // peer, route, TLS, certificate: all alike, so as they came
    assert_eq!(ids(&state), [1, 2, 3]);
    press(&mut state, "SSS");
    assert_eq!(ids(&state), [1, 2, 3], "by peer");
}

#[test]
fn a_connection_is_ended_only_after_a_yes() {
    let mut state = State::new(snapshot());
    assert_eq!(press(&mut state, "k"), Action::Nothing);
    assert!(drawn(&state, 100, 9)[8].contains("select a connection first"));
    press(&mut state, "↓k");
    assert_eq!(drawn(&state, 100, 9)[8], "End connection 2 of 10.0.0.2:4000? y/n");
    assert_eq!(press(&mut state, "n"), Action::Nothing);
    assert!(state.asked.is_none());
    assert_eq!(press(&mut state, "kq"), Action::Nothing, "any other key is a no, and nothing else");
    assert_eq!(press(&mut state, "ky"), Action::Kill(2));
    assert_eq!(press(&mut state, "y"), Action::Nothing, "once");
}

#[test]
fn what_is_selected_stays_so_when_others_overtake_it() {
    let mut state = State::new(snapshot());
    press(&mut state, "↓↓"); // connection 1
    let mut newer = snapshot();
    newer.conns[0].calls = 1000;
    state.update(newer.clone());
    assert_eq!(ids(&state)[0], 1);
    press(&mut state, "k");
    assert_eq!(state.asked, Some(1));
    press(&mut state, "n");
    newer.conns.remove(0);
    state.update(newer);
    press(&mut state, "k");
    assert_eq!(state.asked, None, "it is gone, and no other takes its place");
    let shown = drawn(&state, 100, 9);
    assert!(shown[8].contains("select a connection first"), "{shown:?}");
}

#[test]
fn the_selected_row_is_marked() {
    let mut state = State::new(snapshot());
    press(&mut state, "↓↓↓↓↓↓↑");
    let mut terminal = Terminal::new(TestBackend::new(80, 9)).expect("a test's terminal");
    terminal.draw(|frame| render::draw(frame, &state)).expect("drawn");
    let marked: Vec<u16> =
        (4..8).filter(|y| terminal.backend().buffer()[(0, *y)].modifier.contains(Modifier::REVERSED)).collect();
    assert_eq!(marked, [5]);
}

#[test]
fn it_is_left_by_q_escape_and_control_c() {
    assert_eq!(press(&mut State::new(snapshot()), "q"), Action::Quit);
    assert_eq!(press(&mut State::new(snapshot()), "␛"), Action::Quit);
    let control = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    let mut state = State::new(snapshot());
    press(&mut state, "↓k");
    assert_eq!(state.on_key(control), Action::Quit, "also where a question is open");
}

#[test]
fn trouble_is_told_and_what_was_known_stays() {
    let mut state = State::new(snapshot());
    state.trouble = Some("no admin listener".to_owned());
    let lines = drawn(&state, 100, 9);
    assert!(lines[4].contains("10.0.0.2") && lines[8].contains("no admin listener"), "{lines:?}");
    state.update(snapshot());
    assert!(drawn(&state, 100, 9)[8].starts_with("q quit"));
    press(&mut state, "p");
    assert!(state.paused && drawn(&state, 100, 9)[8].starts_with("PAUSED"));
    assert_eq!(press(&mut state, " "), Action::Refresh);
}

#[test]
fn a_small_terminal_and_an_empty_server_are_drawn_too() {
    for (columns, lines) in [(1, 1), (5, 2), (20, 4), (300, 100)] {
        for of in [Snapshot::default(), snapshot()] {
            let mut state = State::new(of);
            for _ in View::ALL {
                press(&mut state, "↓↓⇥");
                drawn(&state, columns, lines);
            }
        }
    }
}

#[test]
fn as_text_all_views_that_have_rows_stand_below_each_other() {
    let text = plain(&snapshot());
    for part in ["node n1", "connections 3", "\nConnections\n", "\nMethods\n", "\nSlow calls\n", "unknown_byte"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let empty = plain(&Snapshot::default());
    assert_eq!(empty.lines().count(), 2, "{empty}");
    assert!(empty.contains("connections 0: 0 running") && empty.contains("; 0.0 calls/s"), "{empty}");
}
