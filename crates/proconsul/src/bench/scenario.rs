//! What there is to do: one table.
use anyhow::{Result, anyhow};
use bytes::Bytes;
use clap::builder::PossibleValuesParser;
use proconsul_client::{CallOptions, Client};
use proconsul_structs::{
    Method,
    catalog::{DeregisterRequest, RegisterRequest, ServiceSpecificRequest},
    check::HealthCheck,
    kvs::{DirEntry, KeyRequest, KvOp, KvsRequest},
    methods::{catalog, health, kvs, status, txn},
    node::Node,
    service::NodeService,
    status::EmptyReadRequest,
    txn::{TxnKvOp, TxnOp, TxnRequest},
};
use proconsul_types::MethodRow;
use serde::Serialize;

/// What all names that a scenario writes begin with.
pub(super) const PREFIX: &str = "proconsul-bench";
/// Instances of the service that is asked for.
const INSTANCES: u32 = 100;
/// Keys of the list that is asked for.
const LISTED: u32 = 1000;
/// Bytes of a small value.
const SMALL: usize = 64;
/// Bytes of a large one.
const LARGE: usize = 64 * 1024;
/// Different keys that writes go to.
const WRITTEN_KEYS: u64 = 1024;

/// How a scenario is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Calls one after another for a time.
    Calls,
    /// So many keys are written, once.
    Keys,
    /// So many queries wait, and another key is written.
    Parked,
    /// So many queries wait, and are woken by one write.
    Wake,
    /// Reads and writes come at their rates, for a time.
    Mixed,
    /// So many keys are written, and the store is saved and restored.
    Snapshot,
}

/// A row of the table.
pub(super) struct Scenario {
    pub(super) name: &'static str,
    pub(super) what: &'static str,
    pub(super) kind: Kind,
    pub(super) row: &'static MethodRow,
    /// The request with this number.
    request: fn(u64) -> Result<Bytes>,
    /// What is there before.
    needs: Needs,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Needs {
    Nothing,
    Key(usize),
    Keys,
    Service,
}

/// Every scenario, in the order of `all`.
pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "ping",
        what: "Status.Ping",
        kind: Kind::Calls,
        row: status::Ping::ROW,
        request: |_| encoded(&EmptyReadRequest::default()),
        needs: Needs::Nothing,
    },
    Scenario {
        name: "kv-get",
        what: "KVS.Get of 64 bytes",
        kind: Kind::Calls,
        row: kvs::Get::ROW,
        request: |_| get("key"),
        needs: Needs::Key(SMALL),
    },
    Scenario {
        name: "kv-get-64k",
        what: "KVS.Get of 64 KiB",
        kind: Kind::Calls,
        row: kvs::Get::ROW,
        request: |_| get("key"),
        needs: Needs::Key(LARGE),
    },
    Scenario {
        name: "kv-list",
        what: "KVS.List of 1,000 keys",
        kind: Kind::Calls,
        row: kvs::List::ROW,
        request: |_| get("listed/"),
        needs: Needs::Keys,
    },
    Scenario {
        name: "kv-put",
        what: "KVS.Apply of 64 bytes to 1,024 keys in turn",
        kind: Kind::Calls,
        row: kvs::Apply::ROW,
        request: other_write,
        needs: Needs::Nothing,
    },
    Scenario {
        name: "txn",
        what: "Txn.Apply of four sets",
        kind: Kind::Calls,
        row: txn::Apply::ROW,
        request: four_sets,
        needs: Needs::Nothing,
    },
    Scenario {
        name: "services",
        what: "Catalog.ServiceNodes of 100 instances",
        kind: Kind::Calls,
        row: catalog::ServiceNodes::ROW,
        request: |_| service(),
        needs: Needs::Service,
    },
    Scenario {
        name: "health",
        what: "Health.ServiceNodes of 100 instances",
        kind: Kind::Calls,
        row: health::ServiceNodes::ROW,
        request: |_| service(),
        needs: Needs::Service,
    },
    Scenario {
        name: "register",
        what: "Catalog.Register of 100 instances in turn, each time with another port",
        kind: Kind::Calls,
        row: catalog::Register::ROW,
        request: |n| encoded(&registration((n % u64::from(INSTANCES)) as u32, n)),
        needs: Needs::Service,
    },
    Scenario {
        name: "load",
        what: "-n keys of 64 bytes are written (100,000), and what they take in memory (--pid)",
        kind: Kind::Keys,
        row: kvs::Apply::ROW,
        request: |n| set(&format!("load/{n:08}"), value(SMALL, n)),
        needs: Needs::Nothing,
    },
    Scenario {
        name: "parked",
        what: "-n queries wait for as many keys (10,000): what they take in memory (--pid), and a write that concerns none",
        kind: Kind::Parked,
        row: kvs::Get::ROW,
        request: |n| get(&format!("parked/{n:08}")),
        needs: Needs::Nothing,
    },
    Scenario {
        name: "wake",
        what: "-n queries wait for one key (10,000), and are woken by one write",
        kind: Kind::Wake,
        row: kvs::Get::ROW,
        request: |_| get("key"),
        needs: Needs::Key(SMALL),
    },
    Scenario {
        name: "mixed",
        what: "KVS.Get of one key, 1,000 a second, while --rate writes of other keys a second go on",
        kind: Kind::Mixed,
        row: kvs::Get::ROW,
        request: |_| get("key"),
        needs: Needs::Key(SMALL),
    },
    Scenario {
        name: "snapshot",
        what: "-n keys of 64 bytes are written (100,000), then the whole store is saved and what was saved restored",
        kind: Kind::Snapshot,
        row: kvs::Apply::ROW,
        request: |n| set(&format!("load/{n:08}"), value(SMALL, n)),
        needs: Needs::Nothing,
    },
];

