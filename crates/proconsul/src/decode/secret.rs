//! What is not shown unless asked for: whoever shares what is printed should not share a cluster's keys with it.
use serde_json::Value;

/// Fields that hold secrets, in small letters and without what stands between words.
const SECRET: &[&str] = &[
    "token",
    "secretid",
    "bootstrapsecret",
    "bearertoken",
    "privatekey",
    "privatekeypem",
    "signingkey",
    "rootpkey",
    "pendingsecret",
    "activesecret",
    "establishmentsecret",
    "jwt",
    "gossipkey",
];

/// What is shown instead.
const HIDDEN: &str = "<hidden>";

/// Hides what secrets a value has.
pub(super) fn hide(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(text) if !text.is_empty() && is_secret(name) => HIDDEN.clone_into(text),
                    value => hide(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(hide),
        _ => {}
    }
}

fn is_secret(name: &str) -> bool {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    SECRET.contains(&plain.to_lowercase().as_str())
}
