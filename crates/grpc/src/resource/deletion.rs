//! What may change of a resource that is to go.
//!
//! A resource with finalizers does not go at once: it is marked with the time at which it was to go, and goes when somebody asks
//! again after the last finalizer is gone. Marks and finalizers are metadata.
use std::collections::{BTreeMap, BTreeSet};

use proconsul_proto_public::pbresource::Resource;
use tonic::Status;

use super::said::invalid;

/// When a resource was to go.
pub(super) const DELETION_TIMESTAMP: &str = "deletionTimestamp";
/// Who has yet to do something before it may, separated by white space.
pub(super) const FINALIZERS: &str = "finalizers";

/// Whether it is to go.
pub(super) fn is_marked(resource: &Resource) -> bool {
    resource.metadata.contains_key(DELETION_TIMESTAMP)
}

fn finalizers(resource: &Resource) -> BTreeSet<&str> {
    resource.metadata.get(FINALIZERS).into_iter().flat_map(|all| all.split_whitespace()).collect()
}

/// Whether anybody has something to do before it may go.
pub(super) fn has_finalizers(resource: &Resource) -> bool {
    !finalizers(resource).is_empty()
}

/// That finalizers were removed, and none added.
fn finalizer_removed(input: &Resource, existing: &Resource) -> Result<(), Status> {
    let (now, before) = (finalizers(input), finalizers(existing));
    if now.is_subset(&before) && now.len() < before.len() {
        return Ok(());
    }
    Err(invalid("expected at least one finalizer to be removed"))
}

fn metadata_same_but_for(key: &str, input: &Resource, existing: &Resource) -> Result<(), Status> {
    let rest = |metadata: &BTreeMap<String, String>| {
        let mut rest = metadata.clone();
        rest.remove(key);
        rest
    };
    if rest(&input.metadata) == rest(&existing.metadata) { Ok(()) } else { Err(invalid("cannot modify metadata")) }
}

fn data_same(input: &Resource, existing: &Resource) -> Result<(), Status> {
    if input.data == existing.data { Ok(()) } else { Err(invalid("cannot modify data")) }
}

/// That a write of a resource which is to go, or is marked by it, changes nothing else: a mark is set and stays, and after that
/// only finalizers go.
pub(super) fn vet(input: &Resource, existing: &Resource) -> Result<(), Status> {
    let (marks, was_marked) = (is_marked(input), is_marked(existing));
    if was_marked && !marks {
        return Err(invalid(format_args!("cannot remove {DELETION_TIMESTAMP}")));
    }
    let mark_of = |resource: &Resource| resource.metadata.get(DELETION_TIMESTAMP).cloned().unwrap_or_default();
    let before = mark_of(existing);
    if !before.is_empty() && before != mark_of(input) {
        return Err(invalid(format_args!("cannot modify {DELETION_TIMESTAMP}")));
    }
    if !marks {
        return Ok(());
    }
    if !was_marked {
        metadata_same_but_for(DELETION_TIMESTAMP, input, existing)?;
        return data_same(input, existing);
    }
    let same = metadata_same_but_for(DELETION_TIMESTAMP, input, existing).and_then(|()| data_same(input, existing));
    if same.is_ok() {
        return Err(invalid("cannot no-op write resource marked for deletion"));
    }
    if has_finalizers(existing) {
        metadata_same_but_for(FINALIZERS, input, existing)?;
        data_same(input, existing)?;
        finalizer_removed(input, existing)?;
    }
    Ok(())
}

/// Keeps marks and finalizers in a write by somebody who knows nothing of them. Whoever says which finalizers there are, be it none,
/// does.
pub(super) fn preserve(input: &mut Resource, existing: &Resource) {
    for key in [DELETION_TIMESTAMP, FINALIZERS] {
        if let (false, Some(value)) = (input.metadata.contains_key(key), existing.metadata.get(key)) {
            input.metadata.insert(key.to_owned(), value.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use prost_types::Any;

    use super::*;

    fn resource(metadata: &[(&str, &str)], data: u8) -> Resource {
        let metadata = metadata.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let data = Some(Any { type_url: "t".into(), value: vec![data] });
        Resource { metadata, data, ..Default::default() }
    }

    #[test]
    fn a_resource_that_is_to_go_changes_in_nothing_else() {
        const MARK: (&str, &str) = (DELETION_TIMESTAMP, "now");
        let cases: &[(&[_], u8, &[_], u8, &str)] = &[
            (&[], 1, &[("a", "b")], 2, ""),
            (&[("a", "b")], 1, &[("a", "b"), MARK], 1, ""),
            (&[("a", "b")], 1, &[("a", "c"), MARK], 1, "cannot modify metadata"),
            (&[], 1, &[MARK], 2, "cannot modify data"),
            (&[MARK], 1, &[], 1, "cannot remove deletionTimestamp"),
            (&[MARK], 1, &[(DELETION_TIMESTAMP, "then")], 1, "cannot modify deletionTimestamp"),
            (&[MARK], 1, &[MARK], 1, "cannot no-op write resource marked for deletion"),
            (&[MARK, (FINALIZERS, "a b")], 1, &[MARK, (FINALIZERS, "b")], 1, ""),
            (&[MARK, (FINALIZERS, "a b")], 1, &[MARK], 1, ""),
            (&[MARK, (FINALIZERS, "a b")], 1, &[MARK, (FINALIZERS, "b")], 2, "cannot modify data"),
            (
                &[MARK, (FINALIZERS, "a")],
                1,
                &[MARK, (FINALIZERS, "b")],
                1,
                "expected at least one finalizer to be removed",
            ),
            (&[MARK, (FINALIZERS, "a")], 1, &[MARK, ("a", "b")], 1, "cannot modify metadata"),
            (&[(FINALIZERS, "a")], 1, &[(FINALIZERS, "b c")], 2, ""),
        ];
        for (existing, before, input, now, expected) in cases {
            let said = vet(&resource(input, *now), &resource(existing, *before));
            assert_eq!(
                said.err().map_or("", |status| status.message().to_owned().leak()),
                *expected,
                "{existing:?} {input:?}"
            );
        }
    }

    #[test]
    fn who_knows_nothing_of_marks_and_finalizers_keeps_them() {
        let existing = resource(&[(DELETION_TIMESTAMP, "now"), (FINALIZERS, "a"), ("c", "d")], 1);
        let mut input = resource(&[], 2);
        preserve(&mut input, &existing);
        assert_eq!(input.metadata, resource(&[(DELETION_TIMESTAMP, "now"), (FINALIZERS, "a")], 1).metadata);
        let mut input = resource(&[(FINALIZERS, "")], 2);
        preserve(&mut input, &existing);
        assert!(!has_finalizers(&input));
    }
}
