//! What Go's gRPC library says in the place of a service, in its words: Go peers match on some of them.
//!
//! The library beneath us says the same in words of its own. It makes a status of them before a service is asked; here they are
//! known again by those words, which a test holds against the library.
use proconsul_types::GrpcRow;
use tonic::{Code, Status};

/// Go's protobuf library puts this space, or a plain one, after `proto:`, by the program. Consul's has this one.
pub(crate) const UNREADABLE: &str = "proto:\u{a0}cannot parse invalid wire-format data";

/// There is no such service.
pub(crate) fn unknown_service(service: &str) -> Status {
    Status::unimplemented(format!("unknown service {service}"))
}

/// The service has no such method.
pub(crate) fn unknown_method(service: &str, method: &str) -> Status {
    Status::unimplemented(format!("unknown method {method} for service {service}"))
}

/// A path that names none.
pub(crate) fn malformed_method(path: &str) -> Status {
    Status::unimplemented(format!("malformed method name: {}", proconsul_types::GoQuoted(path)))
}

/// Says in Go's words what the library beneath us says before it asks a service; anything else stays as it is.
pub(crate) fn in_gos_words(status: &Status, row: &GrpcRow) -> Option<Status> {
    let text = status.message();
    match status.code() {
        Code::OutOfRange => {
            let sizes = text.strip_prefix("Error, decoded message length too large: found ")?;
            let (found, limit) = sizes.strip_suffix(" bytes")?.split_once(" bytes, the limit is: ")?;
            let text = format!("grpc: received message larger than max ({found} vs. {limit})");
            Some(Status::resource_exhausted(text))
        }
        Code::Internal if text.starts_with("failed to decode Protobuf message") => {
            let doing = if row.client_streaming || row.server_streaming {
                "failed to unmarshal the received message"
            } else {
                "error unmarshalling request"
            };
            Some(Status::internal(format!("grpc: {doing}: {UNREADABLE}")))
        }
        Code::Internal if text == "Missing request message." => Some(Status::unknown("EOF")),
        Code::Unimplemented => {
            let encoding = text.strip_prefix("Content is compressed with `")?.split('`').next()?;
            let text = format!(
                "grpc: Decompressor is not installed for grpc-encoding {}",
                proconsul_types::GoQuoted(encoding)
            );
            Some(Status::unimplemented(text))
        }
        _ => None,
    }
}

/// The method is registered, and nobody has written it.
pub(crate) fn not_implemented(method: &str) -> Status {
    Status::unimplemented(format!("method {method} not implemented"))
}
