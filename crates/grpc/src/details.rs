//! Messages inside others, and a status that says more than a code and a text.
use proconsul_proto::pbstatus;
use prost::Message;
use prost_types::Any;
use tonic::Status;

/// What comes before a message's name in the type URL of what is packed here.
pub(crate) const TYPE_URL_PREFIX: &str = "type.googleapis.com/";

/// A message, with its full name.
pub(crate) fn pack(message: &impl Message, name: &str) -> Any {
    Any { type_url: format!("{TYPE_URL_PREFIX}{name}"), value: message.encode_to_vec() }
}

/// The status with a message of this full name in it.
pub(crate) fn with_details(status: &Status, name: &str, details: &impl Message) -> Status {
    let whole = pbstatus::Status {
        code: status.code().into(),
        message: status.message().to_owned(),
        details: vec![pack(details, name)],
    };
    Status::with_details(status.code(), status.message(), whole.encode_to_vec().into())
}
