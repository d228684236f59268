//! Removes what belonged to resources that are gone: the leader's work.
//!
//! A resource that goes leaves a tombstone, which says whose children are to go too. They go at once, and those that somebody made
//! meanwhile go some time later; the tombstone last. How far it has come is written in the tombstone's status, so that another leader
//! goes on there.
//!
//! Source: Consul 1.21, `internal/resource/reaper`.
use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, SystemTime},
};

use proconsul_proto_public::pbresource::{
    Condition, DeleteRequest, Id, Resource, Status as ResourceStatus, Tombstone, WatchListRequest, condition::State,
    watch_event::Event,
};
use proconsul_services::{AllowAll, Context};
use prost_types::Timestamp;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_stream::StreamExt;
use tonic::{Code, Request, Status};

use super::{Resources, Watches, backend::Consistency, registry::TOMBSTONE, unpack::unpack, watch_list::Events};

/// When children are looked for once more, after those that were there are gone. What fails is tried again as late.
pub const SECOND_PASS_DELAY: Duration = Duration::from_secs(30);

/// Under this key a tombstone's status says how far it has come.
pub(super) const STATUS_KEY: &str = "consul.io/reaper-controller";

/// Removes what belonged to resources that are gone.
#[derive(Clone)]
pub struct Reaper {
    resources: Resources,
}

/// What becomes of a tombstone.
enum Then {
    /// Nothing, or what is told of it next.
    Done,
    /// It is looked at again in a while.
    Later,
}

impl Reaper {
    /// One that may do everything.
    pub(crate) fn new(context: &Context, watches: &Arc<Watches>) -> Self {
        let context = Arc::new(Context { authorizers: Arc::new(AllowAll), ..context.clone() });
        Self { resources: Resources::over(&context, Arc::clone(watches)) }
    }

    /// Does it, for as long as this server leads: until it is dropped.
    pub async fn run(self) {
        loop {
            let request = WatchListRequest { r#type: Some(TOMBSTONE.r#type()), ..Default::default() };
            match self.resources.follow(Request::new(request)) {
                Ok(events) => self.heed(events).await,
                Err(status) => {
                    tracing::warn!(text = status.message(), "tombstones of resources cannot be followed; trying again");
                    sleep(SECOND_PASS_DELAY).await;
                }
            }
        }
    }

    /// Looks at each tombstone as it is told of, and again when it is time; until it has to begin anew.
    async fn heed(&self, mut events: Events) {
        // In the order of time, as all wait equally long. No more than there are tombstones, but for those that others change.
        let mut later = VecDeque::<(Instant, Id)>::new();
        loop {
            let due = later.front().map(|(at, _)| *at);
            let id = tokio::select! {
                event = events.next() => match event {
                    Some(Ok(event)) => match event.event {
                        Some(Event::Upsert(upsert)) => upsert.resource.and_then(|tombstone| tombstone.id),
                        _ => None,
                    },
                    _ => return,
                },
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    later.pop_front().map(|(_, id)| id)
                }
            };
            let Some(id) = id else { continue };
            let then = self.look_at(&id).await.unwrap_or_else(|status| {
                tracing::debug!(text = status.message(), name = id.name, "a tombstone has to wait");
                Then::Later
            });
            if let Then::Later = then {
                later.push_back((Instant::now() + SECOND_PASS_DELAY, id));
            }
        }
    }

    async fn look_at(&self, id: &Id) -> Result<Then, Status> {
        // Its name may be longer than what callers may ask for.
        let Ok(tombstone) = self.resources.backend.read(Consistency::Eventual, id).await else {
            return Ok(Then::Done);
        };
        let first_pass = first_pass_at(&tombstone);
        if first_pass.is_some_and(|at| at.elapsed().is_ok_and(|since| since < SECOND_PASS_DELAY)) {
            return Ok(Then::Later);
        }
        let Ok(Tombstone { owner }) = unpack(tombstone.data.as_ref(), TOMBSTONE.message) else {
            return Ok(Then::Done);
        };
        for child in self.resources.backend.list_by_owner(&owner.unwrap_or_default()) {
            let request = DeleteRequest { id: child.id.clone(), version: String::new() };
            self.resources.delete_one(Request::new(request)).await?;
        }
        if first_pass.is_none() {
            return self.note_first_pass(&tombstone).await.map(|()| Then::Done);
        }
        let removed = self.resources.backend.delete_cas(id.clone(), tombstone.version.clone()).await;
        removed.map(|()| Then::Done).map_err(|error| Status::new(Code::Internal, error.to_string()))
    }

    /// The change of the status is told of, so that the tombstone is looked at again.
    async fn note_first_pass(&self, tombstone: &Resource) -> Result<(), Status> {
        let condition = Condition {
            r#type: "FirstPassCompleted".to_owned(),
            state: State::True.into(),
            reason: "Success".to_owned(),
            message: "First pass of child resource deletion completed".to_owned(),
            resource: None,
        };
        let status = ResourceStatus {
            observed_generation: tombstone.generation.clone(),
            conditions: vec![condition],
            updated_at: Some(Timestamp::from(SystemTime::now())),
        };
        let mut noted = tombstone.clone();
        noted.status.insert(STATUS_KEY.to_owned(), status);
        let written = self.resources.backend.write_cas(noted).await;
        written.map(drop).map_err(|error| Status::new(Code::Internal, error.to_string()))
    }
}

/// When those children were removed that there were.
fn first_pass_at(tombstone: &Resource) -> Option<SystemTime> {
    let status = tombstone.status.get(STATUS_KEY)?;
    let done = status.conditions.first()?.state == i32::from(State::True);
    let at = status.updated_at.and_then(|at| SystemTime::try_from(at).ok());
    done.then(|| at.unwrap_or(SystemTime::UNIX_EPOCH))
}

impl std::fmt::Debug for Reaper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reaper")
    }
}
