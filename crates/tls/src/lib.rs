//! TLS as a Consul server does it: certificates, verification policy per listener, hot reload.
//!
//! [`Tls`] is read once from [`Settings`] and holds ready-made rustls configurations for every way in ([`Incoming`]) and out
//! ([`Outgoing`]); a reload swaps all of them at once. No process-wide provider is installed or asked for. Not here: sockets,
//! first bytes, who asks for which way.
#![doc = include_str!("../README.md")]

mod automatic; // a certificate that nobody wrote to a file
mod concerns; // what others will refuse
mod configs; // one generation: rustls configurations made of files and settings
pub mod create; // CAs and certificates to try with
mod error; // why a load, a dial or a peer is refused
mod expiry; // until when our certificates are good
mod files; // PEM files, read with Consul's checks
mod incoming; // rustls configurations of listeners
pub mod names; // the names that servers' certificates carry
mod outgoing; // rustls configurations of dials
mod peer; // what a certificate says about its holder
mod pool; // CAs, and whether a chain leads to one of them
mod provider; // cryptography and cipher suites
mod resumed; // sessions that go on
mod seen; // chains that were good before
mod settings; // what an operator sets
mod tls; // the swappable whole
mod verify; // rustls's verifiers over a pool
#[cfg(feature = "tokio")]
pub mod watch; // reload when files change

pub use {
    automatic::Automatic,
    error::{DialError, Fault, LoadError, NotAServer, Place},
    expiry::Expiry,
    incoming::Incoming,
    outgoing::{Dial, Outgoing},
    peer::{NotACertificate, PeerCertificate},
    pool::{Pool, Usage},
    provider::{TICKET_SECS_MAX, cipher_suites},
    resumed::still_good,
    settings::{BadMinVersion, MinVersion, Policy, Settings},
    tls::Tls,
};
