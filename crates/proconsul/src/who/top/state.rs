//! What is shown, and what a key does. Nothing waits here.
use proconsul_admin::view::{ConnState, Snapshot};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::{
    super::human,
    views::{Row, View},
};

/// Rows that PageUp and PageDown go.
const PAGE_ROWS: isize = 10;

/// What is shown.
#[derive(Debug)]
pub(super) struct State {
    snapshot: Snapshot,
    pub(super) view: View,
    /// By which column each view is sorted, and whether the other way round.
    sorts: [(usize, bool); View::ALL.len()],
    /// The connection that is selected; it stays so when others overtake it.
    selected: Option<u64>,
    /// Where it stood, for when it is gone.
    selected_at: usize,
    /// The connection that is to be ended, if somebody says yes.
    pub(super) asked: Option<u64>,
    /// What there is to tell, until the next key.
    pub(super) message: Option<String>,
    /// Why there is no newer snapshot.
    pub(super) trouble: Option<String>,
    pub(super) paused: bool,
}

/// What has to be done because of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Nothing,
    Quit,
    /// End this connection.
    Kill(u64),
    /// Get a snapshot now.
    Refresh,
}

impl State {
    pub(super) fn new(snapshot: Snapshot) -> Self {
        Self {
            snapshot,
            view: View::Connections,
            sorts: View::ALL.map(|view| (view.first_sort(), false)),
            selected: None,
            selected_at: 0,
            asked: None,
            message: None,
            trouble: None,
            paused: false,
        }
    }

    /// A newer snapshot came.
    pub(super) fn update(&mut self, snapshot: Snapshot) {
        self.snapshot = snapshot;
        self.trouble = None;
    }

    pub(super) fn on_key(&mut self, key: KeyEvent) -> Action {
        if key.kind == KeyEventKind::Release {
            return Action::Nothing;
        }
        self.message = None;
        if key.modifiers.contains(KeyModifiers::CONTROL) {
            return if matches!(key.code, KeyCode::Char('c' | 'd')) { Action::Quit } else { Action::Nothing };
        }
        if let Some(id) = self.asked.take() {
            if matches!(key.code, KeyCode::Char('y' | 'Y')) {
                return Action::Kill(id);
            }
            self.message = Some(format!("connection {id} is left alone"));
            return Action::Nothing;
        }
        match key.code {
            KeyCode::Char('q') | KeyCode::Esc => return Action::Quit,
            KeyCode::Tab | KeyCode::Right => self.show(self.at() + 1),
            KeyCode::BackTab | KeyCode::Left => self.show(self.at() + View::ALL.len() - 1),
            KeyCode::Char(digit @ '1'..='5') => self.show(digit as usize - '1' as usize),
            KeyCode::Char('s') | KeyCode::Char('>') => self.sort_by(1),
            KeyCode::Char('S') | KeyCode::Char('<') => self.sort_by(self.view.columns().len() - 1),
            KeyCode::Char('r') => self.sorts[self.at()].1 ^= true,
            KeyCode::Char('p') => self.paused ^= true,
            KeyCode::Char(' ') => return Action::Refresh,
            KeyCode::Down | KeyCode::Char('j') => self.go(1),
            KeyCode::Up | KeyCode::Char('i') => self.go(-1),
            KeyCode::PageDown => self.go(PAGE_ROWS),
            KeyCode::PageUp => self.go(-PAGE_ROWS),
            KeyCode::Home => self.go(isize::MIN / 2),
            KeyCode::End => self.go(isize::MAX / 2),
            KeyCode::Char('k') | KeyCode::Delete => self.ask(),
            _ => {}
        }
        Action::Nothing
    }

    fn at(&self) -> usize {
        View::ALL.iter().position(|view| *view == self.view).unwrap_or_default()
    }

    fn show(&mut self, at: usize) {
        self.view = View::ALL[at % View::ALL.len()];
        (self.selected, self.selected_at) = (None, 0);
    }

    fn sort_by(&mut self, steps: usize) {
        let at = self.at();
        self.sorts[at] = ((self.sorts[at].0 + steps) % self.view.columns().len(), false);
    }

    /// By which column the view is sorted, and whether the greatest stand first.
    pub(super) fn sort(&self, view: View) -> (usize, bool) {
        let at = View::ALL.iter().position(|other| *other == view).unwrap_or_default();
        let (column, turned) = self.sorts[at];
        (column, view.columns()[column].descending ^ turned)
    }

    fn go(&mut self, by: isize) {
        let rows = self.rows_of(self.view);
        let last = rows.len().saturating_sub(1);
        let from = self.selected_row(&rows).unwrap_or(0);
        // The first key selects the first row.
        let first = self.selected.is_none() && self.view == View::Connections && by > 0;
        let to = if first { from } else { from.saturating_add_signed(by).min(last) };
        self.selected_at = to;
        self.selected = rows.get(to).and_then(|row| row.conn);
    }

    /// Which row is selected: that of the connection, or the one that now stands where it stood.
    pub(super) fn selected_row(&self, rows: &[Row]) -> Option<usize> {
        let last = rows.len().checked_sub(1)?;
        match self.selected {
            Some(id) => rows.iter().position(|row| row.conn == Some(id)),
            None if self.view == View::Connections => None,
            None => Some(self.selected_at.min(last)),
        }
    }

    fn ask(&mut self) {
        let rows = self.rows_of(self.view);
        match self.selected_row(&rows).and_then(|at| rows[at].conn) {
            Some(id) => self.asked = Some(id),
            None => self.message = Some("select a connection first: arrows, in the view of connections".to_owned()),
        }
    }

    /// The peer of a connection that is still there.
    pub(super) fn peer_of(&self, id: u64) -> Option<String> {
        self.snapshot.conns.iter().find(|conn| conn.id == id).map(|conn| human::words(&conn.peer))
    }

    /// The rows of a view, sorted.
    pub(super) fn rows_of(&self, view: View) -> Vec<Row> {
        let (column, descending) = self.sort(view);
        let mut rows = view.rows(&self.snapshot);
        rows.sort_by(|one, other| {
            let order = one.keys[column].compare(&other.keys[column]);
            if descending { order.reverse() } else { order }
        });
        rows
    }

    /// Who answers.
    pub(super) fn title(&self) -> String {
        let server = &self.snapshot.server;
        format!(
            "proconsul top: node {}, datacenter {}, {}, up {}",
            human::words(&server.node),
            human::words(&server.datacenter),
            human::words(&server.rpc_address),
            human::duration(server.up_ms)
        )
    }

    /// How much there is of everything.
    pub(super) fn totals(&self) -> String {
        let of = &self.snapshot;
        let are = |state: ConnState| of.conns.iter().filter(|conn| conn.state == state).count();
        // From a positive zero: the sum of nothing is a negative one.
        let rate = of.methods.iter().fold(0.0, |sum, method| sum + method.rate);
        let errors: u64 = of.methods.iter().map(|method| method.errors).sum();
        let shown = of.conns.len() as u64;
        let newest = if of.conns_total > shown { format!(", the newest {shown} shown") } else { String::new() };
        format!(
            "connections {}{newest}: {} running, {} parked, {} idle, {} detecting; {rate:.1} calls/s, {errors} errors",
            of.conns_total,
            are(ConnState::Running),
            are(ConnState::Parked),
            are(ConnState::Idle),
            are(ConnState::Detecting),
        )
    }
}
