//! A lock: a key that one session holds.
use std::{fmt, time::Duration};

use bytes::Bytes;
use proconsul_msgpack::GoStr;
use proconsul_structs::{
    kvs::{DirEntry, IndexedDirEntries, KeyRequest, KvOp, KvsRequest},
    methods::kvs::{Apply, Get},
};
use tokio::{runtime::Handle, time::sleep};

use crate::{AskQuery, CallError, Session, Watch};

/// What marks a key as a lock: the flags that Consul's own Go client and its `consul lock` set, and look for.
pub const LOCK_FLAGS: u64 = 0x2ddc_cbc0_58a5_0c18;
/// A key that is free and cannot be locked, since the lock delay of its last holder is not over, is tried again after this.
pub const LOCK_RETRY: Duration = Duration::from_secs(5);

/// Why a key is not locked.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// A call failed. The key may be locked by the session all the same: try again, or close the session.
    #[error("the lock could not be taken")]
    Call(#[from] CallError),
    /// The key is there and is no lock: its flags are others than [`LOCK_FLAGS`].
    #[error("the key is in use for something else: its flags are {0:#x}")]
    NoLock(u64),
    /// The session has ended.
    #[error("the session has ended")]
    Ended,
}

/// A key that a session holds. What it protects is protected as long as [`lost`](Self::lost) has not returned.
///
/// Dropped, it is given back by a task of its own, as far as a server can be reached; [`release`](Self::release) tells whether that
/// worked.
pub struct Lock {
    session: Session,
    entry: DirEntry,
    watch: Watch<IndexedDirEntries>,
    is_held: bool,
}

impl Session {
    /// Locks a key as soon as nobody else holds it, and stores `value` with it. Waits for that without asking again and again.
    ///
    /// Dropping the future gives up. The key may be locked then, if a call was on its way; it is free when the session ends.
    ///
    /// # Errors
    /// [`LockError`]. Whoever waits is not told of errors of the watching in between: it goes on.
    pub async fn lock(&self, key: impl Into<GoStr>, value: impl Into<Bytes>) -> Result<Lock, LockError> {
        let entry = self.lock_entry(key, value);
        tokio::select! {
            biased;
            () = self.ended() => Err(LockError::Ended),
            taken = self.take(&entry) => taken.map(|()| self.holding(entry)),
        }
    }

    /// Locks a key if that is possible now; `None` if somebody holds it, or its last holder's lock delay is not over.
    ///
    /// # Errors
    /// [`LockError`].
    pub async fn try_lock(&self, key: impl Into<GoStr>, value: impl Into<Bytes>) -> Result<Option<Lock>, LockError> {
        if self.is_ended() {
            return Err(LockError::Ended);
        }
        let entry = self.lock_entry(key, value);
        let read = self.client().call::<Get>(&self.question(&entry.key)).await?;
        if !self.could_take(&read)? || !self.apply(KvOp::Lock, &entry).await? {
            return Ok(None);
        }
        Ok(Some(self.holding(entry)))
    }

    fn lock_entry(&self, key: impl Into<GoStr>, value: impl Into<Bytes>) -> DirEntry {
        let (key, session) = (key.into(), self.id().clone());
        DirEntry { key, value: Some(value.into()), flags: LOCK_FLAGS, session, ..DirEntry::default() }
    }

    /// A question for the newest state of a key.
    fn question(&self, key: &GoStr) -> KeyRequest {
        self.sign(KeyRequest { key: key.clone(), ..KeyRequest::default() }).consistent()
    }

    async fn take(&self, entry: &DirEntry) -> Result<(), LockError> {
        let mut watch = self.client().watch::<Get>(self.question(&entry.key));
        let mut read = watch.next().await?;
        loop {
            let is_free = self.could_take(&read)?;
            if is_free && self.apply(KvOp::Lock, entry).await? {
                return Ok(());
            }
            // Somebody was faster, which is news, or it is too early.
            tokio::select! {
                news = next(&mut watch) => read = news,
                () = sleep(LOCK_RETRY), if is_free => {}
            }
        }
    }

    /// Whether nobody else holds the key.
    fn could_take(&self, read: &IndexedDirEntries) -> Result<bool, LockError> {
        match read.entries.iter().flatten().next() {
            None => Ok(true),
            Some(entry) if entry.flags != LOCK_FLAGS => Err(LockError::NoLock(entry.flags)),
            Some(entry) => Ok(entry.session.is_empty() || entry.session == *self.id()),
        }
    }

    async fn apply(&self, op: KvOp, entry: &DirEntry) -> Result<bool, CallError> {
        let request = KvsRequest { op, dir_ent: entry.clone(), ..KvsRequest::default() };
        self.client().call::<Apply>(&self.sign(request)).await
    }

    /// A lock that was just taken. Its watch asks the leader, so that no answer is older than the lock.
    fn holding(&self, entry: DirEntry) -> Lock {
        let watch = self.client().watch::<Get>(self.question(&entry.key));
        Lock { session: self.clone(), entry, watch, is_held: true }
    }
}

/// What a watch shows next. Its errors are passed over: it goes on, after pauses that grow.
async fn next(watch: &mut Watch<IndexedDirEntries>) -> IndexedDirEntries {
    loop {
        match watch.next().await {
            Ok(news) => return news,
            Err(error) => tracing::debug!(error = %error.in_full(), "a lock could not be looked at; going on"),
        }
    }
}

impl Lock {
    /// The key.
    pub fn key(&self) -> &GoStr {
        &self.entry.key
    }

    /// The session that holds it.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Returns when the lock is lost: the session has ended, or somebody deleted the key or took it away. Dropping the future loses
    /// nothing.
    pub async fn lost(&mut self) {
        if !self.is_held {
            return;
        }
        let (session, watch) = (&self.session, &mut self.watch);
        let taken = async {
            loop {
                let holder = next(watch).await.entries.and_then(|entries| entries.into_iter().next());
                if holder.is_none_or(|entry| entry.session != *session.id()) {
                    return;
                }
            }
        };
        tokio::select! {
            () = session.ended() => {}
            () = taken => {}
        }
        self.is_held = false;
    }

    /// Gives the lock back, so that others can take it at once. False if it was lost before.
    ///
    /// # Errors
    /// [`CallError`]: it may still be held, until the session ends.
    pub async fn release(mut self) -> Result<bool, CallError> {
        let released = self.session.apply(KvOp::Unlock, &self.entry).await;
        self.is_held = false;
        released
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Without a runtime there is no connection either.
        if self.is_held
            && let Ok(runtime) = Handle::try_current()
        {
            let (session, entry) = (self.session.clone(), self.entry.clone());
            runtime.spawn(async move {
                if let Err(error) = session.apply(KvOp::Unlock, &entry).await {
                    tracing::debug!(error = %error.in_full(), "a lock that was dropped is left to its session");
                }
            });
        }
    }
}

impl fmt::Debug for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lock").field("key", &self.entry.key).field("session", &self.session).finish_non_exhaustive()
    }
}
