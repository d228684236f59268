//! The kinds of entries, and an entry of any of them. All that depends on the kind follows from one table.

use std::sync::Arc;

use proconsul_msgpack::{Arm, GoStr, OneOf, Shape, Shaped, Value};
use serde::{Serialize, Serializer, de::DeserializeOwned};

use super::{
    ApiGateway, BoundApiGateway, ExportedServices, FileSystemCertificate, HttpRoute, IngressGateway, InlineCertificate,
    JwtProvider, Mesh, ProxyDefaults, SamenessGroup, ServiceDefaults, ServiceIntentions, ServiceResolver,
    ServiceRouter, ServiceSplitter, TcpRoute, TerminatingGateway,
};
use crate::{Map, Nested, Shared, raft::RaftIndex, rpc::NO_TEXT, text_set::text_set};

/// Name of the one `mesh` entry, which does not carry it.
static MESH_NAME: GoStr = GoStr::from_static("mesh");

/// An entry of a kind that this program does not know, as it came.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UnknownEntry {
    /// The kind. Empty only in an entry that nobody has filled in, which has no encoding.
    pub kind: GoStr,
    /// The entry.
    pub content: Value,
}

impl UnknownEntry {
    /// When it was created and last changed, if the content says so.
    fn raft_index(&self) -> Option<RaftIndex> {
        let number = |key| match self.content.get(key)? {
            Value::Uint(number) => Some(*number),
            Value::Int(number) => u64::try_from(*number).ok(),
            _ => None,
        };
        Some(RaftIndex { create_index: number("CreateIndex")?, modify_index: number("ModifyIndex")? })
    }

    /// Says when it was created and last changed, where the content is an entry at all.
    fn set_raft_index(&mut self, index: RaftIndex) {
        let Value::Map(fields) = &mut self.content else { return };
        for (key, value) in [("CreateIndex", index.create_index), ("ModifyIndex", index.modify_index)] {
            fields.retain(|(name, _)| name != key);
            fields.push((GoStr::from(key), Value::Uint(value)));
        }
    }

    /// A string of the content.
    fn text(&self, key: &str) -> Option<&GoStr> {
        match self.content.get(key) {
            Some(Value::Str(text)) => Some(text),
            _ => None,
        }
    }
}

/// Reads what holds entries of one kind, once that kind is known.
pub(super) trait ReadAs {
    /// What is read.
    type Output;

    /// Reads it with entries of type `E`, which `entry` takes for what they are.
    fn read_as<E>(self, entry: impl Fn(E) -> ConfigEntry) -> Self::Output
    where
        E: Serialize + DeserializeOwned + Default;
}

