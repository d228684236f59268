//! Draws what is shown.
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::{Color, Modifier, Style},
    text::{Line, Span},
    widgets::{Cell, Paragraph, Row as Drawn, Table, TableState},
};

use super::{
    state::State,
    views::{Row, View},
};

/// What the keys do, where there is nothing else to tell.
const KEYS: &str = "q quit  Tab/1-5 view  s/S sort  r reverse  arrows select  k end connection  p pause  Space refresh";

/// No column but the last is wider.
const COLUMN_CHARS_MAX: usize = 32;

/// Draws all of it.
pub(super) fn draw(frame: &mut Frame<'_>, state: &State) {
    let parts = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Fill(1),
        Constraint::Length(1),
    ]);
    let [title, totals, tabs, body, foot] = parts.areas(frame.area());
    frame.render_widget(Paragraph::new(state.title()).style(Modifier::BOLD), title);
    frame.render_widget(Paragraph::new(state.totals()), totals);
    frame.render_widget(Paragraph::new(views(state)), tabs);
    rows(frame, body, state);
    frame.render_widget(Paragraph::new(last_line(state)), foot);
}

/// The names of the views, the present one marked.
fn views(state: &State) -> Line<'static> {
    let name = |(at, view): (usize, View)| {
        let text = format!(" {} {} ", at + 1, view.name());
        let style = if view == state.view { Style::new().add_modifier(Modifier::REVERSED) } else { Style::new() };
        Span::styled(text, style)
    };
    Line::from_iter(View::ALL.into_iter().enumerate().map(name))
}

fn rows(frame: &mut Frame<'_>, area: Rect, state: &State) {
    let rows = state.rows_of(state.view);
    let columns = state.view.columns();
    let (sorted_by, descending) = state.sort(state.view);
    let header = columns.iter().enumerate().map(|(at, column)| {
        let mark = if descending { "▼" } else { "▲" };
        let name = if at == sorted_by { format!("{}{mark}", column.name) } else { column.name.to_owned() };
        Cell::from(name).style(Modifier::BOLD)
    });
    let widths = (0..columns.len()).map(|at| match at + 1 == columns.len() {
        true => Constraint::Fill(1),
        false => Constraint::Length(width(at, columns[at].name, &rows)),
    });
    let table = Table::new(rows.iter().map(|row| Drawn::new(row.cells.clone())), widths)
        .header(Drawn::new(header))
        .column_spacing(2)
        .row_highlight_style(Style::new().add_modifier(Modifier::REVERSED));
    let mut selection = TableState::default().with_selected(state.selected_row(&rows));
    frame.render_stateful_widget(table, area, &mut selection);
}

/// As wide as its widest cell.
fn width(at: usize, name: &str, rows: &[Row]) -> u16 {
    let cells = rows.iter().filter_map(|row| row.cells.get(at)).map(|cell| cell.chars().count());
    let widest = cells.chain([name.chars().count() + 1]).max().unwrap_or_default();
    u16::try_from(widest.min(COLUMN_CHARS_MAX)).unwrap_or(u16::MAX)
}

/// A question, what went wrong, what was done, or what the keys do.
fn last_line(state: &State) -> Line<'static> {
    let alarm = Style::new().fg(Color::Red).add_modifier(Modifier::BOLD);
    if let Some(id) = state.asked {
        let peer = state.peer_of(id).map(|peer| format!(" of {peer}")).unwrap_or_default();
        return Line::styled(format!("End connection {id}{peer}? y/n"), alarm);
    }
    if let Some(message) = &state.message {
        return Line::from(message.clone());
    }
    if let Some(trouble) = &state.trouble {
        return Line::styled(trouble.clone(), alarm);
    }
    let paused = if state.paused { "PAUSED  " } else { "" };
    Line::styled(format!("{paused}{KEYS}"), Modifier::DIM)
}
