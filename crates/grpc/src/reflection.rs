//! Reflection: which services there are, and their descriptors. Go's library brings it; Consul has it on the external surface, we
//! have it on both.
use tonic_reflection::{
    pb::{v1, v1alpha},
    server::{Builder, Error},
};

use crate::Surface;

/// The two versions of reflection itself: a client that lists services sees them, as with Go's library.
const OWN_NAMES: [&str; 2] = ["grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"];

/// The surface with reflection of what it has so far. The last to be registered.
///
/// # Errors
/// The committed descriptors cannot be read.
pub(crate) fn with(surface: Surface) -> Result<Surface, Error> {
    let mut names = surface.services();
    names.extend(OWN_NAMES);
    names.sort_unstable();
    let builder = || {
        let sets = [
            proconsul_proto::FDS,
            tonic_health::pb::FILE_DESCRIPTOR_SET,
            v1::FILE_DESCRIPTOR_SET,
            v1alpha::FILE_DESCRIPTOR_SET,
        ];
        let builder = Builder::configure().include_reflection_service(false);
        let builder = sets.into_iter().fold(builder, Builder::register_encoded_file_descriptor_set);
        names.iter().fold(builder, |builder, name| builder.with_service_name(*name))
    };
    Ok(surface.with(builder().build_v1()?).with(builder().build_v1alpha()?))
}
