//! The known key that a misspelt one is nearest to.
pub(crate) use proconsul_types::nearest::distance;
use proconsul_types::nearest::meant_up_to;

use super::keys;

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

#[cfg(test)]
mod tests {
    use super::*;

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
