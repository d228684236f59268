//! What Consul answered: requests from the codec's recordings, and cases of calls with their answers.
use std::{collections::HashMap, fs, path::PathBuf, sync::LazyLock};

use proconsul_msgpack::Value;
use serde_json::{Map, Value as Json, json};

use crate::server::{Called, Server};

/// Values of these, and of everything below, are indexes: only their order counts.
const INDEXES: [&str; 3] = ["Index", "CreateIndex", "ModifyIndex"];
/// Groups with cases for the methods of this crate. The rest is for whole servers, which `tests` replays.
const GROUPS: [&str; 5] = ["catalog", "health", "kv", "options", "session"];

fn lines(file: &str) -> Vec<Json> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden").join(file);
    let text = fs::read_to_string(path).expect("the recordings are part of the repository");
    text.lines().filter(|line| !line.is_empty()).map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Recorded values of a Go type, as in the method table's `arg`.
pub(crate) fn requests(go_type: &str) -> Vec<Value> {
    /// Read once: there are thousands, and every test asks for them.
    static ALL: LazyLock<HashMap<String, Vec<Value>>> = LazyLock::new(|| {
        let mut all: HashMap<_, Vec<_>> = HashMap::new();
        for line in lines("wire/encodings.jsonl") {
            let (Some(go_type), Some(hex)) = (line["type"].as_str(), line["msgpack_hex"].as_str()) else { continue };
            // A few encodings are of what no value is.
            let value = proconsul_msgpack::from_slice(&unhex(hex));
            all.entry(go_type.to_owned()).or_default().extend(value);
        }
        all
    });
    ALL.get(go_type).cloned().unwrap_or_default()
}

