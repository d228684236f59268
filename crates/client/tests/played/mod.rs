//! A cluster of servers with one state, played: it answers reads of a key as Consul does, and fails as it is told.
use std::{io, sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use proconsul_client::{
    Dialler, Io,
    structs::{
        kvs::{DirEntry, IndexedDirEntries, KeyRequest},
        query::QueryMeta,
    },
};
use proconsul_msgpack::{Scan, Scanner};
use proconsul_mux::{
    Route,
    driver::dial::{Cause, DialError, Step},
};
use proconsul_netrpc::{read_request_header, write_error, write_response_header};
use proconsul_yamux::{Config, Connection, Side, Stream};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, duplex},
    sync::{Notify, watch},
    time::{sleep, timeout},
};

/// What there is to read: the flags of the only key, and the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct World {
    pub(crate) index: u64,
    pub(crate) content: u64,
}

/// What a server does in place of answering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Answers(&'static str),
    ClosesTheConnection,
    ClosesTheStream,
    ClosesTheStreamAfterAnswering,
    SaysNothing,
    RefusesConnections,
}

#[derive(Clone)]
pub(crate) struct Played(Arc<Inner>);

struct Inner {
    world: watch::Sender<World>,
    told: parking_lot::Mutex<Told>,
}

#[derive(Default)]
struct Told {
    always: Option<Fault>,
    once: Option<Fault>,
    waits: bool,
    leaves_out: bool,
    asked: Vec<u64>,
    written: usize,
    dialled: Vec<String>,
    /// Streams that are open, and how many ever were.
    streams: (usize, usize),
}

