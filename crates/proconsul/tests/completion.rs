//! `proconsul completion`: what shells offer.
mod support;

use std::{fs, process::Command};

use proconsul_structs::METHODS;
use support::{code, err, out, run};

#[test]
fn every_script_has_every_method() {
    for shell in ["bash", "zsh", "fish"] {
        let output = run(&["completion", shell]);
        assert_eq!(code(&output), Some(0), "{shell}: {}", err(&output));
        let script = out(&output);
        for row in METHODS.iter() {
            assert!(script.contains(row.name), "{shell} does not know {}", row.name);
        }
    }
    assert_eq!(code(&run(&["completion", "tcsh"])), Some(2));
}

/// What bash offers for the last of these words; `None` where there is no bash.
fn offered(words: &[&str]) -> Option<Vec<String>> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("proconsul.bash");
    fs::write(&file, out(&run(&["completion", "bash"]))).expect("a file");
    let last = words.len() - 1;
    let before = words.get(last.wrapping_sub(1)).copied().unwrap_or_default();
    let quoted = words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" ");
    let script = format!(
        "source '{}'; COMP_WORDS=({quoted}); COMP_CWORD={last}; _proconsul proconsul '{}' '{before}'; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        file.display(),
        words[last],
    );
    let output = Command::new("bash").args(["--norc", "-c", &script]).output().ok()?;
    assert!(output.status.success(), "{}", err(&output));
    Some(out(&output).lines().map(str::to_owned).collect())
}

#[test]
fn bash_offers_commands_flags_and_methods() {
    for (words, meant) in [
        (&["proconsul", "rpc", "de"][..], &["describe"][..]),
        (&["proconsul", "rpc", "call", "KVS.L"], &["KVS.List", "KVS.ListKeys"]),
        (&["proconsul", "rpc", "describe", "Status.P"], &["Status.Peers", "Status.Ping"]),
        (&["proconsul", "rpc", "call", "KVS.Get", "--wat"], &["--watch"]),
        (&["proconsul", "completion", "z"], &["zsh"]),
    ] {
        let Some(offered) = offered(words) else { return };
        assert_eq!(offered, meant, "{words:?}");
    }
}