/// Names, for the command line.
pub(super) fn names() -> PossibleValuesParser {
    SCENARIOS.iter().map(|scenario| scenario.name).chain(["all"]).collect::<Vec<_>>().into()
}

/// The table, for `--help`.
pub(super) fn help() -> String {
    let rows = SCENARIOS.iter().map(|scenario| format!("\n  {:<12}{}", scenario.name, scenario.what));
    format!("Scenarios:{}", rows.collect::<String>())
}

/// What was named.
pub(super) fn chosen(name: &str) -> impl Iterator<Item = &'static Scenario> {
    SCENARIOS.iter().filter(move |scenario| name == "all" || scenario.name == name)
}

impl Scenario {
    /// The request with this number, encoded.
    ///
    /// # Errors
    /// It has no encoding.
    pub(super) fn request(&self, number: u64) -> Result<Bytes> {
        (self.request)(number)
    }

    /// Writes what is to be there first.
    ///
    /// # Errors
    /// The server refuses it.
    pub(super) async fn prepare(&self, client: &Client) -> Result<()> {
        match self.needs {
            Needs::Nothing => {}
            Needs::Key(bytes) => write(client, kvs::Apply::ROW, &set("key", value(bytes, 0))?).await?,
            Needs::Keys => {
                for n in 0..LISTED {
                    write(client, kvs::Apply::ROW, &set(&format!("listed/{n:04}"), value(SMALL, 0))?).await?;
                }
            }
            Needs::Service => {
                for n in 0..INSTANCES {
                    write(client, catalog::Register::ROW, &encoded(&registration(n, 0))?).await?;
                }
            }
        }
        Ok(())
    }

    /// Takes away what was written.
    ///
    /// # Errors
    /// The server refuses it.
    pub(super) async fn sweep(&self, client: &Client) -> Result<()> {
        let tree = KvsRequest {
            op: KvOp::DeleteTree,
            dir_ent: DirEntry { key: format!("{PREFIX}/").into(), ..DirEntry::default() },
            ..KvsRequest::default()
        };
        write(client, kvs::Apply::ROW, &encoded(&tree)?).await?;
        if self.needs == Needs::Service {
            for n in 0..INSTANCES {
                let node = DeregisterRequest { node: node(n).node, ..DeregisterRequest::default() };
                write(client, catalog::Deregister::ROW, &encoded(&node)?).await?;
            }
        }
        Ok(())
    }
}

/// Calls once, whatever comes of it.
pub(super) const ONCE: CallOptions = CallOptions { timeout: None, once: true };

