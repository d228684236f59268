//! `proconsul rpc call --watch`: a query that is asked again whenever there is news.
use std::{
    hash::{BuildHasher, RandomState},
    time::Instant,
};

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use proconsul_client::{Heard, WatchOptions, Watching};
use proconsul_msgpack::Value as Wire;
use proconsul_structs::{query::QueryMeta, registry};
use tokio::{
    signal::unix::{SignalKind, signal},
    time::sleep,
};

use super::{body, call::Call, exchange::Session};

/// Asks until SIGINT or SIGTERM, or until nobody reads any more what is printed.
///
/// # Errors
/// The first question failed. What fails later is told on the standard error, and asked again after a pause.
pub(super) async fn run(call: Call<'_>) -> Result<()> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::select! {
        ended = watch(call) => ended,
        _ = interrupt.recv() => Ok(()),
        _ = terminate.recv() => Ok(()),
    }
}

async fn watch(mut call: Call<'_>) -> Result<()> {
    let contents = Contents::of(call.row.reply)?;
    let random = RandomState::new();
    let mut watching = Watching::new(WatchOptions::default().backoff, false);
    let mut session = None;
    let mut has_answered = false;
    for turn in 0_u64.. {
        // What the request says itself is where the first question begins.
        let index = if has_answered { watching.index() } else { call.waits_after() };
        call.wait_after(index);
        let began = Instant::now();
        match ask(&call, &mut session, index).await {
            Ok(reply) => {
                has_answered = true;
                let (meta, content) = contents.parts(&reply, &random)?;
                if watching.answered(&meta, content, began.elapsed()) == Heard::News && !call.print(&reply)? {
                    return Ok(());
                }
            }
            Err(error) if !has_answered => return Err(error),
            Err(error) => {
                session = None;
                watching.failed();
                let pause = watching.pause(random.hash_one(turn));
                eprintln!("Error: {error:#}; asking again in {:.1} s", pause.as_secs_f64());
                sleep(pause).await;
                continue;
            }
        }
        sleep(watching.pause(random.hash_one(turn))).await;
    }
    Ok(())
}

/// One question, on the connection that there is or on a new one.
async fn ask<'a>(call: &Call<'a>, session: &mut Option<Session<'a>>, index: u64) -> Result<Bytes> {
    let request = call.encoded()?;
    call.in_time(index, async {
        let open = match session.take() {
            Some(open) => open,
            None => Session::open(call.arguments).await?,
        };
        session.insert(open).call(&request).await
    })
    .await
}

/// What tells the contents of a method's replies apart.
struct Contents {
    reply: &'static registry::TypeRow,
    /// Keys of the facts of a query, which differ from answer to answer.
    facts: Vec<&'static str>,
}

impl Contents {
    fn of(reply: &str) -> Result<Self> {
        let row = registry::find(reply).with_context(|| format!("there is nothing known about {reply}"))?;
        let facts = body::fields("structs.QueryMeta").context("there is nothing known about the facts of a query")?;
        let Some(fields) = body::fields_of((row.shape)()).filter(|fields| fields.get("Index").is_some()) else {
            bail!("{reply} has no Index to wait for the next with");
        };
        let facts = facts.fields.iter().map(|field| field.key).filter(|key| fields.get(key).is_some()).collect();
        Ok(Self { reply: row, facts })
    }

    /// The facts of a query, and a hash of what it found.
    fn parts(&self, reply: &[u8], hasher: &RandomState) -> Result<(QueryMeta, u64)> {
        // A server of Go's writes its maps in any order; written again by us, the same content is the same bytes.
        let sorted = (self.reply.recode)(reply).context("the answer cannot be read (--raw prints it as it came)")?;
        let meta: QueryMeta = proconsul_msgpack::from_slice(&sorted)?;
        let Wire::Map(mut fields) = proconsul_msgpack::from_slice(&sorted)? else { bail!("the answer has no fields") };
        fields.retain(|(key, _)| !self.facts.iter().any(|fact| key.as_bytes() == fact.as_bytes()));
        Ok((meta, hasher.hash_one(proconsul_msgpack::to_vec(&Wire::Map(fields))?)))
    }
}

impl Call<'_> {
    /// Waits for news after an index from now on.
    fn wait_after(&mut self, index: u64) {
        if let Some(request) = self.request.as_object_mut() {
            request.insert("MinQueryIndex".to_owned(), index.into());
        }
    }
}
