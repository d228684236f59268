//! Sessions that are resumed, whose certificates nobody has looked at again.
use std::time::SystemTime;

use rustls::{CertificateError, CommonState, Error, HandshakeKind};

use crate::peer::PeerCertificate;

/// Whether what a peer showed when its session began is good at `now` still, by its dates. To be asked once a handshake is done:
/// each resumption gives a new ticket, so that a session could otherwise be carried on for ever with a certificate that is over.
/// It costs nothing after a full handshake. Go looks as well.
///
/// # Errors
/// A certificate of its chain is over, in rustls's words: close the connection. The peer's next full handshake tells it why.
pub fn still_good(session: &CommonState, now: SystemTime) -> Result<(), Error> {
    if session.handshake_kind() != Some(HandshakeKind::Resumed) {
        return Ok(());
    }
    for certificate in session.peer_certificates().unwrap_or_default() {
        let facts = PeerCertificate::parse(certificate).map_err(|_| CertificateError::BadEncoding)?;
        if !facts.good_at(now) {
            return Err(CertificateError::Expired.into());
        }
    }
    Ok(())
}