async fn write(client: &Client, row: &'static MethodRow, request: &[u8]) -> Result<()> {
    client.call_raw(row, request, ONCE).await.map_err(|error| anyhow!("{}", error.in_full()))?;
    Ok(())
}

fn encoded(request: &impl Serialize) -> Result<Bytes> {
    Ok(proconsul_msgpack::to_vec(request)?.into())
}

/// The write with this number of those that go on beside reads.
pub(super) fn other_write(number: u64) -> Result<Bytes> {
    set(&format!("put/{}", number % WRITTEN_KEYS), value(SMALL, number))
}

fn value(bytes: usize, number: u64) -> Bytes {
    let mut value = vec![b'v'; bytes];
    value.splice(..8.min(bytes), number.to_be_bytes());
    value.into()
}

fn get(key: &str) -> Result<Bytes> {
    encoded(&key_request(key, 0))
}

/// A read of one key or prefix that waits for news after an index.
pub(super) fn key_request(key: &str, past: u64) -> KeyRequest {
    let mut request = KeyRequest { key: format!("{PREFIX}/{key}").into(), ..KeyRequest::default() };
    request.query_options.min_query_index = past;
    request
}

/// A write of one key.
pub(super) fn set(key: &str, value: Bytes) -> Result<Bytes> {
    let dir_ent = DirEntry { key: format!("{PREFIX}/{key}").into(), value: Some(value), ..DirEntry::default() };
    encoded(&KvsRequest { op: KvOp::Set, dir_ent, ..KvsRequest::default() })
}

fn four_sets(number: u64) -> Result<Bytes> {
    let set = |n: u64| TxnOp {
        kv: Some(Box::new(TxnKvOp {
            verb: KvOp::Set,
            dir_ent: DirEntry {
                key: format!("{PREFIX}/txn/{}", n % WRITTEN_KEYS).into(),
                value: Some(value(SMALL, n)),
                ..DirEntry::default()
            },
        })),
        ..TxnOp::default()
    };
    let ops = (0..4).map(|n| set(number * 4 + n)).collect();
    encoded(&TxnRequest { ops: Some(ops), ..TxnRequest::default() })
}

fn service() -> Result<Bytes> {
    encoded(&ServiceSpecificRequest { service_name: PREFIX.into(), ..ServiceSpecificRequest::default() })
}

fn node(number: u32) -> Node {
    let [_, _, high, low] = number.to_be_bytes();
    Node {
        node: format!("{PREFIX}-{number:03}").into(),
        address: format!("10.77.{high}.{low}").into(),
        ..Node::default()
    }
}

fn registration(number: u32, change: u64) -> RegisterRequest {
    let Node { node, address, .. } = node(number);
    let check = |id: &str, service: &str| HealthCheck {
        node: node.clone(),
        check_id: id.into(),
        name: id.into(),
        status: "passing".into(),
        service_id: service.into(),
        ..HealthCheck::default()
    };
    RegisterRequest {
        node: node.clone(),
        address,
        service: Some(NodeService {
            id: PREFIX.into(),
            service: PREFIX.into(),
            tags: Some(vec!["primary".into(), "v1".into()]),
            port: 8000 + (change % 1000) as i64,
            ..NodeService::default()
        }),
        checks: Some(vec![check("serfHealth", ""), check("service", PREFIX)]),
        ..RegisterRequest::default()
    }
}

/// Whether a server's table of methods has all of them.
#[cfg(test)]
mod tests {
    use proconsul_structs::METHODS;

    use super::*;

    #[test]
    fn every_scenario_has_a_name_of_its_own_and_a_request_of_its_method() {
        let names: std::collections::BTreeSet<_> = SCENARIOS.iter().map(|scenario| scenario.name).collect();
        assert_eq!(names.len(), SCENARIOS.len());
        for scenario in SCENARIOS {
            assert!(METHODS.iter().any(|row| row.name == scenario.row.name));
            let request = scenario.request(77).expect("it has an encoding");
            let find = proconsul_structs::registry::find(scenario.row.arg).expect("a known structure");
            (find.recode)(&request).unwrap_or_else(|error| panic!("{}: {error}", scenario.name));
        }
    }
}
