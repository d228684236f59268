//! What is in the certificates.
use std::{
    net::Ipv4Addr,
    time::{Duration, SystemTime},
};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, DnValue, ExtendedKeyUsagePurpose, GeneralSubtree,
    IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, NameConstraints, PublicKeyData, SanType, SerialNumber,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject};
use time::OffsetDateTime;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::{CaRequest, CertRequest, CreateError, Kind, Pair, der};
use crate::{Pool, Usage, names, pool::has_name, provider::provider};

/// Makes a CA: EC P-256, self-signed.
///
/// # Errors
/// [`CreateError`]: a name that cannot stand in a certificate, or too many days.
pub fn ca(request: &CaRequest) -> Result<Pair, CreateError> {
    let key = KeyPair::generate().map_err(failed)?;
    let serial = serial()?;
    let mut params = params(&key, &serial, request.now, if request.days == 0 { 365 } else { request.days })?;
    let default_name = || format!("Consul Agent CA {}", u128::from_be_bytes(serial));
    params.distinguished_name =
        subject(request.common_name.clone().filter(|name| !name.is_empty()).unwrap_or_else(default_name));
    if let Some(id) = request.cluster_id.as_ref().filter(|id| !id.is_empty()) {
        let uri = format!("spiffe://{}", format!("{id}.{}", request.domain).to_lowercase());
        params.subject_alt_names = vec![SanType::URI(uri.clone().try_into().map_err(|_| CreateError::Name(uri))?)];
    }
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.use_authority_key_identifier_extension = true;
    if request.name_constraint {
        let names = request.constraints.iter().map(String::as_str).chain([request.domain.as_str(), "localhost"]);
        let permitted = names.map(|name| GeneralSubtree::DnsName(name.into())).collect();
        params.name_constraints =
            Some(NameConstraints { permitted_subtrees: permitted, excluded_subtrees: Vec::new() });
    }
    let certificate = params.self_signed(&key).map_err(failed)?;
    Ok(Pair { cert_pem: certificate.pem(), key_pem: key_pem(&key)? })
}

/// Makes a certificate of a CA, given as the PEM texts of its two files, and checks it as a peer would.
///
/// # Errors
/// [`CreateError`]: a CA that is none or has another key, names that cannot stand in a certificate or that the CA may not sign.
pub fn cert(request: &CertRequest, ca_pem: &str, ca_key_pem: &str) -> Result<Pair, CreateError> {
    let ca = CertificateDer::from_pem_slice(ca_pem.as_bytes()).map_err(|error| CreateError::Ca(error.to_string()))?;
    let issuer = issuer(&ca, ca_key_pem)?;
    let key = KeyPair::generate().map_err(failed)?;
    let mut params = params(&key, &serial()?, request.now, request.days)?;
    let name = request.name();
    params.distinguished_name.push(DnType::CommonName, text(&name));
    params.subject_alt_names = alternative_names(request)?;
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
    params.extended_key_usages = match request.kind {
        Kind::Server { .. } => vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth],
        Kind::Client => vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth],
        Kind::Cli => Vec::new(),
    };
    params.use_authority_key_identifier_extension = true;
    let certificate = params.signed_by(&key, &issuer).map_err(failed)?;
    check(ca_pem, certificate.der(), &name, request.now)?;
    Ok(Pair { cert_pem: certificate.pem(), key_pem: key_pem(&key)? })
}

fn failed(error: rcgen::Error) -> CreateError {
    CreateError::Failed(error.to_string())
}

/// What both kinds have.
fn params(key: &KeyPair, serial: &[u8], now: SystemTime, days: u32) -> Result<CertificateParams, CreateError> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.serial_number = Some(SerialNumber::from_slice(serial));
    params.key_identifier_method = KeyIdMethod::PreSpecified(key_id(key)?);
    let end = now.checked_add(Duration::from_secs(u64::from(days) * 24 * 60 * 60)).ok_or(CreateError::Days(days))?;
    (params.not_before, params.not_after) = (date(now, days)?, date(end, days)?);
    Ok(params)
}

/// A date that a certificate can carry: up to the year 9999.
fn date(moment: SystemTime, days: u32) -> Result<OffsetDateTime, CreateError> {
    let since = moment.duration_since(SystemTime::UNIX_EPOCH).map_err(|_| CreateError::Days(days))?;
    let seconds = i64::try_from(since.as_secs()).map_err(|_| CreateError::Days(days))?;
    OffsetDateTime::from_unix_timestamp(seconds).map_err(|_| CreateError::Days(days))
}

