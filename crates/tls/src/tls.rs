//! The swappable whole.
use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use arc_swap::ArcSwap;
use proconsul_types::metric;
use rustls::ServerConfig;
use rustls_pki_types::{CertificateDer, UnixTime};

use crate::{
    Automatic, Dial, DialError, Expiry, Incoming, LoadError, NotAServer, Outgoing, Settings, concerns,
    configs::{Configs, Source},
};

/// Certificates, CAs and policies, and every rustls configuration that is made of them. Clones are the same one.
///
/// What is asked for during a reload is of the old generation or of the new one, whole; connections keep what they began with.
#[derive(Clone, Debug)]
pub struct Tls(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    now: ArcSwap<Configs>,
    /// Held while a new generation is made, so that two makers do not undo each other.
    making: Mutex<()>,
}

impl Tls {
    /// Reads the files that `settings` name, and checks them as Consul does at its start.
    ///
    /// # Errors
    /// [`LoadError`]: the first thing that is wrong, with its file.
    pub fn load(settings: Settings) -> Result<Self, LoadError> {
        let configs = Configs::new(Source::read(settings, Automatic::default())?)?;
        Ok(Self(Arc::new(Inner { now: ArcSwap::from_pointee(configs), making: Mutex::new(()) })))
    }

    /// Reads the files again. All listeners and dials have the new certificates from then on, and sessions of before are not
    /// resumed. Where the files hold what they held, nothing is swapped.
    ///
    /// # Errors
    /// As [`Tls::load`]; everything old stays in use then.
    pub fn reload(&self) -> Result<(), LoadError> {
        self.renew().map(drop)
    }

    /// As [`Tls::reload`]; whether something was swapped.
    pub(crate) fn renew(&self) -> Result<bool, LoadError> {
        let swapped = self.make(|configs| (configs.source.settings.clone(), configs.source.automatic.clone()))?;
        self.say_concerns(swapped);
        Ok(swapped)
    }

    pub(crate) fn say_concerns(&self, anew: bool) {
        for concern in if anew { self.concerns(SystemTime::now()) } else { Vec::new() } {
            tracing::warn!("{concern}");
        }
    }

    /// Reads the files of other settings, and takes these from then on.
    ///
    /// # Errors
    /// As [`Tls::load`]; everything old stays in use then.
    pub fn update(&self, settings: Settings) -> Result<(), LoadError> {
        self.make(|configs| (settings, configs.source.automatic.clone())).map(|swapped| self.say_concerns(swapped))
    }

    /// Takes an automatic certificate and CAs, beside those of the files, in place of what was given before.
    ///
    /// # Errors
    /// PEM that is none, a key that is not the certificate's, or files that are broken by now; everything old stays in use then.
    pub fn set_automatic(&self, automatic: Automatic) -> Result<(), LoadError> {
        self.make(|configs| (configs.source.settings.clone(), automatic)).map(drop)
    }

    fn make(&self, of: impl FnOnce(&Configs) -> (Settings, Automatic)) -> Result<bool, LoadError> {
        // It guards no data that a panic could leave half-done.
        let _making = self.0.making.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.0.now.load();
        let (settings, automatic) = of(&before);
        let made = Source::read(settings, automatic).and_then(|source| {
            let changed = source != before.source;
            changed.then(|| Configs::new(source)).transpose()
        });
        let outcome = match &made {
            Ok(None) => return Ok(false),
            Ok(Some(_)) => "swapped",
            Err(_) => "failed",
        };
        metrics::counter!(metric::TLS_RELOAD.name, "outcome" => outcome).increment(1);
        let Some(configs) = made? else { return Ok(false) };
        self.0.now.store(Arc::new(configs));
        Ok(true)
    }

    /// Whether there are CAs to check clients against and a certificate to show: only then is a ClientHello on the server port
    /// looked for, and ALPN dialled. Consul's `MutualTLSCapable`.
    pub fn mutual_tls_capable(&self) -> bool {
        self.0.now.load().capable
    }

    /// `tls.internal_rpc.verify_incoming`: whether plain connections are refused.
    pub fn verify_incoming(&self) -> bool {
        self.0.now.load().source.settings.internal_rpc.verify_incoming
    }

    /// `tls.internal_rpc.verify_outgoing`: whether servers are dialled in TLS.
    pub fn verify_outgoing(&self) -> bool {
        self.0.now.load().source.settings.internal_rpc.verify_outgoing
    }

    /// `tls.internal_rpc.verify_server_hostname`.
    pub fn verify_server_hostname(&self) -> bool {
        self.0.now.load().source.settings.internal_rpc.verify_server_hostname
    }

    /// What a connection that comes in so is accepted with. `None` where there is no certificate to show, or, for
    /// [`Incoming::Alpn`], no CA to check clients against.
    pub fn incoming(&self, how: Incoming) -> Option<Arc<ServerConfig>> {
        self.0.now.load().incoming(how).cloned()
    }

    /// How to dial `to`; `None`: without TLS, as `verify_outgoing` is off.
    ///
    /// # Errors
    /// [`DialError`]: ALPN without a target or without certificates, or a target whose name is none.
    pub fn outgoing(&self, to: Outgoing<'_>) -> Result<Option<Dial>, DialError> {
        let now = self.0.now.load();
        now.dials.to(to, &now.source.settings.domain)
    }

    /// Whether a client that showed `chain`, the leaf first, may do what only servers of our datacenter may: its chain must lead to
    /// a CA of the files, and it must carry `server.<dc>.<domain>`. Where `verify_incoming` and `verify_server_hostname` are not both
    /// on, Consul does not ask, and neither is asked here. Consul's `AuthorizeServerConn`.
    ///
    /// # Errors
    /// [`NotAServer`], with the names that it has instead.
    pub fn authorize_server(&self, chain: &[CertificateDer<'_>]) -> Result<(), NotAServer> {
        self.0.now.load().authorize(chain, UnixTime::now())
    }

    /// When the certificates end that listeners show: at most one for each listener.
    pub fn expires(&self) -> Vec<Expiry> {
        self.0.now.load().expiries.clone()
    }

    /// What is in use and will be refused by peers, or was set and is not used: one line each. Consul starts with all of them and
    /// says nothing. The watch logs them when it begins; so does each reload that swaps something.
    pub fn concerns(&self, now: SystemTime) -> Vec<String> {
        concerns::concerns(&self.0.now.load(), now)
    }

    /// The files and folders that everything was read from, for a watch. Those in `ca_path` are listed anew.
    pub fn files(&self) -> Vec<PathBuf> {
        self.0.now.load().files()
    }

    /// The settings that are in use, as they were given but for what one implies of another.
    pub fn settings(&self) -> Settings {
        self.0.now.load().source.settings.clone()
    }
}
