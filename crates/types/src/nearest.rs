//! The known name that a misspelt one is nearest to.

/// Names are compared up to this many characters.
pub const COMPARED_CHARS_MAX: usize = 64;

/// How many letters of `name` may be wrong before another word may have been meant.
pub fn meant_up_to(name: &str) -> usize {
    1 + name.chars().count() / 3
}

/// The known name that was probably meant, if one is near enough; of names that are equally near, the first.
///
/// ```
/// assert_eq!(proconsul_types::nearest::nearest("Vlaue", ["Key", "Value"]), Some("Value"));
/// assert_eq!(proconsul_types::nearest::nearest("zzzzzzzz", ["Key", "Value"]), None);
/// ```
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let by_distance = known.into_iter().map(|known| (distance(name, known), known));
    let (changes, known) = by_distance.min_by_key(|(changes, _)| *changes)?;
    (changes <= meant_up_to(name)).then_some(known)
}

/// How many letters have to be added, removed, changed or swapped with their neighbour. Case does not count.
pub fn distance(a: &str, b: &str) -> usize {
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
    fn a_name_that_is_too_far_off_suggests_nothing() {
        for (name, expected) in
            [("datacentre", Some("Datacenter")), ("NODE", Some("Node")), ("x", None), ("nodes", Some("Node"))]
        {
            assert_eq!(nearest(name, ["Datacenter", "Node"]), expected, "{name}");
        }
    }
}
