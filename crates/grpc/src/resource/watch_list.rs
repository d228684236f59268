//! WatchList: resources of one type as they are, and then as they change, until the client goes.
use std::{
    collections::VecDeque,
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use futures_core::Stream;
use proconsul_proto_public::pbresource::{
    Id, Resource, Tenancy, WatchEvent, WatchListRequest,
    watch_event::{Delete, EndOfSnapshot, Event, Upsert},
};
use proconsul_services::Rights;
use proconsul_state::{ResourceChange, ResourceQuery, Snapshot, WILDCARD};
use proconsul_structs::Token;
use tonic::{Code, Request, Status};

use super::{
    Resources,
    list::is_of_version,
    registry::{Registration, Scope, resolve},
    rights::{rights_of, token_of},
    said::{required, status},
    validate,
    watches::{Seat, WATCHES_MAX},
};

/// How many resources of the first answer are taken at a time. Between two lots other calls have their turn.
const LOT: usize = 64;

/// What a client is told that has to ask again from the start.
const CLOSED: &str = "watch closed by the storage backend (possibly due to snapshot restoration)";

impl Resources {
    pub(super) fn follow(&self, request: Request<WatchListRequest>) -> Result<Events, Status> {
        let (metadata, _, WatchListRequest { r#type, tenancy, name_prefix }) = request.into_parts();
        let r#type = r#type.ok_or_else(|| required("type"))?;
        let kind = resolve(&r#type)?;
        let mut tenancy = tenancy.unwrap_or_else(|| everywhere(kind.scope));
        validate::wildcard_tenancy(&tenancy, &name_prefix)?;
        validate::scoped_tenancy(kind.scope, &r#type, &tenancy, true)?;
        let token = token_of(&metadata);
        kind.may_list(&rights_of(&self.backend.context, &token)?)?;
        validate::fill_in(kind.scope, &mut tenancy);

        let seat = self.watches.take_seat(ResourceQuery::new(&r#type, &tenancy, &name_prefix));
        let seat = seat.ok_or_else(|| {
            status(Code::ResourceExhausted, format_args!("{WATCHES_MAX} lists of resources are followed already"))
        })?;
        let first = First { at: self.backend.snapshot(), last: None, lot: VecDeque::new() };
        Ok(Events { resources: self.clone(), kind, token, seat, phase: Phase::First(first) })
    }
}

/// The whole of a scope.
fn everywhere(scope: Scope) -> Tenancy {
    let (partition, namespace) = match scope {
        Scope::Cluster => ("", ""),
        Scope::Partition => (WILDCARD, ""),
        Scope::Namespace | Scope::Undefined => (WILDCARD, WILDCARD),
    };
    Tenancy { partition: partition.to_owned(), namespace: namespace.to_owned() }
}

/// The answer, event by event.
pub(crate) struct Events {
    resources: Resources,
    kind: &'static Registration,
    token: Token,
    seat: Seat,
    phase: Phase,
}

enum Phase {
    /// What there is.
    First(First),
    /// What happened since the entry with this index.
    Then(u64),
    /// Its end has been told.
    Over,
}

struct First {
    at: Arc<Snapshot>,
    /// The last that was taken.
    last: Option<Id>,
    /// Taken, and not told yet.
    lot: VecDeque<Arc<Resource>>,
}

impl First {
    /// The next resource, if it is at hand.
    fn next(&mut self) -> Option<Arc<Resource>> {
        self.lot.pop_front()
    }

    /// Takes the next lot. False when there is none.
    fn take(&mut self, query: &ResourceQuery) -> bool {
        self.lot = self.at.resources_behind(query, self.last.as_ref()).take(LOT).cloned().collect();
        if let Some(last) = self.lot.back() {
            self.last.clone_from(&last.id);
        }
        !self.lot.is_empty()
    }
}

impl Events {
    /// Whether the client may see a resource, by what its token is good for now.
    fn is_seen(&self, resource: &Resource) -> Result<bool, Status> {
        if !is_of_version(resource, self.kind) {
            return Ok(false);
        }
        let rights: Rights = rights_of(&self.resources.backend.context, &self.token)?;
        self.kind.is_seen(&rights, resource)
    }

    fn next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Event, Status>>> {
        for _ in 0..LOT {
            if matches!(self.phase, Phase::Over) {
                return Poll::Ready(None);
            }
            if self.seat.is_over() {
                return Poll::Ready(Some(Err(status(Code::Aborted, CLOSED))));
            }
            let (what, resource) = match &mut self.phase {
                Phase::Over => return Poll::Ready(None),
                Phase::First(first) => match first.next() {
                    Some(resource) => (ResourceChange::Written, resource),
                    None if first.take(self.seat.query()) => continue,
                    None => {
                        self.phase = Phase::Then(first.at.index);
                        return Poll::Ready(Some(Ok(Event::EndOfSnapshot(EndOfSnapshot {}))));
                    }
                },
                Phase::Then(since) => {
                    let since = *since;
                    match self.seat.poll_next(cx) {
                        Poll::Pending => return Poll::Pending,
                        Poll::Ready(None) => continue,
                        Poll::Ready(Some(queued)) if queued.event.index <= since => continue,
                        Poll::Ready(Some(queued)) => (queued.event.what, Arc::clone(&queued.event.resource)),
                    }
                }
            };
            match self.is_seen(&resource) {
                Ok(false) => {}
                Ok(true) => return Poll::Ready(Some(Ok(event(what, resource)))),
                Err(status) => return Poll::Ready(Some(Err(status))),
            }
        }
        // There may be more; others first.
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

fn event(what: ResourceChange, resource: Arc<Resource>) -> Event {
    let resource = Some(Arc::unwrap_or_clone(resource));
    match what {
        ResourceChange::Written => Event::Upsert(Upsert { resource }),
        ResourceChange::Removed => Event::Delete(Delete { resource }),
    }
}

impl Stream for Events {
    type Item = Result<WatchEvent, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = self.next(cx);
        if let Poll::Ready(Some(Err(_))) = &next {
            self.phase = Phase::Over;
        }
        next.map_ok(|event| WatchEvent { event: Some(event) })
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").field("query", self.seat.query()).finish_non_exhaustive()
    }
}
