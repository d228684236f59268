//! `limits.request_limits` of a server that runs: refused, told, and changed by SIGHUP.
mod support;

use std::{fs, thread, time::Duration};

use support::{PROMPTLY, Running, code, err, proconsul};
use tempfile::TempDir;

fn write(folder: &TempDir, mode: &str, read_rate: f64) {
    let text = format!(
        "limits {{\n  request_limits {{\n    mode = {mode:?}\n    read_rate = {read_rate}\n    write_rate = 0\n  }}\n}}\n"
    );
    fs::write(folder.path().join("limits.hcl"), text).expect("a file");
}

fn server(folder: &TempDir) -> Running {
    let line = "server -dev -server-port 0 -grpc-port -1 -admin-port -1 -json -config-file limits.hcl -log-level \
                info,proconsul_layers=debug";
    Running::of(proconsul().current_dir(folder).args(line.split_whitespace()))
}

/// Reads that many times over, until one is refused: how many were answered.
fn reads(server: &Running, at_most: usize) -> usize {
    (0..at_most).take_while(|_| code(&server.call("KVS.Get", READ)) == Some(0)).count()
}

const READ: &str = r#"{"Key": "a"}"#;
const WRITE: &str = r#"{"Op": "set", "DirEnt": {"Key": "a", "Value": "MQ=="}}"#;

#[test]
fn sighup_changes_the_rates_of_a_server_that_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    // A rate below one lets one call through, and the next after a minute and more.
    write(&folder, "enforcing", 0.01);
    let server = server(&folder);
    assert_eq!(reads(&server, 2), 1);
    let said = server.logged("RPC exceeded allowed rate limit");
    for word in ["KVS.Get", "global/read", "limit_enforced=true"] {
        assert!(said.contains(word), "{said}");
    }
    let refused = server.call("KVS.Get", READ);
    assert!(err(&refused).contains("rate limit exceeded, try again later or against a different server"));
    let refused = server.call("KVS.Apply", WRITE);
    assert!(err(&refused).contains("rate limit exceeded for operation that can only be performed by the leader"));
    for _ in 0..5 {
        server.reply("Status.Ping", "{}");
    }

    write(&folder, "permissive", 0.01);
    server.signal("HUP");
    assert!(server.logged("SIGHUP").contains("INFO"));
    assert_eq!(reads(&server, 2), 2);
    assert!(server.logged("RPC exceeded allowed rate limit").contains("limit_enforced=false"));
    server.reply("KVS.Apply", WRITE);

    write(&folder, "strict", 0.01);
    server.signal("HUP");
    assert!(server.logged("SIGHUP").contains("limits.request_limits.mode"), "it is told what is wrong");
    server.reply("KVS.Apply", WRITE);

    write(&folder, "enforcing", 1000.0);
    server.signal("HUP");
    assert!(server.logged("SIGHUP").contains("INFO"));
    assert_eq!(reads(&server, 3), 3, "another rate begins with its whole burst");

    server.signal("USR1");
    let mut told = Vec::new();
    for _ in 0..PROMPTLY.as_millis() / 10 {
        told.extend(server.log_lines().into_iter().filter(|line| line.contains("rpc.rate_limit.exceeded{")));
        if told.len() >= 4 {
            break;
        }
        thread::sleep(Duration::from_millis(10));
    }
    for (mode, op, limit_type) in [
        ("enforcing", "KVS.Apply", "global/write"),
        ("enforcing", "KVS.Get", "global/read"),
        ("permissive", "KVS.Apply", "global/write"),
        ("permissive", "KVS.Get", "global/read"),
    ] {
        let labels = format!("{{limit_type=\"{limit_type}\",mode=\"{mode}\",op=\"{op}\"}}");
        assert!(told.iter().any(|line| line.contains(&labels)), "{labels}: {told:?}");
    }
}
