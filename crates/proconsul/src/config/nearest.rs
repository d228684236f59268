//! The known key that a misspelt one is nearest to.
use super::keys;

/// Names are compared up to this many characters.
const COMPARED_CHARS_MAX: usize = 64;

/// How many letters may be wrong before another word may have been meant.
fn meant_up_to(name: &str) -> usize {
    1 + name.chars().count() / 3
}

/// What to say about `name`, which stands in `table` (a dotted path, empty at the top) and is no key.
pub(super) fn hint(table: &str, name: &str) -> String {
    let nearest = keys::all().into_iter().map(|(path, key)| {
        let (parent, leaf) = path.rsplit_once('.').unwrap_or(("", &path));
        let distance =
            std::iter::once(leaf).chain(key.aliases.iter().copied()).map(|known| distance(name, known)).min();
        // Of names that are equally near, one of the same table; then the one that is least deep.
        let elsewhere = parent != table;
        let depth = path.matches('.').count();
        (distance.unwrap_or(usize::MAX) + usize::from(elsewhere), elsewhere, depth, path)
    });
    let Some((distance, elsewhere, _, path)) = nearest.min() else { return "is not a key".to_owned() };
    let place = if table.is_empty() { "at the top level".to_owned() } else { format!("in {table}") };
    match distance - usize::from(elsewhere) {
        0 => format!("is not a key {place}; did you mean {path}?"),
        changes if changes <= meant_up_to(name) => format!("is not a key of Consul's; did you mean {path}?"),
        _ => format!("is not a key of Consul's; the nearest is {path}. All keys are in docs/configuration.md"),
    }
}

/// How many letters have to be added, removed, changed or swapped with their neighbour. Case does not count.
pub(crate) fn distance(a: &str, b: &str) -> usize {
    let letters = |text: &str| -> Vec<char> {
        text.chars().take(COMPARED_CHARS_MAX).map(|letter| letter.to_ascii_lowercase()).collect()
    };
    let (a, b) = (letters(a), letters(b));
    let mut before = vec![0; b.len() + 1];
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for i in 0..a.len() {
        let mut row = vec![i + 1; b.len() + 1];
        for j in 0..b.len() {
            let changed = above[j] + usize::from(a[i] != b[j]);
            row[j + 1] = changed.min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j] {
                row[j + 1] = row[j + 1].min(before[j - 1] + 1);
            }
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_count_letters() {
        for (a, b, expected) in [
            ("", "", 0),
            ("", "ab", 2),
            ("ab", "", 2),
            ("node", "NODE", 0),
            ("nmae", "name", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
    }

    #[test]
    fn a_misspelt_key_is_told_the_nearest_name() {
        for (table, name, hinted) in [
            ("", "node_nmae", "did you mean node_name?"),
            ("", "datacentre", "did you mean datacenter?"),
            ("", "retryjoin", "did you mean retry_join?"),
            ("ports", "serber", "did you mean ports.server?"),
            ("limits", "rpc_handshake_timeut", "did you mean limits.rpc_handshake_timeout?"),
            (
                "",
                "rpc_max_conns_per_client",
                "is not a key at the top level; did you mean limits.rpc_max_conns_per_client?",
            ),
            ("limits", "node_name", "is not a key in limits; did you mean node_name?"),
            ("", "zzzzzzzzzzzzzzzzzzzzzzzz", "the nearest is "),
        ] {
            let hint = hint(table, name);
            assert!(hint.contains(hinted), "{name}: {hint}");
        }
    }
}