macro_rules! config_entries {
    ($(
        $(#[doc = $doc:literal])*
        $kind:ident($content:ty) = $word:literal, $has:ident;
    )+) => {
        text_set! {
            /// What an entry is about.
            pub enum ConfigEntryKind {
                $($(#[doc = $doc])* $kind = $word,)+
            }
        }

        /// An entry of any kind. Cloned by counting.
        #[derive(Clone, Debug, PartialEq)]
        pub enum ConfigEntry {
            $($(#[doc = $doc])* $kind(Shared<$content>),)+
            /// Of a kind that this program does not know, as it came.
            Unknown(UnknownEntry),
        }

        $(impl From<$kind> for ConfigEntry {
            /// The entry, and if it does not say its kind, now it does.
            fn from(entry: $kind) -> Self {
                Self::$kind(Shared::from(<$content>::from(with_kind!($has entry $kind))))
            }
        })+

        impl ConfigEntry {
            /// What it is about.
            pub fn kind(&self) -> ConfigEntryKind {
                match self {
                    $(Self::$kind(_) => ConfigEntryKind::$kind,)+
                    Self::Unknown(entry) => entry.kind.clone().into(),
                }
            }

            /// Its name; empty where an unknown kind has none.
            pub fn name(&self) -> &GoStr {
                match self {
                    $(Self::$kind(_entry) => name_of!($has _entry),)+
                    Self::Unknown(entry) => entry.text("Name").unwrap_or(&NO_TEXT),
                }
            }

            /// Its metadata; `None` also for unknown kinds.
            pub fn meta(&self) -> Option<&Map<GoStr>> {
                match self {
                    $(Self::$kind(entry) => Some(&entry.meta),)+
                    Self::Unknown(_) => None,
                }
            }

            /// When it was created and last changed; `None` for unknown kinds that do not say so.
            pub fn raft_index(&self) -> Option<RaftIndex> {
                match self {
                    $(Self::$kind(entry) => Some(entry.raft_index.clone()),)+
                    Self::Unknown(entry) => entry.raft_index(),
                }
            }

            /// Says when it was created and last changed. An entry that is shared is copied for that.
            pub fn set_raft_index(&mut self, index: RaftIndex) {
                match self {
                    $(Self::$kind(entry) => Arc::make_mut(&mut entry.0).raft_index = index,)+
                    Self::Unknown(entry) => entry.set_raft_index(index),
                }
            }
        }

        impl Serialize for ConfigEntry {
            /// The entry alone; whoever is to read it must know the kind.
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                match self {
                    $(Self::$kind(entry) => entry.serialize(to),)+
                    Self::Unknown(entry) => entry.content.serialize(to),
                }
            }
        }

        impl Shaped for ConfigEntry {
            fn shape() -> Shape {
                Shape::OneOf(&OneOf {
                    name: "ConfigEntry",
                    doc: " An entry of any kind.",
                    tag: "Kind",
                    arms: &[$(Arm { word: $word, doc: concat!($($doc),*), shape: <$content>::shape },)+],
                })
            }
        }

        /// Reads what holds entries of this kind.
        pub(super) fn read_as<R: ReadAs>(kind: ConfigEntryKind, what: R) -> R::Output {
            match kind {
                $(ConfigEntryKind::$kind => what.read_as(ConfigEntry::$kind),)+
                ConfigEntryKind::Unknown(kind) => {
                    what.read_as(move |content| ConfigEntry::Unknown(UnknownEntry { kind: kind.clone(), content }))
                }
            }
        }
    };
}

/// The entry with its kind, where it has a field for it.
macro_rules! with_kind {
    (kind_and_name $entry:ident $kind:ident) => {
        if $entry.kind == ConfigEntryKind::default() {
            $kind { kind: ConfigEntryKind::$kind, ..$entry }
        } else {
            $entry
        }
    };
    ($has:ident $entry:ident $kind:ident) => {
        $entry
    };
}

/// The entry's name, where it has a field for it.
macro_rules! name_of {
    (neither $entry:ident) => {
        &MESH_NAME
    };
    ($has:ident $entry:ident) => {
        &$entry.name
    };
}

config_entries! {
    /// Settings of all proxies, under the name `global`.
    ProxyDefaults(Nested<ProxyDefaults>) = "proxy-defaults", kind_and_name;
    /// Settings of all instances of a service, under its name.
    ServiceDefaults(ServiceDefaults) = "service-defaults", kind_and_name;
    /// Which HTTP requests to a service go where, under its name.
    ServiceRouter(ServiceRouter) = "service-router", kind_and_name;
    /// Which share of a service's requests goes where, under its name.
    ServiceSplitter(ServiceSplitter) = "service-splitter", kind_and_name;
    /// Which instances a service's name stands for, under that name.
    ServiceResolver(ServiceResolver) = "service-resolver", kind_and_name;
    /// What a gateway from outside into the mesh offers, under the gateway's name: the older form.
    IngressGateway(IngressGateway) = "ingress-gateway", kind_and_name;
    /// What a gateway to services outside the mesh leads to, under the gateway's name.
    TerminatingGateway(TerminatingGateway) = "terminating-gateway", kind_and_name;
    /// Who may call a service, under its name.
    ServiceIntentions(ServiceIntentions) = "service-intentions", kind_and_name;
    /// Settings of the whole mesh.
    Mesh(Mesh) = "mesh", neither;
    /// What other clusters may see.
    ExportedServices(ExportedServices) = "exported-services", name;
    /// Clusters that stand for each other.
    SamenessGroup(SamenessGroup) = "sameness-group", name;
    /// Where a gateway from outside into the mesh listens, under the gateway's name.
    ApiGateway(ApiGateway) = "api-gateway", kind_and_name;
    /// What has been tied to an API gateway, under the gateway's name. Kept by servers.
    BoundApiGateway(BoundApiGateway) = "bound-api-gateway", kind_and_name;
    /// A certificate for API gateways, with its key.
    InlineCertificate(InlineCertificate) = "inline-certificate", kind_and_name;
    /// A certificate for API gateways, by where it is on them.
    FileSystemCertificate(FileSystemCertificate) = "file-system-certificate", kind_and_name;
    /// Where API gateways send HTTP requests.
    HttpRoute(HttpRoute) = "http-route", kind_and_name;
    /// Where API gateways send connections.
    TcpRoute(TcpRoute) = "tcp-route", kind_and_name;
    /// Who issues web tokens, and how they are checked.
    JwtProvider(JwtProvider) = "jwt-provider", kind_and_name;
}

impl Default for ConfigEntry {
    /// No entry at all: it has no kind, and a request with it has no encoding.
    fn default() -> Self {
        Self::Unknown(UnknownEntry::default())
    }
}
