//! What belonged to a resource goes with it.
use std::time::Duration;

use tokio::{task::JoinHandle, time::sleep};

use super::*;
use crate::resource::{Reaper, SECOND_PASS_DELAY, reaper::STATUS_KEY};

fn leading(world: &World) -> JoinHandle<()> {
    tokio::spawn(Reaper::new(&world.context, &world.watches).run())
}

/// Lets the reaper do what it has to do at once.
async fn a_while() {
    sleep(Duration::from_millis(500)).await;
}

async fn everything(world: &World) -> Vec<String> {
    let mut all = Vec::new();
    for kind in [artist(), album(), kind("internal", "v1", "Tombstone")] {
        all.extend(world.list(kind, tenancy("*", "*"), "").await.unwrap().iter().map(|found| {
            let name = id_of(found).name;
            name.split_at_checked("tombstone-a".len()).map_or(name.clone(), |(start, _)| start.to_owned())
        }));
    }
    all
}

/// The pass is as old as the status says: as if the server had stood still so long.
async fn grow_old(world: &World) {
    for mut tombstone in world.list(kind("internal", "v1", "Tombstone"), tenancy("*", "*"), "").await.unwrap() {
        let status = tombstone.status.get_mut(STATUS_KEY).expect("it has come so far");
        status.updated_at.as_mut().unwrap().seconds -= SECOND_PASS_DELAY.as_secs() as i64 + 1;
        let request = proconsul_proto::pbstorage::WriteRequest { resource: Some(tombstone) };
        let forwarding = world.forwarding();
        proconsul_proto::pbstorage::forwarding_service_server::ForwardingService::write(
            &forwarding,
            Request::new(request),
        )
        .await
        .unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn children_go_at_once_later_ones_later_and_the_tombstone_last() {
    let world = World::new();
    let reaping = leading(&world);
    let owner = world.write(an_artist("a")).await.unwrap();
    world.write(an_album("x", owner.id.clone())).await.unwrap();
    world.write(an_album("z", None)).await.unwrap();
    world.delete(id_of(&owner), "").await.unwrap();
    a_while().await;
    let left = everything(&world).await;
    assert_eq!(left, ["z", "tombstone-a", "tombstone-x"]);
    // Somebody who did not know.
    world.write(an_album("y", owner.id.clone())).await.unwrap();
    a_while().await;
    assert!(everything(&world).await.contains(&"y".to_owned()));
    // Another leader goes on.
    reaping.abort();
    grow_old(&world).await;
    let _reaping = leading(&world);
    a_while().await;
    let left = everything(&world).await;
    assert_eq!(left, ["z", "tombstone-y"], "a child leaves one too");
    grow_old(&world).await;
    a_while().await;
    assert_eq!(everything(&world).await, ["z"]);
}
