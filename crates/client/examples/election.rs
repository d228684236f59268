//! Elects one of those who run this with the same key. Whoever leads does so until it is stopped, or for some seconds.
//!
//! `cargo run -p proconsul-client --example election -- 127.0.0.1:8300 alice 5`
use std::time::Duration;

use anyhow::Result;
use proconsul_client::{
    Client, Session, SessionOptions, Transport,
    structs::{
        catalog::{DeregisterRequest, RegisterRequest},
        methods::catalog,
    },
};
use tokio::time::sleep;

/// The key that the leader holds; its value is the leader's name.
pub(crate) const KEY: &str = "service/example/leader";

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let server = arguments.next().unwrap_or_else(|| "127.0.0.1:8300".to_owned());
    let name = arguments.next().unwrap_or_else(|| format!("candidate-{}", std::process::id()));
    let seconds = arguments.next().map(|count| count.parse::<u64>()).transpose()?;
    let client = Client::connect([server], Transport::Plain).await?;
    run(&client, &name, async || match seconds {
        Some(seconds) => sleep(Duration::from_secs(seconds)).await,
        None => std::future::pending().await,
    })
    .await
}

/// Waits to be elected, leads while `lead` runs and the lock is not lost, and leaves nothing behind but the key.
pub(crate) async fn run(client: &Client, name: &str, lead: impl AsyncFnOnce()) -> Result<()> {
    // A session lives on a node. Whoever has an agent takes that one's; here everyone is a node of its own.
    let node = format!("example-{name}");
    let registration =
        RegisterRequest { node: node.as_str().into(), address: "10.0.0.7".into(), ..RegisterRequest::default() };
    client.call::<catalog::Register>(&registration).await?;

    let options = SessionOptions { name: "example election".into(), ..SessionOptions::default() };
    let session = Session::create(client, node.as_str(), options).await?;
    println!("{name} waits");
    let mut lock = session.lock(KEY, name.to_owned()).await?;
    println!("{name} leads");
    tokio::select! {
        () = lead() => println!("{name} has had enough"),
        // Another one may lead from now on: stop at once.
        () = lock.lost() => println!("{name} was voted out"),
    }
    lock.release().await?;
    session.close().await?;
    client
        .call::<catalog::Deregister>(&DeregisterRequest { node: node.into(), ..DeregisterRequest::default() })
        .await?;
    Ok(())
}
