//! `proconsul snapshot`: files of Consul's and of ours, looked into, saved and restored.
mod support;

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use serde_json::Value;
use support::{Running, code, err, out, run};
use tempfile::TempDir;

const RICH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden/snapshots/rich.snap");

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn a_file_of_consuls_is_shown_as_consul_shows_it() {
    let output = run(&["snapshot", "inspect", RICH]);
    assert_eq!(code(&output), Some(0), "{}", err(&output));
    let text = out(&output);
    let begin = " ID           2-103-1795363072553\n Size         35378\n Index        103\n Term         2\n Version      1\n\n Type";
    assert!(text.starts_with(begin), "{text}");
    assert!(text.contains("\n Register                    24         15.5KB\n"), "{text}");
    assert!(text.ends_with(" Total                                  34.5KB\n"), "{text}");

    let by_key = run(&["snapshot", "inspect", "-kvdetails", "-kvdepth", "2", "-kvfilter", "app/1/", "--json", RICH]);
    let shown = parsed(&out(&by_key));
    assert_eq!(shown["Meta"]["Index"], 103);
    assert_eq!(shown["TotalSize"], 35378, "every byte is some record's");
    let keys = shown["StatsKV"].as_array().expect("asked for");
    assert_eq!(keys.len(), 1, "{keys:?}");
    assert_eq!((&keys[0]["Name"], &keys[0]["Count"]), (&"app/1".into(), &7.into()));

    let indented = out(&run(&["snapshot", "inspect", "-format=json", RICH]));
    assert!(indented.starts_with("{\n   \"Meta\": {\n      \"ID\""), "{indented}");
    assert_eq!(parsed(&indented)["StatsKV"], Value::Null);
}

#[test]
fn what_is_restored_is_saved_again() {
    let folder = TempDir::new().expect("a folder");
    let (saved, again) = (folder.path().join("saved.snap"), folder.path().join("again.snap"));
    let server = Running::start(&[
        "server",
        "--dev",
        "--server-port",
        "0",
        "--grpc-port",
        "-1",
        "--admin-port",
        "0",
        "--json",
        "--restore",
        RICH,
    ]);
    let address = server.address.to_string();
    save(&address, &saved);
    let mode = fs::metadata(&saved).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "it has secrets in it");
    let inspected = |file: &Path| parsed(&out(&run(&["snapshot", "inspect", "--json", &file.display().to_string()])));
    assert_eq!(inspected(&saved)["Stats"], inspected(Path::new(RICH))["Stats"]);

    let other = Running::dev();
    let address = other.address.to_string();
    let output = run(&["snapshot", "restore", "--server", &address, &saved.display().to_string()]);
    assert_eq!((code(&output), &*out(&output)), (Some(0), "Restored snapshot\n"), "{}", err(&output));
    save(&address, &again);
    assert_eq!(inspected(&again)["Stats"], inspected(&saved)["Stats"]);
}

fn save(server: &str, file: &Path) {
    let output = run(&["snapshot", "save", "--server", server, &file.display().to_string()]);
    assert_eq!(code(&output), Some(0), "{}", err(&output));
    assert!(out(&output).starts_with("Saved and verified snapshot to index "), "{}", out(&output));
    assert!(!file.with_extension("snap.unverified").exists());
}

#[test]
fn what_fails_says_why_and_leaves_nothing() {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("s.snap");
    let name = file.display().to_string();
    let server = Running::dev();
    let address = server.address.to_string();
    let refused = run(&["snapshot", "save", "--server", &address, "--dc", "elsewhere", &name]);
    assert_eq!(code(&refused), Some(3));
    assert!(err(&refused).contains("No path to datacenter (--dc"), "{}", err(&refused));
    let silent = run(&["snapshot", "save", "--server", "127.0.0.1:1", &name]);
    assert_eq!(code(&silent), Some(4), "{}", err(&silent));
    assert_eq!(fs::read_dir(folder.path()).expect("it is there").count(), 0);

    let mut bytes = fs::read(RICH).expect("it is in the repository");
    bytes[4000] ^= 1;
    fs::write(&file, &bytes).expect("written");
    for command in [&["snapshot", "restore", "--server", &address, &name][..], &["snapshot", "inspect", &name]] {
        let broken = run(command);
        assert_eq!(code(&broken), Some(1), "{}", err(&broken));
        assert!(err(&broken).contains("s.snap"), "{}", err(&broken));
    }
    let never = run(&["server", "--dev", "--server-port", "0", "--grpc-port", "-1", "--restore", &name]);
    assert_eq!(code(&never), Some(1), "{}", out(&never));
    assert!(err(&never).contains("cannot be restored"), "{}", err(&never));
}
