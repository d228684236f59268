//! Reads that wait.
use std::time::Duration;

use proconsul_proto::pbpeering::PeeringReadRequest;
use tokio::{task::JoinHandle, time::Instant};

use super::*;
use crate::alone;

struct World {
    service: Peerings,
    news: Arc<News>,
}

impl World {
    fn new() -> Self {
        let (context, news) = (alone::context(), Arc::new(News::default()));
        context.store.follow(&news);
        Self { service: Peerings::new(&context, &news), news }
    }

    async fn write(&self, name: &str) {
        let held = self.service.stored(name).map(|held| held.id.clone());
        let id = held.unwrap_or_else(|| Uuid::new_v4().to_string());
        let peering = Peering { id, name: name.to_owned(), ..Peering::default() };
        let request = PeeringWriteRequest { peering: Some(peering), ..PeeringWriteRequest::default() };
        self.service.write(&request).await.expect("it is written");
    }

    /// Reads a peering, past an index, for so long.
    fn read(&self, name: &str, past: u64, wait: &str) -> JoinHandle<(u64, bool)> {
        let mut request = Request::new(PeeringReadRequest { name: name.to_owned(), ..PeeringReadRequest::default() });
        request.metadata_mut().insert("min-query-index", past.into());
        request.metadata_mut().insert("max-query-time", wait.parse().expect("a value"));
        let service = self.service.clone();
        tokio::spawn(async move {
            let response = service.peering_read(request).await.expect("an answer");
            let index = response.metadata().get("index").and_then(|index| index.to_str().ok()?.parse().ok());
            (index.expect("an index"), response.get_ref().peering.is_some())
        })
    }

    /// Waits until so many reads do.
    async fn until_waiting(&self, count: usize) {
        while self.news.len() != count {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_past_an_index_waits_for_its_change() {
    let world = World::new();
    world.write("a").await;
    let (index, there) = world.read("a", 0, "0s").await.expect("an answer");
    assert!(there);
    assert_eq!(world.read("a", index - 1, "10s").await.expect("an answer"), (index, true), "that is news already");
    let waits = world.read("a", index, "10s");
    world.until_waiting(1).await;
    world.write("a").await;
    assert_eq!(waits.await.expect("an answer"), (index + 1, true));
    world.until_waiting(0).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_not_there_is_waited_for_though_others_come() {
    let world = World::new();
    world.write("other").await;
    let waits = world.read("absent", 1_000, "10s");
    world.until_waiting(1).await;
    world.write("others").await;
    world.until_waiting(1).await;
    assert!(!waits.is_finished());
    let (before, _) = world.read("absent", 0, "0s").await.expect("an answer");
    drop(waits);
    let waits = world.read("absent", before, "10s");
    world.until_waiting(2).await;
    world.write("more").await;
    tokio::task::yield_now().await;
    assert!(!waits.is_finished(), "that it is still not there is no news");
    world.write("Absent").await;
    let (index, there) = waits.await.expect("an answer");
    assert!(there && index > before);
}

#[tokio::test(start_paused = true)]
async fn a_wait_ends_with_its_time_and_with_the_server_and_leaves_nothing() {
    let world = World::new();
    world.write("a").await;
    let begun = Instant::now();
    let (index, _) = world.read("a", 1_000, "10s").await.expect("an answer");
    let took = begun.elapsed();
    assert!(index < 1_000 && (Duration::from_secs(10)..Duration::from_secs(11)).contains(&took), "{took:?}");
    let gone = world.read("a", 1_000, "10s");
    world.until_waiting(1).await;
    gone.abort();
    world.until_waiting(0).await;
    let waits = world.read("a", 1_000, "600s");
    world.until_waiting(1).await;
    let begun = Instant::now();
    world.news.end_all();
    assert_eq!(waits.await.expect("an answer"), (index, true));
    assert_eq!(begun.elapsed(), Duration::ZERO);
    assert_eq!(world.read("a", 1_000, "600s").await.expect("an answer"), (index, true), "nobody waits from now on");
}
