//! `proconsul bench` against a server of ours: that it does what it says and leaves nothing behind, not how fast.
mod support;

use serde_json::Value;
use support::{Running, code, err, out, run};

/// The rows that a bench printed as JSON.
fn rows(server: &Running, arguments: &[&str]) -> Vec<Value> {
    let address = server.address.to_string();
    let output = run(&[&["bench", &address, "--json"], arguments].concat());
    assert_eq!(code(&output), Some(0), "{}", err(&output));
    out(&output).lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

#[test]
fn every_scenario_runs_and_nothing_of_it_is_left() {
    let server = Running::dev();
    let keys = || server.reply("KVS.ListKeys", "{}")["Keys"].clone();
    let (before, services) = (keys(), server.reply("Catalog.ListServices", "{}")["Services"].clone());
    let rows = rows(&server, &["all", "-n", "100", "-c", "2", "-f", "4", "--duration", "50ms"]);
    let names: Vec<&str> = rows.iter().filter_map(|row| row["scenario"].as_str()).collect();
    for name in [
        "ping", "kv-get", "kv-list", "kv-put", "txn", "services", "health", "register", "load", "parked", "wake",
        "mixed", "snapshot",
    ] {
        assert!(names.contains(&name), "{name}: {names:?}");
    }
    for row in &rows {
        assert!(row["calls"].as_u64() > Some(0) && row["errors"] == 0, "{row}");
    }
    assert_eq!(keys(), before);
    assert_eq!(server.reply("Catalog.ListServices", "{}")["Services"], services);
}

#[test]
fn writes_go_on_at_their_rate_beside_reads() {
    let server = Running::dev();
    let rows = rows(&server, &["mixed", "--rate", "2000", "--duration", "500ms"]);
    let [row] = &rows[..] else { panic!("{rows:?}") };
    // However slow the server is on a busy machine: twice as many writes were made as reads.
    let (reads, seconds) = (row["calls"].as_f64().unwrap_or_default(), row["seconds"].as_f64().unwrap_or_default());
    let writes = row["writes_per_second"].as_f64().unwrap_or_default() * seconds;
    assert!(row["errors"] == 0 && reads > 100.0 && (1.5..2.5).contains(&(writes / reads)), "{row}");
}

#[test]
fn a_store_is_saved_and_restored_whole() {
    let server = Running::dev();
    let set = r#"{"Op": "set", "DirEnt": {"Key": "kept", "Value": "YQ=="}}"#;
    server.reply("KVS.Apply", set);
    let rows = rows(&server, &["snapshot", "-n", "500"]);
    let [row] = &rows[..] else { panic!("{rows:?}") };
    // Each of the keys is more than a hundred bytes in a snapshot.
    assert!(row["state_bytes"].as_u64() > Some(50_000) && row["save_mb_per_second"].as_f64() > Some(0.0), "{row}");
    assert_eq!(server.reply("KVS.Get", r#"{"Key": "kept"}"#)["Entries"][0]["Key"], "kept");
}

#[test]
fn only_a_test_server_is_loaded() {
    // An address for documentation: nobody has it, and it is refused before it is dialled.
    let output = run(&["bench", "192.0.2.1:8300", "ping"]);
    assert_eq!(code(&output), Some(1));
    assert!(err(&output).contains("--remote"), "{}", err(&output));
    let output = run(&["bench", "127.0.0.1:8300", "ping", "--duration", "2m"]);
    assert!(err(&output).contains("at most"), "{}", err(&output));
}