impl Played {
    pub(crate) fn new(world: World) -> Self {
        let told = Told { waits: true, ..Told::default() };
        Self(Arc::new(Inner { world: watch::Sender::new(world), told: told.into() }))
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut World)) {
        self.0.world.send_modify(change);
    }

    pub(crate) fn always(&self, fault: Option<Fault>) {
        self.0.told.lock().always = fault;
    }

    pub(crate) fn once(&self, fault: Fault) {
        self.0.told.lock().once = Some(fault);
    }

    pub(crate) fn does_not_wait(&self) {
        self.0.told.lock().waits = false;
    }

    pub(crate) fn leaves_out_what_is_known(&self) {
        self.0.told.lock().leaves_out = true;
    }

    /// The index of every question so far.
    pub(crate) fn asked(&self) -> Vec<u64> {
        self.0.told.lock().asked.clone()
    }

    /// How many writes have come.
    pub(crate) fn written(&self) -> usize {
        self.0.told.lock().written
    }

    pub(crate) fn dialled(&self) -> Vec<String> {
        self.0.told.lock().dialled.clone()
    }

    /// How many streams are open, and how many ever were.
    pub(crate) fn streams(&self) -> (usize, usize) {
        self.0.told.lock().streams
    }

    fn fault(&self) -> Option<Fault> {
        let mut told = self.0.told.lock();
        told.once.take().or(told.always)
    }

    /// Serves one connection until the peer goes or a fault ends it.
    async fn serve(self, io: tokio::io::DuplexStream) {
        let (control, mut incoming, driver) = Connection::new(io, Side::Server, Config::default());
        let closes = Arc::new(Notify::new());
        let accepting = async {
            while let Some(stream) = incoming.accept().await {
                let (played, closes) = (self.clone(), Arc::clone(&closes));
                tokio::spawn(async move {
                    let opened = |now: isize| {
                        let mut told = played.0.told.lock();
                        told.streams.0 = told.streams.0.saturating_add_signed(now);
                        told.streams.1 += usize::from(now > 0);
                    };
                    opened(1);
                    played.clone().serve_stream(stream, closes).await;
                    opened(-1);
                });
            }
        };
        tokio::select! {
            _ = driver => {}
            () = async { accepting.await; control.closed().await } => {}
            // Dropped without a word.
            () = closes.notified() => {}
        }
    }

    async fn serve_stream(self, mut stream: Stream, closes: Arc<Notify>) {
        let mut input = Vec::new();
        loop {
            let Some(header) = value(&mut stream, &mut input).await else { return };
            let Some(body) = value(&mut stream, &mut input).await else { return };
            let (header, _) = read_request_header(&header).expect("a header").expect("all of it");
            let is_write = &*header.method == b"KVS.Apply";
            let request: KeyRequest = match is_write {
                true => KeyRequest::default(),
                false => proconsul_msgpack::from_slice(&body).expect("a request"),
            };
            let index = request.query_options.min_query_index;
            {
                let mut told = self.0.told.lock();
                told.written += usize::from(is_write);
                if !is_write {
                    told.asked.push(index);
                }
            }
            let mut out = Vec::new();
            let mut fault = self.fault();
            if fault.is_none() && !is_write {
                self.wait(&request).await;
                // What happens while it waits happens to it.
                fault = self.fault();
            }
            match fault {
                Some(Fault::Answers(text)) => write_error(&mut out, text.as_bytes(), header.seq, &header.method),
                Some(Fault::ClosesTheConnection) => return closes.notify_one(),
                Some(Fault::ClosesTheStream) => return,
                Some(Fault::SaysNothing | Fault::RefusesConnections) => std::future::pending().await,
                None | Some(Fault::ClosesTheStreamAfterAnswering) => {
                    write_response_header(&mut out, b"", header.seq, &header.method);
                    match is_write {
                        true => out.push(0xc3),
                        false => proconsul_msgpack::encode_into(&mut out, &self.answer(index)).expect("an answer"),
                    }
                }
            }
            let is_last = fault == Some(Fault::ClosesTheStreamAfterAnswering);
            if stream.write_all(&out).await.is_err() || is_last {
                return;
            }
        }
    }

    async fn wait(&self, request: &KeyRequest) {
        let options = &request.query_options;
        let waits = options.min_query_index > 0 && self.0.told.lock().waits;
        let most = if waits { options.max_query_time.positive().expect("a wait") } else { Duration::ZERO };
        let mut world = self.0.world.subscribe();
        let index = options.min_query_index;
        let _ = timeout(most, world.wait_for(|world| world.index > index)).await;
    }

    fn answer(&self, asked: u64) -> IndexedDirEntries {
        let World { index, content } = *self.0.world.borrow();
        let not_modified = self.0.told.lock().leaves_out && asked == index;
        let entries = (!not_modified).then(|| vec![DirEntry { flags: content, ..DirEntry::default() }]);
        IndexedDirEntries { entries, query_meta: QueryMeta { index, not_modified, ..QueryMeta::default() } }
    }
}

/// Reads one msgpack value; `None` at the end.
async fn value(stream: &mut Stream, input: &mut Vec<u8>) -> Option<Vec<u8>> {
    loop {
        if let Scan::Complete { used } = Scanner::new().feed(input).expect("msgpack") {
            let rest = input.split_off(used);
            return Some(std::mem::replace(input, rest));
        }
        if stream.read_buf(input).await.ok()? == 0 {
            return None;
        }
    }
}

impl Dialler for Played {
    fn dial<'a>(&'a self, server: &'a str, _: Route) -> BoxFuture<'a, Result<Box<dyn Io>, DialError>> {
        Box::pin(async move {
            self.0.told.lock().dialled.push(server.to_owned());
            sleep(Duration::from_millis(1)).await;
            if self.0.told.lock().always == Some(Fault::RefusesConnections) {
                let cause = Cause::Io(io::ErrorKind::ConnectionRefused.into());
                return Err(DialError { server: server.to_owned(), step: Step::Connect, cause });
            }
            let (here, there) = duplex(64 * 1024);
            tokio::spawn(self.clone().serve(there));
            Ok(Box::new(here) as Box<dyn Io>)
        })
    }
}
