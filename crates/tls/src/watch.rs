//! Reload when files change: their identities are looked at every so often.
//!
//! Polled, as the ways in which certificates come into place defeat notifications: renamed over, swapped by a link two folders up
//! (the mounted secrets of Kubernetes), on network file systems. The decisions are [`Watch::look`]'s, which has no clock.
use std::{
    collections::BTreeMap,
    fs, io,
    path::PathBuf,
    time::{Duration, SystemTime},
};

use proconsul_types::metric;
use tokio::{
    task,
    time::{Instant, MissedTickBehavior, interval},
};

use crate::{LoadError, Tls};

/// How often files are looked at, if nobody says otherwise.
pub const EVERY: Duration = Duration::from_secs(5);
/// How often at most.
pub const EVERY_MIN: Duration = Duration::from_millis(10);
/// How often it is said that a certificate ends soon.
pub const SAY_SOON_EVERY: Duration = Duration::from_secs(24 * 60 * 60);

/// Looks at the files of `tls` every so often and reloads when they change; keeps the metric of expiry; logs both. It never ends:
/// drop it to stop it. What is half-done then, is done.
pub async fn watch(tls: Tls, every: Duration) {
    let mut watch = Watch::new(tls.clone());
    let mut ticks = interval(every.max(EVERY_MIN));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut said_soon: Option<Instant> = None;
    tls.say_concerns(true);
    // At once, and not only after the first look: who scrapes a server that has just started finds it.
    if report(&tls, SystemTime::now(), true) {
        said_soon = Some(Instant::now());
    }
    loop {
        ticks.tick().await;
        // Files may lie on a network.
        let looked = task::spawn_blocking(move || {
            let look = watch.look();
            (watch, look)
        });
        let Ok((same, look)) = looked.await else {
            tracing::error!("the watch on the certificates' files failed and ended; reload with SIGHUP from now on");
            return;
        };
        watch = same;
        match look {
            Look::Same | Look::Settling => {}
            Look::Reloaded => {
                tracing::info!("certificates reloaded: new handshakes take them");
                said_soon = None;
            }
            Look::Mended => tracing::info!("the certificates' files are again as they were loaded"),
            Look::Failed(error) => {
                tracing::error!(%error, "certificates not reloaded: the old ones stay in use until the files are right");
            }
        }
        let say = said_soon.is_none_or(|said| said.elapsed() >= SAY_SOON_EVERY);
        if report(&tls, SystemTime::now(), say) {
            said_soon = Some(Instant::now());
        }
    }
}

/// Keeps the metric of expiry, and says which certificates end soon, if `say`; whether something was said.
fn report(tls: &Tls, now: SystemTime, say: bool) -> bool {
    let mut said = false;
    for expiry in tls.expires() {
        let listener = expiry.place.as_str();
        metrics::gauge!(metric::AGENT_TLS_CERT_EXPIRY.name, "listener" => listener)
            .set(expiry.seconds_left(now) as f64);
        if say && expiry.soon(now) {
            let (days, names) = (expiry.days_left(now), expiry.names.join(", "));
            tracing::warn!(listener, days, names, "a TLS certificate will expire soon: replace its files");
            said = true;
        }
    }
    said
}

/// The files of a [`Tls`], as they were when last looked at.
#[derive(Debug)]
pub struct Watch {
    tls: Tls,
    seen: Option<Identities>,
    failing: Option<Failing>,
}

/// What a look at the files came to.
#[derive(Debug)]
pub enum Look {
    /// Nothing new; or broken as it was when that was last said.
    Same,
    /// Changed, and broken for now. That is mostly a certificate written before its key: it is looked at again before it is said.
    Settling,
    /// Changed and taken.
    Reloaded,
    /// No longer broken, and what is there is what was loaded last.
    Mended,
    /// Broken for two looks, said once for each thing that is wrong; the old certificates stay.
    Failed(LoadError),
}

#[derive(Debug)]
struct Failing {
    looks: u32,
    said: Option<String>,
}

/// Looks at broken files before it is said that they are broken.
pub const SETTLING_LOOKS: u32 = 2;

impl Watch {
    /// A watch on the files of `tls`. The first look reads them, for they may have changed since they were loaded.
    pub fn new(tls: Tls) -> Self {
        Self { tls, seen: None, failing: None }
    }

    /// Looks at the files, and reloads if one is another than before or if they were broken. Reads a file only then.
    pub fn look(&mut self) -> Look {
        // Before the reload: what changes while it reads is seen by the next look.
        let found = Some(identities(self.tls.files()));
        if found == self.seen && self.failing.is_none() {
            return Look::Same;
        }
        self.seen = found;
        match self.tls.renew() {
            Ok(swapped) => match (swapped, self.failing.take()) {
                (true, _) => Look::Reloaded,
                (false, Some(Failing { said: Some(_), .. })) => Look::Mended,
                (false, _) => Look::Same,
            },
            Err(error) => self.failed(error),
        }
    }

    fn failed(&mut self, error: LoadError) -> Look {
        let failing = self.failing.get_or_insert(Failing { looks: 0, said: None });
        failing.looks = failing.looks.saturating_add(1);
        let text = error.to_string();
        if failing.looks < SETTLING_LOOKS {
            return Look::Settling;
        }
        if failing.said.as_ref() == Some(&text) {
            return Look::Same;
        }
        failing.said = Some(text);
        Look::Failed(error)
    }
}

/// What tells that a file is another than before, links followed; `None` for one that cannot be looked at.
type Identity = Option<(u64, Option<SystemTime>, [i64; 4])>;
type Identities = BTreeMap<PathBuf, Identity>;

fn identities(files: Vec<PathBuf>) -> Identities {
    files
        .into_iter()
        .map(|path| (identity(fs::metadata(&path)), path))
        .map(|(identity, path)| (path, identity))
        .collect()
}

fn identity(about: io::Result<fs::Metadata>) -> Identity {
    let about = about.ok()?;
    Some((about.len(), about.modified().ok(), system(&about)))
}

/// Device, inode and the time of the last change of either: a file that replaces another may have its length and its time.
#[cfg(unix)]
fn system(about: &fs::Metadata) -> [i64; 4] {
    use std::os::unix::fs::MetadataExt;
    [about.dev().cast_signed(), about.ino().cast_signed(), about.ctime(), about.ctime_nsec()]
}

#[cfg(not(unix))]
fn system(_about: &fs::Metadata) -> [i64; 4] {
    [0; 4]
}

#[cfg(test)]
mod tests;
