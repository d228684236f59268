//! Which types there are. Consul registers all of these on every server, those to try the service with among them.
use proconsul_proto_public::pbresource::{Resource, Type};
use tonic::Status;

use super::{
    demo, multicluster,
    rights::Rule::{self, Key, Mesh, Operator, Services},
    said::invalid,
};

/// Which parts of a tenancy a type's resources have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// Whichever: nothing is checked or filled in.
    Undefined,
    /// None.
    Cluster,
    /// A partition.
    Partition,
    /// A partition, and a namespace in it.
    Namespace,
}

/// A registered type.
#[derive(Debug)]
pub(super) struct Registration {
    group: &'static str,
    pub(super) group_version: &'static str,
    kind: &'static str,
    /// Full name of the message that its data is.
    pub(super) message: &'static str,
    pub(super) scope: Scope,
    pub(super) rule: Rule,
    /// Fills in what a writer may leave out.
    pub(super) mutate: fn(&mut Resource) -> Result<(), String>,
    /// Checks what is written.
    pub(super) validate: fn(&Resource) -> Result<(), String>,
}

/// The type of tombstones: of resources that are gone, for as long as what belongs to them may not be.
pub(super) const TOMBSTONE: Registration = registration("internal", "v1", "Tombstone", Scope::Undefined, Operator)
    .with_message("hashicorp.consul.resource.Tombstone");

/// Keys are asked for with the resource's name alone.
const BY_NAME: Rule = Key { reads_first: false };

static TYPES: [Registration; 13] = [
    TOMBSTONE,
    registration("demo", "v1", "Executive", Scope::Cluster, BY_NAME).with_message(demo::EXECUTIVE_V1),
    registration("demo", "v1", "RecordLabel", Scope::Partition, Key { reads_first: true })
        .with_message(demo::RECORD_LABEL_V1),
    registration("demo", "v1", "Artist", Scope::Namespace, BY_NAME)
        .with_message(demo::ARTIST_V1)
        .validated(demo::validate_artist_v1),
    registration("demo", "v1", "Album", Scope::Namespace, BY_NAME).with_message(demo::ALBUM_V1),
    registration("demo", "v1", "Concept", Scope::Namespace, BY_NAME).with_message(demo::CONCEPT_V1),
    registration("demo", "v2", "Artist", Scope::Namespace, BY_NAME)
        .with_message(demo::ARTIST_V2)
        .mutated(demo::mutate_artist_v2)
        .validated(demo::validate_artist_v2),
    registration("demo", "v2", "Album", Scope::Namespace, BY_NAME).with_message(demo::ALBUM_V2),
    registration("demo", "v2", "Festival", Scope::Namespace, BY_NAME).with_message(demo::FESTIVAL_V2),
    registration("multicluster", "v2", "ExportedServices", Scope::Namespace, Services)
        .with_message(multicluster::EXPORTED_SERVICES)
        .validated(multicluster::validate_exported_services),
    registration("multicluster", "v2", "NamespaceExportedServices", Scope::Namespace, Mesh)
        .with_message(multicluster::NAMESPACE_EXPORTED_SERVICES)
        .validated(multicluster::validate_namespace_exported_services),
    registration("multicluster", "v2", "PartitionExportedServices", Scope::Partition, Mesh)
        .with_message(multicluster::PARTITION_EXPORTED_SERVICES)
        .validated(multicluster::validate_partition_exported_services),
    registration("multicluster", "v2", "ComputedExportedServices", Scope::Partition, Mesh)
        .with_message(multicluster::COMPUTED_EXPORTED_SERVICES)
        .validated(multicluster::validate_computed_exported_services),
];

/// The registered type that this is.
///
/// # Errors
/// It is none.
pub(super) fn resolve(kind: &Type) -> Result<&'static Registration, Status> {
    let known = TYPES.iter().find(|known| known.is(kind));
    known.ok_or_else(|| invalid(format_args!("resource type {} not registered", full_name(kind))))
}

/// Group, version and kind, as texts have them.
pub(super) fn full_name(kind: &Type) -> String {
    format!("{}.{}.{}", kind.group, kind.group_version, kind.kind)
}

const fn registration(
    group: &'static str,
    group_version: &'static str,
    kind: &'static str,
    scope: Scope,
    rule: Rule,
) -> Registration {
    let (mutate, validate) = (mutate_nothing, everything_is_valid);
    Registration { group, group_version, kind, message: "", scope, rule, mutate, validate }
}

fn mutate_nothing(_: &mut Resource) -> Result<(), String> {
    Ok(())
}

fn everything_is_valid(_: &Resource) -> Result<(), String> {
    Ok(())
}

impl Registration {
    const fn with_message(self, message: &'static str) -> Self {
        Self { message, ..self }
    }

    const fn mutated(self, mutate: fn(&mut Resource) -> Result<(), String>) -> Self {
        Self { mutate, ..self }
    }

    const fn validated(self, validate: fn(&Resource) -> Result<(), String>) -> Self {
        Self { validate, ..self }
    }

    /// Whether a type is this one.
    pub(super) fn is(&self, kind: &Type) -> bool {
        (&*kind.group, &*kind.group_version, &*kind.kind) == (self.group, self.group_version, self.kind)
    }

    /// The type as a message.
    pub(super) fn r#type(&self) -> Type {
        Type { group: self.group.into(), group_version: self.group_version.into(), kind: self.kind.into() }
    }

    /// Group, version and kind, as texts have them.
    pub(super) fn full_name(&self) -> String {
        full_name(&self.r#type())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_type_is_registered_once_with_its_own_message() {
        let names: HashSet<String> = TYPES.iter().map(Registration::full_name).collect();
        let messages: HashSet<&str> = TYPES.iter().map(|known| known.message).collect();
        assert_eq!((names.len(), messages.len()), (TYPES.len(), TYPES.len()));
        for known in &TYPES {
            assert!(resolve(&known.r#type()).is_ok_and(|found| std::ptr::eq(found, known)));
            assert!(known.message.ends_with(&format!(".{}", known.kind)), "{}", known.message);
        }
    }
}
