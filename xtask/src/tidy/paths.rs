//! No path of one person's machine in a file that everyone gets.
use anyhow::Result;

use super::{Checkout, Complaints, files};

/// How such paths begin, each without its last slash so that this file is no find of its own.
const ROOTS: &[&str] = &["/work", "/home", "/root", "/farm", "/tmp", "/Users"];

/// Recordings of another program, kept as they are.
const RECORDED: &[&str] = &["tests/golden/"];

/// What may follow a root all the same: a place that the documentation may name.
const EXAMPLES: &[&str] = &["/tmp/proconsul"];

pub(super) fn check(checkout: &Checkout) -> Result<Complaints> {
    let mut complaints = Complaints::new();
    for file in checkout.files.iter().filter(|file| !RECORDED.iter().any(|dir| file.starts_with(dir))) {
        let Some(text) = files::text(file)? else { continue };
        for (number, line) in text.lines().enumerate() {
            if let Some(path) = machine_path(line) {
                complaints.push(format!("{file}:{}: {path:?} is a path of one machine", number + 1));
            }
        }
    }
    Ok(complaints)
}

/// The first path in a line that begins at a [root](ROOTS) and goes on. Part of a longer path (`crates/work/x`) is none.
fn machine_path(line: &str) -> Option<&str> {
    for root in ROOTS {
        for (at, _) in line.match_indices(root) {
            let path = &line[at..];
            let before = line[..at].chars().next_back();
            let starts = !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '/' | '}' | ')'));
            let mut rest = path[root.len()..].chars();
            let goes_on = rest.next() == Some('/')
                && rest.next().is_some_and(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-'));
            if starts && goes_on && !EXAMPLES.iter().any(|example| path.starts_with(example)) {
                let end = path
                    .find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | ')' | ','))
                    .unwrap_or(path.len());
                return Some(&path[..end]);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_a_machine_are_told_from_others() {
        let home = ["", "home", "ann", "x"].join("/");
        assert_eq!(machine_path(&format!("see `{home}` for it")), Some(home.as_str()));
        let tmp = ["", "tmp", "tgt-x"].join("/");
        assert_eq!(machine_path(&format!("DIR={tmp}")), Some(tmp.as_str()));
        for fine in [
            "/tmp",
            "crates/home/src",
            "https://example.com/home/x",
            "/tmp/proconsul-data",
            "$HOME/tmp/x",
            "a/work/b",
            "${X}/work/b",
            "/homeopathy/x",
        ] {
            assert_eq!(machine_path(fine), None, "{fine}");
        }
    }
}
