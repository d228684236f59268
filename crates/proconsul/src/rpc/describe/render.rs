//! The tree as text.
use super::node::Node;

/// Columns are not padded beyond this many characters.
const PADDED_CHARS_MAX: usize = 44;

/// Between two columns.
const GAP: &str = "  ";

/// The parts of a value, one per line, what is further down indented. With what they are when left out.
pub(super) fn tree(root: &Node, defaults: bool) -> String {
    let mut rows = Vec::new();
    parts(root, 1, defaults, &mut rows);
    if rows.is_empty() && !root.doc.is_empty() {
        return format!("  {}", root.doc);
    }
    aligned(rows)
}

/// What is in a value: words, structures that it may be, fields.
fn parts(node: &Node, depth: usize, defaults: bool, rows: &mut Vec<Vec<String>>) {
    let indent = "  ".repeat(depth);
    for (word, doc) in node.words.iter().filter(|_| !node.is_above) {
        rows.push(row(vec![format!("{indent}{word}"), String::new()], defaults.then(String::new), doc.clone()));
    }
    for arm in &node.arms {
        let tag = node.tag.unwrap_or_default();
        let name = format!("{indent}{tag}: {:?}", arm.name);
        rows.push(row(vec![name, kind(arm)], defaults.then(String::new), arm.doc.clone()));
        parts(arm, depth + 1, defaults, rows);
    }
    for field in &node.fields {
        let default = defaults.then(|| field.default.as_ref().map(ToString::to_string).unwrap_or_default());
        let mut doc = field.doc.clone();
        if let Some(flag) = field.flag.filter(|_| defaults) {
            doc.push_str(&format!(" ({flag})"));
        }
        rows.push(row(vec![format!("{indent}{}", field.name), kind(field)], default, doc));
        parts(field, depth + 1, defaults, rows);
    }
}

fn kind(node: &Node) -> String {
    if node.is_above { format!("{} (above)", node.kind) } else { node.kind.clone() }
}

fn row(mut cells: Vec<String>, default: Option<String>, doc: String) -> Vec<String> {
    cells.extend(default);
    cells.push(doc);
    cells
}

/// Rows with their columns one below another.
pub(super) fn aligned(rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let rows: Vec<Vec<String>> = rows.into_iter().collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let widths = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        widths.filter(|width| *width <= PADDED_CHARS_MAX).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join(GAP).trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}
