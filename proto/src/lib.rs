#![doc = include_str!("../README.md")]

mod generated; // what codegen wrote, by package
mod hidden; // what a secret looks like in `Debug`
pub mod methods; // rows and types of the gRPC methods

use hidden::Hidden;

/// References to access rules.
pub mod pbacl {
    pub use crate::generated::hashicorp::consul::internal::acl::*;
}
/// A client agent's first configuration. Travels inside net/rpc.
pub mod pbautoconf {
    pub use crate::generated::hashicorp::consul::internal::autoconf::*;
}
/// What many messages carry: indexes, options of queries, places.
pub mod pbcommon {
    pub use crate::generated::hashicorp::consul::internal::common::*;
}
/// The part of an agent's configuration that a server may hand out.
pub mod pbconfig {
    pub use crate::generated::hashicorp::consul::internal::config::*;
}
/// Configuration entries as events carry them, and the services that they export.
pub mod pbconfigentry {
    pub use crate::generated::hashicorp::consul::internal::configentry::*;
}
/// Roots and certificates of the mesh's certificate authority.
pub mod pbconnect {
    pub use crate::generated::hashicorp::consul::internal::connect::*;
}
/// Resources that exist to try the resource interface with.
pub mod pbdemo {
    /// The first version.
    pub mod v1 {
        pub use crate::generated::hashicorp::consul::internal::demo::v1::*;
    }
    /// The second version.
    pub mod v2 {
        pub use crate::generated::hashicorp::consul::internal::demo::v2::*;
    }
}
/// What an operator does to the servers.
pub mod pboperator {
    pub use crate::generated::hashicorp::consul::internal::operator::*;
}
/// Peerings between clusters: tokens, secrets, trust bundles. Also what the log holds of them.
pub mod pbpeering {
    pub use crate::generated::hashicorp::consul::internal::peering::*;
}
/// The stream on which peered clusters tell each other what they export.
pub mod pbpeerstream {
    pub use crate::generated::hashicorp::consul::internal::peerstream::*;
}
/// Nodes, services and checks as events and peers carry them.
pub mod pbservice {
    pub use crate::generated::hashicorp::consul::internal::service::*;
}
/// An error as a message.
pub mod pbstatus {
    pub use crate::generated::hashicorp::consul::internal::status::*;
}
/// Storage of resources: what the log holds of them, and what followers ask of the leader.
pub mod pbstorage {
    pub use crate::generated::hashicorp::consul::internal::storage::raft::*;
}
/// Subscriptions to events.
pub mod pbsubscribe {
    pub use crate::generated::subscribe::*;
}

/// An encoded `google.protobuf.FileDescriptorSet` of every file of this crate, every public one and all that they import, with
/// comments.
pub const FDS: &[u8] = include_bytes!("generated/descriptor.bin");
