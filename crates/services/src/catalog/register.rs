//! `Catalog.Register`: what is checked and completed before the log.
//!
//! Source: `catalog_endpoint.go`; golden case `catalog/register-errors`.
use proconsul_msgpack::GoStr;
use proconsul_state::Entry;
use proconsul_structs::{catalog::RegisterRequest, check::HealthCheck, service::NodeService, status::Empty};
use proconsul_types::WireText;

use super::vet;
use crate::{Caller, echo::repeating, write::Refused};

/// Bytes of a node's id, hyphens included.
const UUID_BYTES: usize = 36;
/// Where its hyphens are.
const UUID_HYPHENS: [usize; 4] = [8, 13, 18, 23];
/// Addresses that say nothing of where a service is.
const ANY_ADDRESS: [&str; 3] = ["0.0.0.0", "::", "[::]"];

pub(super) fn prepare(
    Caller { context, rights }: Caller<'_>,
    mut request: RegisterRequest,
) -> Result<Entry, Refused<Empty>> {
    complete(&mut request).map_err(|text| {
        let name = request.service.as_ref().map(|service| service.service.clone());
        Err(repeating(&text, &name.unwrap_or_default()))
    })?;
    request.service.iter().try_for_each(|service| vet::service(rights, service)).map_err(Err)?;
    vet::registration(rights, &request, &context.store.snapshot()).map_err(Err)?;
    Ok(Entry::Register(Box::new(request)))
}

fn complete(request: &mut RegisterRequest) -> Result<(), WireText> {
    if names_peer(request) {
        return Err(WireText::PEER_NAME_IN_REGISTRATION);
    }
    check_node(request)?;
    if let Some(service) = &mut request.service {
        complete_service(service)?;
    }
    if let Some(check) = request.check.take() {
        request.checks.get_or_insert_default().push(check);
    }
    for check in request.checks.iter_mut().flatten() {
        complete_check(&request.node, check);
    }
    Ok(())
}

/// Whether anything in it claims to come from a peered cluster: only peering itself may register that.
fn names_peer(request: &RegisterRequest) -> bool {
    let service = request.service.iter().map(|service| &service.peer_name);
    let checks = request.check.iter().chain(request.checks.iter().flatten()).map(|check| &check.peer_name);
    service.chain(checks).chain([&request.peer_name]).any(|peer| !peer.is_empty())
}

/// That a node is named, and that its id is one if it has one.
pub(crate) fn check_name_and_id(node: &GoStr, id: &GoStr) -> Result<(), WireText> {
    if node.is_empty() {
        return Err(WireText::MUST_PROVIDE_NODE);
    }
    if !id.is_empty() {
        check_uuid(id).map_err(|cause| WireText::bad_node_id(&cause))?;
    }
    Ok(())
}

fn check_node(request: &RegisterRequest) -> Result<(), WireText> {
    check_name_and_id(&request.node, &request.id)?;
    if request.address.is_empty() && !request.skip_node_update {
        return Err(WireText::MUST_PROVIDE_ADDRESS);
    }
    Ok(())
}

/// What is wrong with a UUID, in the words of `go-uuid` and of Go's `encoding/hex`.
fn check_uuid(id: &[u8]) -> Result<(), String> {
    if id.len() != UUID_BYTES {
        return Err("uuid string is wrong length".into());
    }
    if UUID_HYPHENS.iter().any(|place| id[*place] != b'-') {
        return Err("uuid is improperly formatted".into());
    }
    let mut digits = id.iter().enumerate().filter(|(place, _)| !UUID_HYPHENS.contains(place)).map(|(_, digit)| *digit);
    match digits.find(|digit| !digit.is_ascii_hexdigit()) {
        None => Ok(()),
        // Go takes the byte for a character.
        Some(stray) => Err(format!("encoding/hex: invalid byte: {}", go_character(stray))),
    }
}

/// A byte as Go's `%#U` writes it: its number, and the character if it can be printed.
fn go_character(byte: u8) -> String {
    let character = char::from(byte);
    let printable = !character.is_control() && character != '\u{a0}' && character != '\u{ad}';
    if printable { format!("U+{byte:04X} '{character}'") } else { format!("U+{byte:04X}") }
}

/// Checks a service, and completes its id.
pub(crate) fn complete_service(service: &mut NodeService) -> Result<(), WireText> {
    service.validate()?;
    if service.service.is_empty() {
        let nothing = service.id.is_empty();
        return Err(if nothing {
            WireText::MUST_PROVIDE_SERVICE_SERVICE
        } else {
            WireText::MUST_PROVIDE_SERVICE_FOR_ID
        });
    }
    if service.id.is_empty() {
        service.id = service.service.clone();
    }
    if !service.service.iter().all(|byte| is_name_byte(*byte)) {
        return Err(WireText::invalid_service_name(&service.service.to_str_lossy()));
    }
    if ANY_ADDRESS.iter().any(|any| service.address == *any) {
        return Err(WireText::INVALID_SERVICE_ADDRESS);
    }
    Ok(())
}

/// What a service's name may be made of. That a backslash may be in it is Consul's doing.
fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'\\'
}

fn complete_check(node: &GoStr, check: &mut HealthCheck) {
    if check.node.is_empty() {
        check.node = node.clone();
    }
    if check.check_id.is_empty() {
        check.check_id = check.name.clone();
    }
    if check.check_type.is_empty() {
        check.check_type = GoStr::from_static(check.definition.kind());
    }
}

/// Whether two names differ in nothing but letter case.
pub(super) fn same_name(left: &GoStr, right: &GoStr) -> bool {
    left == right
        || left.eq_ignore_ascii_case(right)
        || left.to_str().zip(right.to_str()).is_some_and(|(left, right)| left.to_lowercase() == right.to_lowercase())
}

#[cfg(test)]
mod tests;