/// 128 random bits.
fn serial() -> Result<[u8; 16], CreateError> {
    let mut serial = [0; 16];
    let random = provider().secure_random.fill(&mut serial);
    random.map_err(|_| CreateError::Failed("the system gives no random bytes".into()))?;
    Ok(serial)
}

/// SHA-256 of the public key with its algorithm: not what RFCs propose, but Consul's.
fn key_id(key: &KeyPair) -> Result<Vec<u8>, CreateError> {
    let suites = provider().cipher_suites.iter().filter_map(|suite| suite.tls13());
    let hash = suites.map(|suite| suite.common.hash_provider).find(|hash| hash.output_len() == 32);
    let hash = hash.ok_or_else(|| CreateError::Failed("the provider has no SHA-256".into()))?;
    Ok(hash.hash(&key.subject_public_key_info()).as_ref().to_vec())
}

/// The subject of Consul's CAs.
fn subject(common_name: String) -> DistinguishedName {
    const STREET: &[u64] = &[2, 5, 4, 9];
    const POSTAL_CODE: &[u64] = &[2, 5, 4, 17];
    let mut name = DistinguishedName::new();
    for (kind, value) in [
        (DnType::CountryName, "US"),
        (DnType::StateOrProvinceName, "CA"),
        (DnType::LocalityName, "San Francisco"),
        (DnType::CustomDnType(STREET.into()), "101 Second Street"),
        (DnType::CustomDnType(POSTAL_CODE.into()), "94105"),
        (DnType::OrganizationName, "HashiCorp Inc."),
        (DnType::CommonName, &common_name),
    ] {
        name.push(kind, text(value));
    }
    name
}

/// A text as Go encodes it: in the small alphabet of ASN.1 if that suffices.
fn text(value: &str) -> DnValue {
    value.try_into().map_or_else(|_| DnValue::Utf8String(value.into()), DnValue::PrintableString)
}

fn alternative_names(request: &CertRequest) -> Result<Vec<SanType>, CreateError> {
    let given = request.dns_names.iter().map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    let mut dns: Vec<String> = match request.kind {
        Kind::Cli => Vec::new(),
        _ => given.collect(),
    };
    if let Kind::Server { node: Some(node) } = &request.kind {
        dns.push(names::node_server_name(node, &request.dc, &request.domain));
    }
    dns.extend([request.name(), "localhost".into()]);
    let mut all = Vec::new();
    for name in dns {
        all.push(SanType::DnsName(name.clone().try_into().map_err(|_| CreateError::Name(name))?));
    }
    all.extend(request.addresses.iter().copied().map(SanType::IpAddress));
    if !matches!(request.kind, Kind::Cli) {
        all.push(SanType::IpAddress(Ipv4Addr::LOCALHOST.into()));
    }
    Ok(all)
}

fn issuer(ca: &CertificateDer<'_>, key_pem: &str) -> Result<Issuer<'static, KeyPair>, CreateError> {
    let bad_key = |error: String| CreateError::CaKey(error);
    let (_, parsed) = X509Certificate::from_der(ca).map_err(|error| CreateError::Ca(error.to_string()))?;
    let key = PrivateKeyDer::from_pem_slice(key_pem.as_bytes()).map_err(|error| bad_key(error.to_string()))?;
    let key = der::pkcs8(&key).ok_or_else(|| bad_key("it is of no known kind".into()))?;
    let key = KeyPair::try_from(&key).map_err(|error| bad_key(error.to_string()))?;
    if key.subject_public_key_info() != parsed.public_key().raw {
        return Err(CreateError::NotTheCasKey);
    }
    Issuer::from_ca_cert_der(ca, key).map_err(|error| CreateError::Ca(error.to_string()))
}

fn check(ca_pem: &str, leaf: &CertificateDer<'_>, name: &str, now: SystemTime) -> Result<(), CreateError> {
    let invalid = |error: rustls::Error| CreateError::Invalid(error.to_string());
    let pool = Pool::from_pem(ca_pem.as_bytes()).map_err(|fault| CreateError::Ca(fault.to_string()))?;
    let now = UnixTime::since_unix_epoch(now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default());
    pool.verify(leaf, &[], Usage::Server, now).map_err(invalid)?;
    let name = ServerName::try_from(name).map_err(|_| CreateError::Name(name.into()))?;
    has_name(leaf, &name).map_err(invalid)
}

/// A key as Consul writes it: SEC 1, in a PEM block `EC PRIVATE KEY`.
fn key_pem(key: &KeyPair) -> Result<String, CreateError> {
    let sec1 = der::sec1_of_p256(key.serialized_der(), key.public_key_raw());
    let sec1 = sec1.ok_or_else(|| CreateError::Failed("the new key is no P-256 key".into()))?;
    Ok(der::pem("EC PRIVATE KEY", &sec1))
}