fn unhex(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

/// A recorded case whose calls are all to methods that are served, one after another.
pub(crate) struct Case {
    name: String,
    steps: Vec<Json>,
    outcomes: Vec<Json>,
}

pub(crate) fn cases(served: &[&str]) -> Vec<Case> {
    let is_plain = |step: &Json| {
        let served = step["method"].as_str().is_some_and(|method| served.contains(&method));
        let unusual = ["label", "shape", "save", "conn", "retry", "sort", "timed", "mode"];
        // The server's own node is not registered here.
        let asks_for_itself = step["args"].to_string().contains("${node}");
        step["op"] == "rpc" && served && !asks_for_itself && unusual.iter().all(|key| step[*key].is_null())
    };
    let of_groups = lines("base.jsonl").into_iter().filter(|case| GROUPS.iter().any(|group| case["group"] == *group));
    let cases = of_groups.map(|case| Case {
        name: case["case"].as_str().unwrap().to_owned(),
        steps: case["steps"].as_array().unwrap().clone(),
        outcomes: case["outcome"].as_array().unwrap().clone(),
    });
    cases.filter(|case| case.steps.iter().all(is_plain)).collect()
}

/// Calls what was called and compares what was answered. Returns how many answers there were to compare.
pub(crate) async fn replay(server: &Server, case: &Case) -> usize {
    // Every table has been written to, as after the recording's warm-up.
    for (method, argument) in [
        ("KVS.Apply", json!({"Op": "set", "DirEnt": {"Key": "warm"}})),
        ("KVS.Apply", json!({"Op": "delete", "DirEnt": {"Key": "warm"}})),
        ("Catalog.Register", json!({"Node": "warm", "Address": "10.1.1.1", "Service": {"Service": "warm"}})),
        ("Session.Apply", json!({"Op": "create", "Session": {"Node": "warm"}})),
        ("Catalog.Deregister", json!({"Node": "warm"})),
    ] {
        server.send(method, &to_value(&argument)).await.replied();
    }
    if case.name.starts_with("session/") {
        let own = json!({"Node": "${node}", "Address": "10.1.1.2"});
        server.send("Catalog.Register", &to_value(&own)).await.replied();
    }
    let mut outcomes = Vec::new();
    for step in &case.steps {
        let called = server.send(step["method"].as_str().unwrap(), &to_value(&step["args"])).await;
        outcomes.push(outcome(step, called));
    }
    let ours = ranked(outcomes);
    for ((step, ours), recorded) in case.steps.iter().zip(&ours).zip(&case.outcomes) {
        assert_eq!(sorted(ours), sorted(recorded), "{}: {step}", case.name);
    }
    ours.iter().filter(|outcome| *outcome != "replied").count()
}

fn outcome(step: &Json, called: Called) -> Json {
    let reply = match called {
        Called::Refused(fault) => return json!({"error": fault.to_string()}),
        Called::Parked(_) => panic!("{step} waits"),
        Called::Replied(_) if step["quiet"] == true => return "replied".into(),
        Called::Replied(reply) => to_json(&proconsul_msgpack::from_slice(&reply).unwrap()),
    };
    let Some(picks) = step["pick"].as_array() else { return json!({"reply": reply}) };
    let pick = |path: &Json| (path.as_str().unwrap().to_owned(), picked(&reply, path.as_str().unwrap()));
    json!({"reply": picks.iter().map(pick).collect::<Map<_, _>>()})
}

fn picked(reply: &Json, path: &str) -> Json {
    let at = |from: &Json, part: &str| match part.parse::<usize>() {
        Ok(place) if from.is_array() => from.get(place).cloned(),
        _ => from.get(part).cloned(),
    };
    path.split('.').try_fold(reply.clone(), |from, part| at(&from, part)).unwrap_or_else(|| "absent".into())
}

/// Indexes above 1 by rank among all of the case, as the recordings have them.
fn ranked(mut outcomes: Vec<Json>) -> Vec<Json> {
    let mut seen = Vec::new();
    for outcome in &mut outcomes {
        each_index(outcome, &mut |index| seen.extend(index.as_u64().filter(|index| *index > 1)));
    }
    seen.sort_unstable();
    seen.dedup();
    for outcome in &mut outcomes {
        each_index(outcome, &mut |index| {
            if let Some(rank) = index.as_u64().and_then(|index| seen.binary_search(&index).ok()) {
                *index = format!("I{}", rank + 1).into();
            }
        });
    }
    outcomes
}

fn each_index(value: &mut Json, see: &mut dyn FnMut(&mut Json)) {
    match value {
        Json::Object(entries) => {
            for (key, part) in entries {
                let last = key.rsplit('.').next().unwrap_or_default();
                if INDEXES.contains(&last) { see(part) } else { each_index(part, see) }
            }
        }
        Json::Array(items) => items.iter_mut().for_each(|item| each_index(item, see)),
        _ => {}
    }
}

/// Keys in order, so that only what they hold is compared; virtual addresses as the recordings have them.
fn sorted(value: &Json) -> Json {
    match value {
        Json::Object(entries) => {
            let mut entries: Vec<_> = entries.iter().map(|(key, part)| (key.clone(), sorted(part))).collect();
            entries.sort_by(|left, right| left.0.cmp(&right.0));
            Json::Object(entries.into_iter().collect())
        }
        Json::Array(items) => items.iter().map(sorted).collect(),
        Json::String(text) if text.starts_with("240.0.0.") => "<VIP>".into(),
        other => other.clone(),
    }
}

fn to_value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Nil,
        Json::Bool(truth) => (*truth).into(),
        Json::Number(number) => number.as_u64().map_or_else(|| number.as_i64().unwrap().into(), Value::from),
        Json::String(text) => text.replace("${dc}", "dc1").replace("${node}", "own").as_str().into(),
        Json::Array(items) => Value::List(items.iter().map(to_value).collect()),
        Json::Object(entries) => match entries.get("$hex").and_then(Json::as_str) {
            Some(hex) => Value::Str(unhex(hex).into()),
            None => match entries.get("$rep").and_then(Json::as_array) {
                Some(rep) => Value::from(&*rep[0].as_str().unwrap().repeat(rep[1].as_u64().unwrap() as usize)),
                None => Value::Map(entries.iter().map(|(key, part)| (key.as_str().into(), to_value(part))).collect()),
            },
        },
    }
}

fn to_json(value: &Value) -> Json {
    match value {
        Value::Nil => Json::Null,
        Value::Bool(truth) => (*truth).into(),
        Value::Int(number) => (*number).into(),
        Value::Uint(number) => (*number).into(),
        Value::Str(text) => match text.to_str().filter(|text| !text.chars().any(char::is_control)) {
            Some(text) => text.into(),
            None => json!({"$hex": text.iter().map(|byte| format!("{byte:02x}")).collect::<String>()}),
        },
        Value::List(items) => items.iter().map(to_json).collect(),
        Value::Map(entries) => {
            entries.iter().map(|(key, part)| (key.to_string(), to_json(part))).collect::<Map<_, _>>().into()
        }
        other => panic!("no reply of these methods holds {other:?}"),
    }
}
