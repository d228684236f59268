use super::*;
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Another persistent map, whose clones must have seen what our clones have seen.
type Oracle = imbl::OrdMap<Vec<u8>, u32>;

/// What can be done to a tree.
#[derive(Clone, Debug)]
enum Step {
    Insert(Vec<u8>, u32),
    Upsert(Vec<u8>, u32),
    Remove(Vec<u8>),
    RemovePrefix(Vec<u8>),
    Keep,
}

/// Few letters and short keys, so that keys often share prefixes, and sometimes a label too long to be inline.
fn any_key() -> impl Strategy<Value = Vec<u8>> {
    let long = (0usize..3, vec(0u8..3, 0..3)).prop_map(|(n, tail)| [vec![7u8; n * 20], tail].concat());
    prop_oneof![4 => vec(0u8..4, 0..7), 1 => long, 1 => vec(any::<u8>(), 0..3)]
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (any_key(), any::<u32>()).prop_map(|(key, value)| Step::Insert(key, value)),
        2 => (any_key(), any::<u32>()).prop_map(|(key, value)| Step::Upsert(key, value)),
        4 => any_key().prop_map(Step::Remove),
        1 => any_key().prop_map(Step::RemovePrefix),
        2 => Just(Step::Keep),
    ]
}

fn listed(tree: &Radix<u32>, prefix: &[u8]) -> Vec<(Vec<u8>, u32)> {
    let (mut all, mut cursor) = (Vec::new(), tree.below(prefix));
    while let Some((key, value)) = cursor.advance() {
        all.push((key.to_vec(), *value));
    }
    all
}

fn model_below(model: &BTreeMap<Vec<u8>, u32>, prefix: &[u8]) -> Vec<(Vec<u8>, u32)> {
    model.iter().filter(|(key, _)| key.starts_with(prefix)).map(|(key, value)| (key.clone(), *value)).collect()
}

