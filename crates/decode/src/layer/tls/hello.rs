//! What a handshake says in clear: names asked for, protocols offered, what was agreed on.

use super::{ALERT, HANDSHAKE};

/// What of a record's content is readable, in a few words.
pub(super) fn says(kind: u8, content: &[u8]) -> String {
    match (kind, content) {
        (ALERT, [level, code]) => {
            let level = if *level == 2 { "fatal" } else { "warning" };
            format!("{level} {}", alert(*code))
        }
        (HANDSHAKE, _) => handshake(content),
        _ => String::new(),
    }
}

/// The messages of a record. One that goes on in the next record is named only.
fn handshake(mut content: &[u8]) -> String {
    let mut told = Vec::new();
    while let [kind, l0, l1, l2, rest @ ..] = content {
        let length = u32::from_be_bytes([0, *l0, *l1, *l2]) as usize;
        let body = rest.get(..length).unwrap_or(rest);
        told.push(message(*kind, body));
        content = rest.get(length..).unwrap_or_default();
    }
    told.join(", ")
}

fn message(kind: u8, body: &[u8]) -> String {
    match kind {
        1 => client_hello(body).map_or_else(|| "ClientHello".to_owned(), |says| format!("ClientHello{says}")),
        2 => server_hello(body).map_or_else(|| "ServerHello".to_owned(), |says| format!("ServerHello{says}")),
        4 => "NewSessionTicket".to_owned(),
        8 => "EncryptedExtensions".to_owned(),
        11 => "Certificate".to_owned(),
        12 => "ServerKeyExchange".to_owned(),
        13 => "CertificateRequest".to_owned(),
        14 => "ServerHelloDone".to_owned(),
        15 => "CertificateVerify".to_owned(),
        16 => "ClientKeyExchange".to_owned(),
        20 => "Finished".to_owned(),
        other => format!("message {other}"),
    }
}

/// Version, random and session id, which both hellos begin with; what follows them.
fn after_session(body: &[u8]) -> Option<&[u8]> {
    let rest = body.get(34..)?;
    let (length, rest) = rest.split_first()?;
    rest.get(usize::from(*length)..)
}

fn client_hello(body: &[u8]) -> Option<String> {
    let rest = after_session(body)?;
    let (_ciphers, rest) = vector16(rest)?;
    let (compressions, rest) = rest.split_first()?;
    let rest = rest.get(usize::from(*compressions)..)?;
    let (extensions, _) = vector16(rest)?;
    let mut says = String::new();
    for (kind, data) in each_extension(extensions) {
        match kind {
            0 => {
                let name = vector16(data).and_then(|(list, _)| vector16(list.get(1..)?)).map(|(name, _)| name);
                if let Some(name) = name {
                    says.push_str(&format!(" for {}", printable(name)));
                }
            }
            16 => says.push_str(&format!(" offering {}", protocols(data).join(" "))),
            _ => {}
        }
    }
    Some(says)
}

fn server_hello(body: &[u8]) -> Option<String> {
    let legacy = u16::from_be_bytes(*body.first_chunk()?);
    let rest = after_session(body)?;
    let cipher = u16::from_be_bytes(*rest.first_chunk()?);
    let extensions = rest.get(3..).and_then(vector16).map(|(extensions, _)| extensions).unwrap_or_default();
    let mut version = legacy;
    let mut chosen = String::new();
    for (kind, data) in each_extension(extensions) {
        match (kind, data) {
            (43, [v0, v1]) => version = u16::from_be_bytes([*v0, *v1]),
            (16, data) => chosen = format!(" chose {}", protocols(data).join(" ")),
            _ => {}
        }
    }
    let version = match version {
        0x0301 => "TLS 1.0",
        0x0302 => "TLS 1.1",
        0x0303 => "TLS 1.2",
        0x0304 => "TLS 1.3",
        _ => "a version unknown here",
    };
    Some(format!(" {version}, cipher suite {cipher:04x}{chosen}"))
}

/// Names of protocols in ALPN's form.
fn protocols(data: &[u8]) -> Vec<String> {
    let mut list = vector16(data).map(|(list, _)| list).unwrap_or_default();
    let mut names = Vec::new();
    while let Some((length, rest)) = list.split_first() {
        let Some((name, rest)) = rest.split_at_checked(usize::from(*length)) else { break };
        names.push(printable(name));
        list = rest;
    }
    names
}

fn each_extension(mut extensions: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let kind = u16::from_be_bytes(*extensions.first_chunk()?);
        let (data, rest) = vector16(extensions.get(2..)?)?;
        extensions = rest;
        Some((kind, data))
    })
}

/// Bytes behind a length of two bytes, and what follows them.
fn vector16(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

fn printable(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}

fn alert(code: u8) -> String {
    let name = match code {
        0 => "close_notify",
        10 => "unexpected_message",
        20 => "bad_record_mac",
        40 => "handshake_failure",
        42 => "bad_certificate",
        43 => "unsupported_certificate",
        44 => "certificate_revoked",
        45 => "certificate_expired",
        46 => "certificate_unknown",
        47 => "illegal_parameter",
        48 => "unknown_ca",
        50 => "decode_error",
        51 => "decrypt_error",
        70 => "protocol_version",
        71 => "insufficient_security",
        80 => "internal_error",
        90 => "user_canceled",
        112 => "unrecognized_name",
        116 => "certificate_required",
        120 => "no_application_protocol",
        other => return format!("alert {other}"),
    };
    name.to_owned()
}
