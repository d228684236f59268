//! Until when our certificates are good.
use std::time::{Duration, SystemTime};

use rustls_pki_types::CertificateDer;

use crate::{Place, peer::PeerCertificate};

/// When a certificate that we show ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expiry {
    /// The listener that shows it.
    pub place: Place,
    /// Whether it is the automatic one, as the listener has none of its own.
    pub automatic: bool,
    /// Its names: the alternative ones, or the common name if it has none of those.
    pub names: Vec<String>,
    /// When the leaf begins to be good.
    pub not_before: SystemTime,
    /// When the first of its chain ends, which mostly is the leaf.
    pub not_after: SystemTime,
}

/// Seconds of a day.
const DAY_SECS: u64 = 24 * 60 * 60;

impl Expiry {
    /// Left of it at most: from then on it is time to act. Less where the whole life of the certificate is short, see
    /// [`Expiry::soon`].
    pub const WARN_BEFORE: Duration = Duration::from_secs(28 * DAY_SECS);

    pub(crate) fn of(place: Place, automatic: bool, chain: &[CertificateDer<'_>]) -> Option<Self> {
        let leaf = PeerCertificate::of(chain)?;
        let ends =
            chain.iter().filter_map(|der| PeerCertificate::parse(der).ok()).map(|certificate| certificate.not_after);
        let not_after = ends.min().unwrap_or(leaf.not_after);
        let names = if leaf.names.is_empty() { leaf.common_name.into_iter().collect() } else { leaf.names };
        Some(Self { place, automatic, names, not_before: leaf.not_before, not_after })
    }

    /// What is left at `now`, in seconds; below zero once it is over.
    pub fn seconds_left(&self, now: SystemTime) -> i64 {
        let seconds = |duration: Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
        match self.not_after.duration_since(now) {
            Ok(left) => seconds(left),
            Err(over) => -seconds(over.duration()),
        }
    }

    /// What is left at `now`, in whole days, towards zero.
    pub fn days_left(&self, now: SystemTime) -> i64 {
        self.seconds_left(now) / DAY_SECS as i64
    }

    /// Whether it is time to act: less is left than 28 days, or than 40 % of its life if that is shorter, as Consul warns.
    pub fn soon(&self, now: SystemTime) -> bool {
        let life = self.not_after.duration_since(self.not_before).unwrap_or_default();
        let warn = Self::WARN_BEFORE.min(life / 10 * 4);
        self.seconds_left(now) < i64::try_from(warn.as_secs()).unwrap_or(i64::MAX)
    }
}
