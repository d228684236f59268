//! Keys in the forms that PEM files have: Consul writes SEC 1, `ring` reads PKCS #8.
use base64::{Engine, prelude::BASE64_STANDARD};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const BITS: u8 = 0x03;
const CONTEXT_0: u8 = 0xa0;
const CONTEXT_1: u8 = 0xa1;
/// `id-ecPublicKey`, with tag and length.
const OID_EC: &[u8] = &[0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
/// `prime256v1`, with tag and length.
const OID_P256: &[u8] = &[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
/// `rsaEncryption` and its NULL, with tags and lengths.
const RSA: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];

/// One value with its tag and length.
fn value(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let length: Vec<u8> = length.into_iter().skip_while(|byte| *byte == 0).collect();
    let mut out = vec![tag];
    match length.as_slice() {
        [] => out.push(0),
        [short @ 0..=0x7f] => out.push(*short),
        long => {
            out.push(0x80 | long.len() as u8); // 1 to 8
            out.extend_from_slice(long);
        }
    }
    out.extend_from_slice(content);
    out
}

/// Takes one value of that tag from the front: its content, and what follows it.
fn take(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (found, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        short @ 0..=0x7f => (usize::from(*short), rest),
        long => {
            let (length, rest) = rest.split_at_checked(usize::from(long & 0x7f))?;
            (length.iter().try_fold(0usize, |all, byte| all.checked_mul(256)?.checked_add((*byte).into()))?, rest)
        }
    };
    (*found == tag).then(|| rest.split_at_checked(length)).flatten()
}

/// A P-256 key of PKCS #8 as SEC 1, with curve and public key, as Go writes it. `None` if it is none.
pub(crate) fn sec1_of_p256(pkcs8: &[u8], public: &[u8]) -> Option<Vec<u8>> {
    let (pkcs8, _) = take(SEQUENCE, pkcs8)?;
    let (_version, rest) = take(INTEGER, pkcs8)?;
    let (_algorithm, rest) = take(SEQUENCE, rest)?;
    let (inner, _) = take(OCTETS, rest)?;
    let (inner, _) = take(SEQUENCE, inner)?;
    let (_version, rest) = take(INTEGER, inner)?;
    let (secret, _) = take(OCTETS, rest)?;
    let public = [&[0], public].concat(); // no unused bits
    let parts = [
        value(INTEGER, &[1]),
        value(OCTETS, secret),
        value(CONTEXT_0, OID_P256),
        value(CONTEXT_1, &value(BITS, &public)),
    ];
    Some(value(SEQUENCE, &parts.concat()))
}

/// Any key that a PEM file holds as PKCS #8. A SEC 1 key that does not name its curve is taken for one of P-256.
pub(crate) fn pkcs8(key: &PrivateKeyDer<'_>) -> Option<PrivatePkcs8KeyDer<'static>> {
    let wrapped = |algorithm: &[u8], key: &[u8]| {
        value(SEQUENCE, &[value(INTEGER, &[0]), value(SEQUENCE, algorithm), value(OCTETS, key)].concat())
    };
    Some(PrivatePkcs8KeyDer::from(match key {
        PrivateKeyDer::Pkcs8(key) => key.secret_pkcs8_der().to_vec(),
        PrivateKeyDer::Pkcs1(key) => wrapped(RSA, key.secret_pkcs1_der()),
        PrivateKeyDer::Sec1(key) => {
            let key = key.secret_sec1_der();
            wrapped(&[OID_EC, curve(key)?.unwrap_or(OID_P256)].concat(), key)
        }
        _ => return None,
    }))
}

/// The curve that a SEC 1 key names, with tag and length.
fn curve(sec1: &[u8]) -> Option<Option<&[u8]>> {
    let (inner, _) = take(SEQUENCE, sec1)?;
    let (_version, rest) = take(INTEGER, inner)?;
    let (_secret, rest) = take(OCTETS, rest)?;
    Some(take(CONTEXT_0, rest).map(|(curve, _)| curve))
}

/// One PEM block.
pub(crate) fn pem(label: &str, der: &[u8]) -> String {
    let text = BASE64_STANDARD.encode(der);
    let mut out = format!("-----BEGIN {label}-----\n");
    for line in text.as_bytes().chunks(64) {
        out.extend(line.iter().map(|byte| char::from(*byte)));
        out.push('\n');
    }
    out.push_str(&format!("-----END {label}-----\n"));
    out
}
