//! `pbconfigentry`: entries of the kinds that events carry.

mod api_gateway; // gateways from outside, their routes and certificates
mod defaults; // settings of a service, exports
mod gateway; // the older gateways from outside
mod intentions; // who may call a service
mod jwt; // who issues web tokens
mod mesh; // settings of the whole mesh
mod resolver; // which instances a name stands for

use proconsul_proto::pbconfigentry::{self, Kind, config_entry::Entry};
use proconsul_structs::config_entry::{
    ApiGateway, BoundApiGateway, ConfigEntry, ConfigEntryKind, ExportedServices, FileSystemCertificate, HttpRoute,
    IngressGateway, InlineCertificate, JwtProvider, Mesh, SamenessGroup, ServiceDefaults, ServiceIntentions,
    ServiceResolver, TcpRoute,
};

use crate::{ConvertError, Mirror, Reason, define::words, mirror::Optional};

words!(ConfigEntryKind);

/// The kinds that have a message: `entry kind = number and message, how an entry gets its name`.
macro_rules! kinds {
    ($($kind:ident = $number:ident, $named:ident;)+) => {
        /// An entry of a kind without a message is refused: `proxy-defaults`, `service-router`, `service-splitter`,
        /// `terminating-gateway`, and kinds that we do not know.
        impl Mirror<pbconfigentry::ConfigEntry> for ConfigEntry {
            fn to_proto(&self) -> Result<pbconfigentry::ConfigEntry, ConvertError> {
                let (kind, entry) = match self {
                    $(Self::$kind(entry) => {
                        let entry = entry.to_proto().map_err(|error| error.within(stringify!($kind)))?;
                        (Kind::$number, Entry::$number(entry))
                    })+
                    _ => return Err(Reason::Kind.into()),
                };
                Ok(pbconfigentry::ConfigEntry {
                    kind: kind.into(),
                    name: self.name().to_proto().map_err(|error| error.within("name"))?,
                    enterprise_meta: Some(Default::default()),
                    raft_index: self.raft_index().unwrap_or_default().to_proto()?,
                    entry: Some(entry),
                })
            }

            fn from_proto(proto: pbconfigentry::ConfigEntry) -> Result<Self, ConvertError> {
                let pbconfigentry::ConfigEntry { kind: _, name, enterprise_meta: _, raft_index, entry } = proto;
                match entry.ok_or(Reason::Missing("Entry"))? {
                    $(Entry::$number(entry) => {
                        let mut entry = $kind::from_proto(entry).map_err(|error| error.within(stringify!($kind)))?;
                        entry.raft_index = Mirror::from_proto(raft_index)?;
                        named!($named entry name);
                        Ok(Self::from(entry))
                    })+
                }
            }
        }

        impl Optional for ConfigEntry {}
    };
}

/// The name is beside the entry, except of those that are one of a kind.
macro_rules! named {
    (named $entry:ident $name:ident) => {
        $entry.name = Mirror::from_proto($name)?
    };
    (alone $entry:ident $name:ident) => {
        drop($name)
    };
}

kinds! {
    Mesh = MeshConfig, alone;
    ServiceResolver = ServiceResolver, named;
    IngressGateway = IngressGateway, named;
    ServiceIntentions = ServiceIntentions, named;
    ServiceDefaults = ServiceDefaults, named;
    ApiGateway = ApiGateway, named;
    BoundApiGateway = BoundApiGateway, named;
    TcpRoute = TcpRoute, named;
    HttpRoute = HttpRoute, named;
    InlineCertificate = InlineCertificate, named;
    SamenessGroup = SamenessGroup, named;
    JwtProvider = JwtProvider, named;
    ExportedServices = ExportedServices, named;
    FileSystemCertificate = FileSystemCertificate, named;
}
