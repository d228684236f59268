//! The code map in `ARCHITECTURE.md` has a row for every crate, with its layer, and no others.
use anyhow::{Context, Result};

use super::{
    Checkout, Complaints, files,
    layers::{LAYERS, written},
};

/// The heading under which the map stands.
const HEADING: &str = "## Code map";

pub(super) fn check(_: &Checkout) -> Result<Complaints> {
    let text = files::text("ARCHITECTURE.md")?.context("ARCHITECTURE.md is not text")?;
    Ok(compare(&rows(&text)))
}

/// A row of the map: layer, crate.
type Row = (String, String);

/// The rows of the table under the heading: a layer, then a crate's name in backticks.
fn rows(text: &str) -> Vec<Row> {
    text.lines()
        .skip_while(|line| line.trim_end() != HEADING)
        .skip(1)
        .take_while(|line| !line.starts_with("## "))
        .filter_map(|line| {
            let mut cells = line.strip_prefix('|')?.split('|').map(str::trim);
            let layer = cells.next()?;
            let name = cells.next()?.strip_prefix('`')?.split('`').next()?;
            Some((layer.to_owned(), name.to_owned()))
        })
        .collect()
}

fn compare(rows: &[Row]) -> Complaints {
    let expected: Vec<Row> = LAYERS.iter().map(|(name, layer)| (written(*layer), (*name).to_owned())).collect();
    let missing = expected.iter().filter(|row| !rows.contains(row));
    let surplus = rows.iter().filter(|row| !expected.contains(row));
    missing
        .map(|(layer, name)| format!("ARCHITECTURE.md has no row `| {layer} | `{name}` | … |` under {HEADING:?}"))
        .chain(surplus.map(|(layer, name)| {
            format!("ARCHITECTURE.md has {name} in layer {layer}, and there is no such crate there")
        }))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_map_is_the_table_under_its_heading() {
        let text = "| 1 | `not-this` |\n## Code map\nWords.\n| layer | crate |\n|---|---|\n| 7 | `a` (the binary) | why |\n| – | `b` |\n## Next\n| 2 | `c` |\n";
        assert_eq!(rows(text), [("7".to_owned(), "a".to_owned()), ("–".to_owned(), "b".to_owned())]);
    }

    #[test]
    fn a_crate_too_few_and_one_too_many_are_told() {
        let mut rows: Vec<Row> = LAYERS.iter().map(|(name, layer)| (written(*layer), (*name).to_owned())).collect();
        assert_eq!(compare(&rows), Vec::<String>::new());
        rows.remove(0);
        assert_eq!(compare(&rows).len(), 1);
        rows.push(("3".to_owned(), "proconsul-gone".to_owned()));
        assert_eq!(compare(&rows).len(), 2);
    }
}
