//! A headless browser, driven by the DevTools protocol over a pipe: messages are JSON, each ended by a zero byte. A pipe needs
//! neither a port nor a WebSocket, and the browser ends with it.
use std::{
    collections::VecDeque,
    env,
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::Instant,
};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{PROMPTLY, page::Page};

/// What it may be called.
const NAMES: [&str; 5] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];

/// The pipe is at descriptors 3 and 4, which only a shell can set; what the browser prints on its standard output is nobody's.
const AT_3_AND_4: &str = "exec \"$0\" \"$@\" 3<&0 4>&1 </dev/null >/dev/null";

/// No window, no network but what a test opens, nothing kept. Without its sandbox, as it would not start as root, nor in most
/// containers; it shows nothing but our own page.
const FLAGS: [&str; 12] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--password-store=basic",
    "--remote-debugging-pipe",
];

/// A browser that is running. It ends when it is dropped.
pub(crate) struct Browser {
    child: Child,
    to: Option<ChildStdin>,
    from: Receiver<Value>,
    /// What came while an answer was waited for.
    events: VecDeque<Value>,
    last_id: u64,
    complaints: Receiver<String>,
    _profile: TempDir,
}

impl Browser {
    /// Starts one; `None`, and a line that says so, where there is none.
    pub(crate) fn start() -> Option<Self> {
        let Some(program) = installed() else {
            let required = env::var_os("PROCONSUL_REQUIRE_BROWSER").is_some_and(|value| value != "0");
            assert!(!required, "no browser, and PROCONSUL_REQUIRE_BROWSER is set: install Debian's package chromium");
            eprintln!("skipped: no browser is installed (Debian's package chromium, or name one in PROCONSUL_BROWSER)");
            return None;
        };
        let profile = tempfile::tempdir().expect("a folder for its profile");
        let mut child = Command::new("sh")
            .args(["-c", AT_3_AND_4])
            .arg(program)
            .args(FLAGS)
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a shell starts it");
        let (to, from) = (child.stdin.take(), messages(child.stdout.take().expect("it is piped")));
        let complaints = lines(child.stderr.take().expect("it is piped"));
        Some(Self { child, to, from, events: VecDeque::new(), last_id: 0, complaints, _profile: profile })
    }

    /// A page that is empty yet.
    pub(crate) fn page(&mut self) -> Page<'_> {
        let target = self.call(None, "Target.createTarget", json!({"url": "about:blank"}))["targetId"].clone();
        let attached = self.call(None, "Target.attachToTarget", json!({"targetId": target, "flatten": true}));
        let session = attached["sessionId"].as_str().expect("a session").to_owned();
        Page::new(self, session)
    }

    /// Asks something of the browser, or of the page that `session` is of. What happens meanwhile is kept.
    pub(crate) fn call(&mut self, session: Option<&str>, method: &str, params: Value) -> Value {
        self.last_id += 1;
        let mut message = json!({"id": self.last_id, "method": method, "params": params});
        if let Some(session) = session {
            message["sessionId"] = session.into();
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        let sent = self.to.as_mut().expect("it runs until it is dropped").write_all(&bytes);
        sent.unwrap_or_else(|error| panic!("{method}: the browser is gone: {error}\n{}", self.last_words()));
        let deadline = Instant::now() + PROMPTLY;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(message) = self.from.recv_timeout(left) else {
                panic!("{method}: the browser does not answer\n{}", self.last_words());
            };
            if message["id"] != self.last_id {
                self.events.push_back(message);
                continue;
            }
            assert!(message["error"].is_null(), "{method}: {}", message["error"]);
            return message["result"].clone();
        }
    }

    /// The events so far that `wanted` picks; they are forgotten.
    pub(crate) fn events(&mut self, wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
        self.events.extend(self.from.try_iter());
        let (picked, rest): (VecDeque<Value>, _) = self.events.drain(..).partition(wanted);
        self.events = rest;
        picked.into()
    }

    /// What it wrote on its standard error.
    fn last_words(&self) -> String {
        self.complaints.try_iter().collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        drop(self.to.take()); // the end of the pipe is its end
        let deadline = Instant::now() + PROMPTLY;
        // It says nothing more when it has ended.
        while let Ok(_last) = self.from.recv_timeout(deadline.saturating_duration_since(Instant::now())) {}
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

/// The browser to use.
fn installed() -> Option<PathBuf> {
    if let Some(named) = env::var_os("PROCONSUL_BROWSER") {
        return Some(named.into());
    }
    let path = env::var_os("PATH")?;
    let found = |name: &str| env::split_paths(&path).map(|dir| dir.join(name)).find(|file: &PathBuf| is_program(file));
    NAMES.into_iter().find_map(found)
}

fn is_program(file: &Path) -> bool {
    file.is_file()
}

/// The messages that a browser writes, until it ends.
fn messages(output: impl Read + Send + 'static) -> Receiver<Value> {
    let (heard, messages) = mpsc::channel();
    thread::spawn(move || {
        let pieces = BufReader::new(output).split(0).map_while(Result::ok);
        for message in pieces.filter_map(|piece| serde_json::from_slice(&piece).ok()) {
            if heard.send(message).is_err() {
                return;
            }
        }
    });
    messages
}

fn lines(output: impl Read + Send + 'static) -> Receiver<String> {
    let (heard, lines) = mpsc::channel();
    thread::spawn(move || BufReader::new(output).lines().map_while(Result::ok).try_for_each(|line| heard.send(line)));
    lines
}
