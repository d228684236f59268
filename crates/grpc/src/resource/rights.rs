//! Who asks, and what it may do to which type.
use proconsul_msgpack::GoStr;
use proconsul_netrpc::Fault;
use proconsul_proto_public::{
    pbmulticluster::v2::ExportedServices,
    pbresource::{Id, Resource},
};
use proconsul_services::{Access, Context, Rights};
use proconsul_structs::Token;
use tonic::{Code, Status, metadata::MetadataMap};

use super::{
    registry::Registration,
    said::{internal, status},
    unpack::parse,
};
use crate::options;

/// What is shown by whoever shows no token. It is an accessor's id and no secret: with access rules on, nobody has it, and the
/// caller is told so. Consul's way, which other services do not have.
const ANONYMOUS: &str = "00000000-0000-0000-0000-000000000002";

/// The token of a call.
pub(super) fn token_of(metadata: &MetadataMap) -> Token {
    Token::new(metadata.get(options::TOKEN_KEY).map_or(ANONYMOUS.as_bytes(), |value| value.as_bytes()))
}

/// What the holder of a token may do.
pub(super) fn rights_of(context: &Context, token: &Token) -> Result<Rights, Status> {
    context.authorizers.of(Some(token)).map_err(|fault| internal("failed getting authorizer", options::text(&fault)))
}

/// What of access rules a type's resources are under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// Operators' affairs.
    Operator,
    /// As if each was a key: `resource/<type>/<name>`.
    Key {
        /// A resource is read before anybody is asked whether it may be.
        reads_first: bool,
    },
    /// Settings of the whole mesh.
    Mesh,
    /// The services that it names.
    Services,
}

/// Why a caller may not.
#[derive(Debug)]
pub(super) enum Denial {
    /// The resource itself says whether it may be read.
    NeedsResource,
    /// The caller lacks a right.
    Forbidden(Fault),
    /// It cannot be found out.
    Unclear(String),
}

impl Denial {
    /// What the caller is told. `doing` is what went wrong if it cannot be found out.
    pub(super) fn into_status(self, doing: &str) -> Status {
        match self {
            Self::NeedsResource => internal(doing, "authorization check requires the entire resource"),
            Self::Forbidden(fault) => status(Code::PermissionDenied, options::text(&fault)),
            Self::Unclear(cause) => internal(doing, cause),
        }
    }
}

fn key(kind: &Registration, name: &str) -> GoStr {
    GoStr::from(format!("resource/{}/{name}", kind.full_name()))
}

fn demand(rights: &Rights, access: Access<'_>) -> Result<(), Denial> {
    rights.demand(access).map_err(Denial::Forbidden)
}

/// That the services which a resource names may all be seen, or written.
fn demand_services(rights: &Rights, resource: &Resource, access: impl Fn(&GoStr) -> Access<'_>) -> Result<(), Denial> {
    let exported: ExportedServices =
        parse(resource.data.as_ref(), super::multicluster::EXPORTED_SERVICES).map_err(Denial::Unclear)?;
    exported.services.into_iter().map(GoStr::from).try_for_each(|service| demand(rights, access(&service)))
}

impl Registration {
    /// Whether a resource may be read, by its id and, where that is not enough, what it is.
    pub(super) fn may_read(&self, rights: &Rights, id: &Id, resource: Option<&Resource>) -> Result<(), Denial> {
        match self.rule {
            Rule::Operator => demand(rights, Access::OperatorRead),
            Rule::Mesh => demand(rights, Access::MeshRead),
            Rule::Key { reads_first: true } if resource.is_none() => Err(Denial::NeedsResource),
            Rule::Key { .. } => demand(rights, Access::KeyRead(&key(self, &id.name))),
            Rule::Services => {
                demand_services(rights, resource.ok_or(Denial::NeedsResource)?, |name| Access::ServiceRead(name))
            }
        }
    }

    /// Whether a resource may be written or removed.
    pub(super) fn may_write(&self, rights: &Rights, resource: &Resource) -> Result<(), Denial> {
        match self.rule {
            Rule::Operator => demand(rights, Access::OperatorWrite),
            Rule::Mesh => demand(rights, Access::MeshWrite),
            Rule::Key { .. } => {
                let name = resource.id.as_ref().map_or("", |id| &id.name);
                demand(rights, Access::KeyWrite(&key(self, name)))
            }
            Rule::Services => demand_services(rights, resource, |name| Access::ServiceWrite(name)),
        }
    }

    /// Whether resources of the type may be listed. Those that may not be read are left out of the list all the same.
    pub(super) fn may_list(&self, rights: &Rights) -> Result<(), Status> {
        let allowed = match self.rule {
            Rule::Operator => demand(rights, Access::OperatorRead),
            Rule::Key { .. } => demand(rights, Access::KeyList(&GoStr::from(format!("resource/{}", self.full_name())))),
            Rule::Mesh | Rule::Services => Ok(()),
        };
        allowed.map_err(|denial| denial.into_status("failed list acl"))
    }

    /// Whether a resource belongs in what its caller sees of a list.
    pub(super) fn is_seen(&self, rights: &Rights, resource: &Resource) -> Result<bool, Status> {
        let none = Id::default();
        match self.may_read(rights, resource.id.as_ref().unwrap_or(&none), Some(resource)) {
            Ok(()) => Ok(true),
            Err(Denial::Forbidden(_)) => Ok(false),
            Err(denial) => Err(denial.into_status("failed read acl")),
        }
    }
}
