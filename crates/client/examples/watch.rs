//! Prints what is below a prefix whenever it changes.
//!
//! `cargo run -p proconsul-client --example watch -- 127.0.0.1:8300 config/ 3` ends after three answers; without a number, never.
use std::ops::ControlFlow;

use anyhow::Result;
use proconsul_client::{
    AskQuery, Client, Transport,
    structs::{
        kvs::{IndexedDirEntries, KeyRequest},
        methods::kvs,
    },
};

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let server = arguments.next().unwrap_or_else(|| "127.0.0.1:8300".to_owned());
    let prefix = arguments.next().unwrap_or_default();
    let mut left = arguments.next().map(|count| count.parse::<u64>()).transpose()?;
    let client = Client::connect([server], Transport::Plain).await?;
    run(&client, &prefix, |answer| {
        println!("as of {}:", answer.query_meta.index);
        for entry in answer.entries.iter().flatten() {
            println!("  {} = {:?}", entry.key, entry.value.as_deref().map(String::from_utf8_lossy));
        }
        left = left.map(|left| left.saturating_sub(1));
        if left == Some(0) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .await;
    Ok(())
}

/// Gives every answer to `seen` until that has enough.
pub(crate) async fn run(client: &Client, prefix: &str, mut seen: impl FnMut(IndexedDirEntries) -> ControlFlow<()>) {
    // A server that has lost its leader still answers.
    let request = KeyRequest { key: prefix.into(), ..KeyRequest::default() }.stale();
    let mut watch = client.watch::<kvs::List>(request);
    loop {
        match watch.next().await {
            Ok(answer) => {
                if seen(answer).is_break() {
                    return;
                }
            }
            // The watch goes on: there is only something to say.
            Err(error) => eprintln!("{}", error.in_full()),
        }
    }
}