/// Below the root, a node without a value has at least two children, and every child is filed under its first byte.
fn assert_shape(tree: &Radix<u32>) {
    let mut ahead: Vec<&Node<u32>> = vec![&tree.root];
    assert!(tree.root.label.bytes().is_empty());
    while let Some(node) = ahead.pop() {
        for (first, child) in &node.children {
            assert_eq!(child.label.bytes().first(), Some(first));
            assert!(child.value.is_some() || child.children.len() >= 2, "a node that could be joined with its child");
            ahead.push(child);
        }
        assert!(node.children.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}

proptest! {
    #[test]
    fn any_history_reads_like_an_ordered_map(steps in vec(any_step(), 0..60), probes in vec(any_key(), 1..8)) {
        let (mut tree, mut model) = (Radix::new(), BTreeMap::new());
        let mut oracle = Oracle::new();
        let mut kept = Vec::<(Radix<u32>, Oracle)>::new();
        for step in steps {
            match step {
                Step::Insert(key, value) => {
                    oracle.insert(key.clone(), value);
                    prop_assert_eq!(tree.insert(&key, value), model.insert(key, value));
                }
                Step::Upsert(key, value) => {
                    tree.upsert(&key, || 0, |slot| *slot ^= value);
                    *model.entry(key.clone()).or_insert(0) ^= value;
                    oracle.insert(key.clone(), model[&key]);
                }
                Step::Remove(key) => {
                    oracle.remove(&key);
                    prop_assert_eq!(tree.remove(&key), model.remove(&key));
                }
                Step::RemovePrefix(prefix) => {
                    let gone = model_below(&model, &prefix);
                    let removed = tree.remove_prefix(&prefix);
                    prop_assert_eq!(removed.len(), gone.len());
                    prop_assert_eq!(listed(&removed, &[]), gone.clone());
                    assert_shape(&removed);
                    for (key, _) in gone {
                        oracle.remove(&key);
                        model.remove(&key);
                    }
                }
                Step::Keep => kept.push((tree.clone(), oracle.clone())),
            }
            prop_assert_eq!(tree.len(), model.len());
            assert_shape(&tree);
        }
        prop_assert_eq!(listed(&tree, &[]), model_below(&model, &[]));
        for probe in &probes {
            prop_assert_eq!(tree.get(probe), model.get(probe));
            prop_assert_eq!(listed(&tree, probe), model_below(&model, probe));
            let values: Vec<u32> = tree.values_below(probe).copied().collect();
            prop_assert_eq!(values, model_below(&model, probe).into_iter().map(|(_, value)| value).collect::<Vec<_>>());
            let behind: Vec<u32> = tree.values_behind(probe).copied().collect();
            let expected: Vec<u32> = model.iter().filter(|(key, _)| *key > probe).map(|(_, value)| *value).collect();
            prop_assert_eq!(behind, expected);
            let mut above = Vec::new();
            tree.on_the_way_to(probe, |value| above.push(*value));
            let expected: Vec<u32> =
                model.iter().filter(|(key, _)| probe.starts_with(key)).map(|(_, value)| *value).collect();
            prop_assert_eq!(above, expected);
        }
        prop_assert_eq!(tree.first().map(|(key, value)| (key, *value)), model.first_key_value().map(|(k, v)| (k.clone(), *v)));
        prop_assert_eq!(tree.last().map(|(key, value)| (key, *value)), model.last_key_value().map(|(k, v)| (k.clone(), *v)));
        // Clones taken along the way saw none of what came later.
        for (then, oracle) in kept {
            let expected: Vec<(Vec<u8>, u32)> = oracle.iter().map(|(key, value)| (key.clone(), *value)).collect();
            prop_assert_eq!(listed(&then, &[]), expected);
        }
    }

    #[test]
    fn skipping_leaves_out_exactly_the_folder(keys in vec(any_key(), 0..30), prefix in any_key(), after in 0usize..6) {
        let model: BTreeMap<Vec<u8>, u32> = keys.into_iter().map(|key| (key, 1)).collect();
        let mut tree = Radix::new();
        for (key, value) in &model {
            tree.insert(key, *value);
        }
        let (mut seen, mut cursor) = (Vec::new(), tree.below(&[]));
        for _ in 0..after {
            match cursor.advance() {
                Some((key, _)) => seen.push(key.to_vec()),
                None => break,
            }
        }
        let folder = seen.last().filter(|key| key.starts_with(&prefix)).map(|_| prefix.clone());
        if let Some(folder) = &folder {
            cursor.skip(folder);
        }
        let taken = seen.len();
        while let Some((key, _)) = cursor.advance() {
            seen.push(key.to_vec());
        }
        let expected: Vec<Vec<u8>> = model.keys().enumerate()
            .filter(|(at, key)| *at < taken || !folder.as_ref().is_some_and(|folder| key.starts_with(folder)))
            .map(|(_, key)| key.clone()).collect();
        prop_assert_eq!(seen, expected);
    }
}

#[test]
fn a_chain_of_nested_keys_needs_no_stack() {
    let worker = std::thread::Builder::new().stack_size(64 * 1024).spawn(|| {
        let mut tree = Radix::new();
        let key = vec![b'a'; 5_000];
        for length in 0..=key.len() {
            tree.insert(&key[..length], length);
        }
        let copy = tree.clone();
        assert_eq!(tree.values().count(), key.len() + 1);
        assert_eq!(tree.remove(&key), Some(key.len()));
        assert_eq!(tree.remove_prefix(&key[..10]).len(), key.len() - 10);
        assert_eq!((tree.len(), copy.len()), (10, key.len() + 1));
    });
    worker.expect("a thread with a small stack starts").join().expect("no overflow and no failed assertion");
}

#[test]
fn a_sole_owner_changes_nodes_in_place() {
    let mut tree = Radix::new();
    tree.insert(b"abc", 1);
    tree.insert(b"abd", 2);
    let root = Arc::as_ptr(&tree.root);
    tree.insert(b"abe", 3);
    assert_eq!(Arc::as_ptr(&tree.root), root);
    let shared = tree.clone();
    tree.insert(b"abf", 4);
    assert_ne!(Arc::as_ptr(&tree.root), root);
    assert_eq!((shared.len(), tree.len()), (3, 4));
}
