//! What may stand in a request.
use proconsul_proto_public::pbresource::{Id, Reference, Tenancy, Type};
use proconsul_state::WILDCARD;
use proconsul_types::GoQuoted;
use tonic::{Code, Status};

use super::{
    registry::{Registration, Scope, full_name},
    said::{invalid, required, status},
};

/// How long a name may be.
pub(super) const NAME_BYTES_MAX: usize = 63;

/// The only partition and the only namespace there are.
const DEFAULT: &str = "default";

/// That a name is one: a label of DNS in lower case.
fn name(name: &str) -> Result<(), String> {
    let inside = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'-';
    let at_end = |letter: Option<&u8>| letter.is_some_and(|letter| inside(*letter) && *letter != b'-');
    let bytes = name.as_bytes();
    let is_name = bytes.len() <= NAME_BYTES_MAX
        && at_end(bytes.first())
        && at_end(bytes.last())
        && bytes.iter().all(|letter| inside(*letter));
    if is_name {
        return Ok(());
    }
    Err(format!(
        "a resource name must consist of lower case alphanumeric characters or '-', must start and end with an alphanumeric \
         character and be less than {} characters, got: {}",
        NAME_BYTES_MAX + 1,
        GoQuoted(name)
    ))
}

fn name_in(field: &str, value: &str) -> Result<(), Status> {
    name(value).map_err(|cause| invalid(format_args!("{field} invalid: {cause}")))
}

/// That an id is one. A tenancy that is not there becomes an empty one: what is empty in it is filled in later.
pub(super) fn id<'a>(id: &'a mut Id, field: &str) -> Result<&'a Type, Status> {
    let Id { r#type: Some(kind), name, tenancy, .. } = id else {
        return Err(required(format_args!("{field}.type")));
    };
    name_in(&format!("{field}.name"), name)?;
    let tenancy = tenancy.get_or_insert_default();
    for (part, value) in [("partition", &tenancy.partition), ("namespace", &tenancy.namespace)] {
        if !value.is_empty() {
            name_in(&format!("{field}.tenancy.{part}"), value)?;
        }
    }
    Ok(kind)
}

/// That a reference is one.
pub(super) fn reference(reference: &Reference, field: &str) -> Result<(), Status> {
    if reference.r#type.is_none() {
        return Err(required(format_args!("{field}.type")));
    }
    name_in(&format!("{field}.name"), &reference.name)?;
    let tenancy = reference.tenancy.clone().unwrap_or_default();
    name_in(&format!("{field}.tenancy.partition"), &tenancy.partition)?;
    name_in(&format!("{field}.tenancy.namespace"), &tenancy.namespace)
}

/// That tenancy and names of a list are such.
pub(super) fn wildcard_tenancy(tenancy: &Tenancy, name_prefix: &str) -> Result<(), Status> {
    for (field, value) in [("tenancy.partition", &tenancy.partition), ("tenancy.namespace", &tenancy.namespace)] {
        if !value.is_empty() && value != WILDCARD {
            name_in(field, value)?;
        }
    }
    if name_prefix != name_prefix.to_lowercase() {
        return Err(invalid(format_args!("name_prefix invalid: must be lowercase alphanumeric, got: {name_prefix}")));
    }
    Ok(())
}

/// That nothing is in a namespace that is one partition's, nor in a partition that is the cluster's.
pub(super) fn scoped_tenancy(scope: Scope, kind: &Type, tenancy: &Tenancy, wildcards: bool) -> Result<(), Status> {
    let is_set = |part: &str| !(part.is_empty() || wildcards && part == WILDCARD);
    let kind = || full_name(kind);
    match scope {
        Scope::Partition if is_set(&tenancy.namespace) => Err(namespace_in_partition("resource", &kind(), tenancy)),
        Scope::Cluster if is_set(&tenancy.partition) => Err(invalid(format_args!(
            "cluster scoped resource {} cannot have a partition: {}",
            kind(),
            tenancy.partition
        ))),
        Scope::Cluster if is_set(&tenancy.namespace) => Err(invalid(format_args!(
            "cluster scoped resource {} cannot have a namespace: {}",
            kind(),
            tenancy.namespace
        ))),
        _ => Ok(()),
    }
}

/// What is said of a namespace where there are only partitions.
pub(super) fn namespace_in_partition(what: &str, kind: &str, tenancy: &Tenancy) -> Status {
    let namespace = &tenancy.namespace;
    invalid(format_args!("partition scoped {what} {kind} cannot have a namespace. got: {namespace}"))
}

/// Fills in what is empty in a tenancy and not empty in a type's scope.
pub(super) fn fill_in(scope: Scope, tenancy: &mut Tenancy) {
    if matches!(scope, Scope::Partition | Scope::Namespace) && tenancy.partition.is_empty() {
        tenancy.partition = DEFAULT.to_owned();
    }
    if scope == Scope::Namespace && tenancy.namespace.is_empty() {
        tenancy.namespace = DEFAULT.to_owned();
    }
}

/// That a tenancy is there.
pub(super) fn tenancy_exists(kind: &Registration, tenancy: &Tenancy, code: Code) -> Result<(), Status> {
    let (partition, namespace) = (&tenancy.partition, &tenancy.namespace);
    if matches!(kind.scope, Scope::Partition | Scope::Namespace) && partition != DEFAULT {
        return Err(status(code, format_args!("partition not found: {partition}")));
    }
    if kind.scope == Scope::Namespace && namespace != DEFAULT {
        return Err(status(code, format_args!("namespace not found: {namespace}")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_label_in_lower_case() {
        let longest = "a".repeat(NAME_BYTES_MAX);
        for good in ["a", "0", "a-b", "a--b", &longest] {
            assert_eq!(name(good), Ok(()), "{good}");
        }
        let too_long = "a".repeat(NAME_BYTES_MAX + 1);
        for bad in ["", "-a", "a-", "A", "a.b", "a_b", "*", "ä", "a\n", &too_long] {
            assert!(name(bad).is_err(), "{bad}");
        }
        let text = "a resource name must consist of lower case alphanumeric characters or '-', must start and end with an \
                    alphanumeric character and be less than 64 characters, got: \"A\\\"\"";
        assert_eq!(name("A\""), Err(text.to_owned()));
    }
}
