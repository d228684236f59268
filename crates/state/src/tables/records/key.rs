//! What a record is filed under, so that a tree's order is that of Consul's table.

use crate::tables::keys::compose;

/// Hexadecimal digits of a UUID.
const UUID_DIGITS: usize = 32;
/// Characters of a UUID, hyphens included.
const UUID_TEXT_BYTES: usize = 36;

/// Names that nothing can be filed under. The text is what Consul's tables say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadKey {
    /// A name is empty.
    #[error("object is missing a value for this index")]
    Empty,
    /// An id that is to be a UUID has another length.
    #[error("index error: UUID must be 36 characters")]
    UuidLength,
    /// An id that is to be a UUID is none.
    #[error("index error: Invalid UUID")]
    Uuid,
}

/// The digits of one UUID.
pub(super) fn uuid(names: &[&[u8]]) -> Result<Vec<u8>, BadKey> {
    let text = names.first().copied().unwrap_or_default();
    if text.is_empty() {
        return Err(BadKey::Empty);
    }
    if text.len() != UUID_TEXT_BYTES {
        return Err(BadKey::UuidLength);
    }
    let digits: Vec<u8> = text.iter().filter(|byte| **byte != b'-').map(u8::to_ascii_lowercase).collect();
    let right = digits.len() == UUID_DIGITS && digits.iter().all(u8::is_ascii_hexdigit);
    if right { Ok(digits) } else { Err(BadKey::Uuid) }
}

/// Names whose letter case does not count.
pub(super) fn folded(names: &[&[u8]]) -> Result<Vec<u8>, BadKey> {
    if names.is_empty() || names.iter().any(|name| name.is_empty()) {
        return Err(BadKey::Empty);
    }
    Ok(compose(names))
}

/// One name as it is.
pub(super) fn exact(names: &[&[u8]]) -> Result<Vec<u8>, BadKey> {
    match names {
        [name] if !name.is_empty() => Ok(name.to_vec()),
        _ => Err(BadKey::Empty),
    }
}

/// Nothing: there is one.
pub(super) fn only(_: &[&[u8]]) -> Result<Vec<u8>, BadKey> {
    Ok(Vec::new())
}
