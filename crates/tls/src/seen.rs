//! Chains that were found good, so that the next handshake with the same one need not check its signatures again.
//!
//! Clients show the same certificate each time, and checking its CA's signature is a third of what a handshake with client
//! certificates costs. That the client has the key is proven each time; dates are looked at each time.
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use rustls_pki_types::CertificateDer;

use crate::pool::{Dates, Usage};

/// Chains that a pool remembers at most. Only chains of its own CAs get in; when it is full, it begins anew.
pub(crate) const CHAINS_MAX: usize = 1024;

/// A chain with more bytes than this is not remembered.
pub(crate) const CHAIN_BYTES_MAX: usize = 8 << 10;

/// The chains that one pool found good, each with the time in which all of it is.
#[derive(Default)]
pub(crate) struct Seen(Mutex<HashMap<Box<[u8]>, Dates>>);

impl Seen {
    /// What to ask for, or `None` for a chain that is too long to remember. Whole certificates, so that nothing is taken for another.
    pub(crate) fn key(
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        usage: Usage,
    ) -> Option<Box<[u8]>> {
        let mut key = vec![match usage {
            Usage::Server => 0,
            Usage::Client => 1,
        }];
        for certificate in [leaf].into_iter().chain(intermediates) {
            key.extend_from_slice(&u32::try_from(certificate.len()).ok()?.to_be_bytes());
            key.extend_from_slice(certificate);
            if key.len() > CHAIN_BYTES_MAX {
                return None;
            }
        }
        Some(key.into())
    }

    /// When that chain is good, if it was found so before.
    pub(crate) fn get(&self, key: &[u8]) -> Option<Dates> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).copied()
    }

    pub(crate) fn insert(&self, key: Box<[u8]>, good: Dates) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= CHAINS_MAX {
            seen.clear();
        }
        seen.insert(key, good);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn der(bytes: &[u8]) -> CertificateDer<'_> {
        CertificateDer::from(bytes)
    }

    #[test]
    fn chains_that_differ_have_keys_that_differ() {
        let key = |chain: &[&[u8]], usage| {
            let chain: Vec<_> = chain.iter().map(|bytes| der(bytes)).collect();
            Seen::key(&chain[0], &chain[1..], usage).expect("short")
        };
        let chains: [&[&[u8]]; 5] = [&[b"ab"], &[b"a", b"b"], &[b"", b"ab"], &[b"ab", b""], &[b"b", b"a"]];
        let mut keys: Vec<_> = chains.iter().map(|chain| key(chain, Usage::Client)).collect();
        keys.push(key(chains[0], Usage::Server));
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), chains.len() + 1);
    }

    #[test]
    fn it_is_bounded() {
        assert_eq!(Seen::key(&der(&[0; CHAIN_BYTES_MAX]), &[], Usage::Client), None);
        let seen = Seen::default();
        for n in 0..=CHAINS_MAX {
            seen.insert(n.to_be_bytes().into(), Dates { from: 0, to: 1 });
        }
        assert!(seen.get(&0_usize.to_be_bytes()).is_none() && seen.get(&CHAINS_MAX.to_be_bytes()).is_some());
        assert_eq!(seen.0.lock().expect("no panic").len(), 1);
    }
}
