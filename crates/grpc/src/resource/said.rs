//! Errors in Consul's words.
use std::fmt::Display;

use tonic::{Code, Status};

/// How much of an error's text is sent. Some repeat what the caller sent, which may be as long as a message.
pub(super) const STATUS_TEXT_BYTES_MAX: usize = 16 * 1024;

/// An error with this text, as long as it may be.
pub(super) fn status(code: Code, text: impl Display) -> Status {
    let mut text = text.to_string();
    if text.len() > STATUS_TEXT_BYTES_MAX {
        let end = (0..=STATUS_TEXT_BYTES_MAX).rev().find(|end| text.is_char_boundary(*end));
        text.truncate(end.unwrap_or(0));
    }
    Status::new(code, text)
}

/// What the caller sent makes no sense.
pub(super) fn invalid(text: impl Display) -> Status {
    status(Code::InvalidArgument, text)
}

/// A field is not there.
pub(super) fn required(field: impl Display) -> Status {
    invalid(format_args!("{field} is required"))
}

/// Something went wrong that is not the caller's affair.
pub(super) fn internal(doing: &str, cause: impl Display) -> Status {
    status(Code::Internal, format_args!("{doing}: {cause}"))
}
