#![doc = include_str!("../README.md")]

mod generated; // what codegen wrote, by package
mod hidden; // what a secret looks like in `Debug`
pub mod methods; // rows and types of the gRPC methods

use hidden::Hidden;

/// Logging in with an identity from elsewhere, and out.
pub mod pbacl {
    pub use crate::generated::hashicorp::consul::acl::*;
}
/// The mesh's certificate authority: its roots, and signing.
pub mod pbconnectca {
    pub use crate::generated::hashicorp::consul::connectca::*;
}
/// What a data plane asks before it runs Envoy.
pub mod pbdataplane {
    pub use crate::generated::hashicorp::consul::dataplane::*;
}
/// DNS over gRPC.
pub mod pbdns {
    pub use crate::generated::hashicorp::consul::dns::*;
}
/// Which services other clusters and partitions may see.
pub mod pbmulticluster {
    /// The second version of these resources.
    pub mod v2 {
        pub use crate::generated::hashicorp::consul::multicluster::v2::*;
    }
}
/// Resources of the second-generation interface: typed, versioned, owned.
pub mod pbresource {
    pub use crate::generated::hashicorp::consul::resource::*;
}
/// Which servers there are.
pub mod pbserverdiscovery {
    pub use crate::generated::hashicorp::consul::serverdiscovery::*;
}
/// What the rate limiter takes a method for: an option on every method.
pub mod ratelimit {
    pub use crate::generated::hashicorp::consul::internal::ratelimit::*;
}

/// An encoded `google.protobuf.FileDescriptorSet` of every file of this crate and all that they import, with comments.
pub const FDS: &[u8] = include_bytes!("generated/descriptor.bin");
