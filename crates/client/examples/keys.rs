//! Writes, reads and lists keys, and changes one only if nobody else has.
//!
//! `cargo run -p proconsul-client --example keys -- 127.0.0.1:8300`
use anyhow::{Context, Result, ensure};
use proconsul_client::{
    AskQuery, Client, Transport,
    structs::{
        kvs::{DirEntry, KeyListRequest, KeyRequest, KvOp, KvsRequest},
        methods::kvs,
    },
};

#[tokio::main]
async fn main() -> Result<()> {
    let server = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8300".to_owned());
    run(&Client::connect([server], Transport::Plain).await?).await
}

/// Leaves nothing behind.
pub(crate) async fn run(client: &Client) -> Result<()> {
    for (key, value) in [("example/color", "green"), ("example/size", "7")] {
        change(client, KvOp::Set, DirEntry { value: Some(value.into()), ..entry(key) }).await?;
    }

    // Any server may answer, if an old answer will do.
    let request = KeyListRequest { prefix: "example/".into(), ..KeyListRequest::default() };
    let names = client.call::<kvs::ListKeys>(&request.stale()).await?;
    println!("keys: {:?}", names.keys.unwrap_or_default());

    // Change a key if it is as it was read: the reply tells whether it was.
    let read = client.call::<kvs::Get>(&key("example/color").consistent()).await?;
    let mut entry = read.entries.unwrap_or_default().pop().context("the key is gone")?;
    println!("{} = {:?}, changed at {}", entry.key, entry.value, entry.raft_index.modify_index);
    entry.value = Some("blue".into());
    ensure!(change(client, KvOp::Cas, entry.clone()).await?, "somebody else was faster");
    ensure!(!change(client, KvOp::Cas, entry).await?, "a second change with the old index took place");

    change(client, KvOp::DeleteTree, self::entry("example/")).await?;
    let read = client.call::<kvs::Get>(&key("example/color")).await?;
    ensure!(read.entries.is_none(), "the key is still there");
    println!("all removed, as of {}", read.query_meta.index);
    Ok(())
}

async fn change(client: &Client, op: KvOp, dir_ent: DirEntry) -> Result<bool> {
    Ok(client.call::<kvs::Apply>(&KvsRequest { op, dir_ent, ..KvsRequest::default() }).await?)
}

fn entry(key: &str) -> DirEntry {
    DirEntry { key: key.into(), ..DirEntry::default() }
}

fn key(key: &str) -> KeyRequest {
    KeyRequest { key: key.into(), ..KeyRequest::default() }
}
