//! Messages that net/rpc and the raft log carry as raw values: `proconsul-structs` has their bytes, and this reads and writes them.

use bytes::Bytes;
use proconsul_proto::{pbautoconf, pbpeering, pbstorage};
use proconsul_structs::{
    auto_config::{AutoConfigRequest, AutoConfigResponse},
    peering::{
        Peering, PeeringDeleteRequest, PeeringSecrets, PeeringTerminateByIdRequest, PeeringTrustBundle,
        PeeringTrustBundleDeleteRequest, PeeringTrustBundleWriteRequest, PeeringWriteRequest, SecretsWriteRequest,
        StorageLog,
    },
    protobuf::ProtoMessage,
};
use prost::Message;

use crate::{ConvertError, Mirror, Reason};

/// Raw values and what is in them.
macro_rules! raw {
    ($($raw:ident => $message:ty,)+) => {$(
        impl Mirror<$message> for $raw {
            fn to_proto(&self) -> Result<$message, ConvertError> {
                <$message>::decode(self.message().as_ref()).map_err(|_| Reason::NotAMessage(Self::FULL_NAME).into())
            }

            fn from_proto(proto: $message) -> Result<Self, ConvertError> {
                Ok(Self::from(Bytes::from(proto.encode_to_vec())))
            }
        }
    )+};
}

raw! {
    AutoConfigResponse => pbautoconf::AutoConfigResponse,
    Peering => pbpeering::Peering,
    PeeringTrustBundle => pbpeering::PeeringTrustBundle,
    PeeringSecrets => pbpeering::PeeringSecrets,
    PeeringWriteRequest => pbpeering::PeeringWriteRequest,
    PeeringDeleteRequest => pbpeering::PeeringDeleteRequest,
    PeeringTerminateByIdRequest => pbpeering::PeeringTerminateByIdRequest,
    PeeringTrustBundleWriteRequest => pbpeering::PeeringTrustBundleWriteRequest,
    PeeringTrustBundleDeleteRequest => pbpeering::PeeringTrustBundleDeleteRequest,
    SecretsWriteRequest => pbpeering::SecretsWriteRequest,
    StorageLog => pbstorage::Log,
}

/// The request is looked into when it is read, so that not every message can be one.
impl Mirror<pbautoconf::AutoConfigRequest> for AutoConfigRequest {
    fn to_proto(&self) -> Result<pbautoconf::AutoConfigRequest, ConvertError> {
        let message = self.message().as_ref();
        Message::decode(message).map_err(|_| Reason::NotAMessage("AutoConfigRequest").into())
    }

    fn from_proto(proto: pbautoconf::AutoConfigRequest) -> Result<Self, ConvertError> {
        let message = Bytes::from(proto.encode_to_vec());
        Self::try_from(message).map_err(|_| Reason::NotAMessage("AutoConfigRequest").into())
    }
}
