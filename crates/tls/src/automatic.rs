//! A certificate that nobody wrote to a file: made in memory, or handed over by whoever manages certificates.
use std::time::SystemTime;

use crate::create::{self, CaRequest, CertRequest, CreateError, Kind, Pair};

/// A certificate and CAs beside those of the files. The certificate of a file wins over this one; CAs add up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Automatic {
    /// A chain and its key.
    pub pair: Option<Pair>,
    /// CAs, PEM, trusted in addition to those of the files.
    pub cas: Vec<String>,
}

impl Automatic {
    /// Days that a certificate of [`Automatic::generate`] is good for. It is made anew at every start.
    pub const DAYS: u32 = 3650;

    /// A certificate for a server that has none, so that TLS can be spoken with it where no certificate is asked for. No one can
    /// verify it: the key of its CA is thrown away, and no CA is added to what we trust.
    ///
    /// # Errors
    /// A name that no certificate can carry.
    pub fn generate(dc: &str, domain: &str, node: &str) -> Result<Self, CreateError> {
        let (now, domain) = (SystemTime::now(), crate::names::plain(domain).to_owned());
        let ca = create::ca(&CaRequest { domain: domain.clone(), days: Self::DAYS, now, ..CaRequest::default() })?;
        let request = CertRequest {
            kind: Kind::Server { node: Some(node.to_owned()).filter(|node| !node.is_empty()) },
            dc: dc.to_owned(),
            domain,
            days: Self::DAYS,
            now,
            ..CertRequest::default()
        };
        Ok(Self { pair: Some(create::cert(&request, &ca.cert_pem, &ca.key_pem)?), cas: Vec::new() })
    }
}
