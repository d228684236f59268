//! Access loggers of Envoy's admin listener, as Envoy's configuration in JSON. Source: `agent/xds/accesslogs`.
use proconsul_structs::proxy::{AccessLogsConfig, LogSink};
use serde_json::{Map, Value, json};

/// What a line tells where nobody said otherwise: names, and Envoy's commands for them.
const FIELDS: [(&str, &str); 24] = [
    ("start_time", "%START_TIME%"),
    ("route_name", "%ROUTE_NAME%"),
    ("method", "%REQ(:METHOD)%"),
    ("path", "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%"),
    ("protocol", "%PROTOCOL%"),
    ("response_code", "%RESPONSE_CODE%"),
    ("response_flags", "%RESPONSE_FLAGS%"),
    ("response_code_details", "%RESPONSE_CODE_DETAILS%"),
    ("connection_termination_details", "%CONNECTION_TERMINATION_DETAILS%"),
    ("bytes_received", "%BYTES_RECEIVED%"),
    ("bytes_sent", "%BYTES_SENT%"),
    ("duration", "%DURATION%"),
    ("upstream_service_time", "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%"),
    ("x_forwarded_for", "%REQ(X-FORWARDED-FOR)%"),
    ("user_agent", "%REQ(USER-AGENT)%"),
    ("request_id", "%REQ(X-REQUEST-ID)%"),
    ("authority", "%REQ(:AUTHORITY)%"),
    ("upstream_host", "%UPSTREAM_HOST%"),
    ("upstream_cluster", "%UPSTREAM_CLUSTER%"),
    ("upstream_local_address", "%UPSTREAM_LOCAL_ADDRESS%"),
    ("downstream_local_address", "%DOWNSTREAM_LOCAL_ADDRESS%"),
    ("downstream_remote_address", "%DOWNSTREAM_REMOTE_ADDRESS%"),
    ("requested_server_name", "%REQUESTED_SERVER_NAME%"),
    ("upstream_transport_failure_reason", "%UPSTREAM_TRANSPORT_FAILURE_REASON%"),
];

const TYPES: &str = "type.googleapis.com/envoy.extensions.access_loggers";

/// The loggers: one, or none where they are off or cannot be made.
pub(super) fn of(logs: &AccessLogsConfig) -> Vec<String> {
    if !logs.enabled {
        return Vec::new();
    }
    match logger(logs) {
        Some(logger) => vec![json!({"name": "Consul Listener Filter Log", "typedConfig": logger}).to_string()],
        None => {
            tracing::warn!("the form of access logs in the proxy's settings is no JSON object");
            Vec::new()
        }
    }
}

fn logger(logs: &AccessLogsConfig) -> Option<Value> {
    let format = format(logs)?;
    let of = |kind: &str| json!({"@type": format!("{TYPES}.{kind}"), "logFormat": format});
    Some(match &logs.sink {
        LogSink::File => {
            let mut logger = of("file.v3.FileAccessLog");
            logger["path"] = json!(logs.path.to_str_lossy());
            logger
        }
        LogSink::StdErr => of("stream.v3.StderrAccessLog"),
        LogSink::Unset | LogSink::StdOut => of("stream.v3.StdoutAccessLog"),
        _ => return None,
    })
}

fn format(logs: &AccessLogsConfig) -> Option<Value> {
    if !logs.json_format.is_empty() {
        let format: Map<String, Value> = serde_json::from_slice(logs.json_format.as_bytes()).ok()?;
        return Some(json!({ "jsonFormat": format }));
    }
    if !logs.text_format.is_empty() {
        let text = logs.text_format.to_str_lossy();
        let end = if text.ends_with('\n') { "" } else { "\n" };
        return Some(json!({"textFormatSource": {"inlineString": format!("{text}{end}")}}));
    }
    let fields: Map<String, Value> = FIELDS.iter().map(|(name, command)| ((*name).into(), json!(command))).collect();
    Some(json!({ "jsonFormat": fields }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logs(sink: LogSink, json_format: &str, text_format: &str) -> AccessLogsConfig {
        AccessLogsConfig {
            enabled: true,
            sink,
            path: "/log".into(),
            json_format: json_format.into(),
            text_format: text_format.into(),
            ..AccessLogsConfig::default()
        }
    }

    #[test]
    fn a_logger_is_what_the_settings_say() {
        let one = |logs: &AccessLogsConfig| -> Value {
            let made = of(logs);
            assert_eq!(made.len(), 1);
            serde_json::from_str(&made[0]).expect("JSON")
        };
        let default = one(&logs(LogSink::Unset, "", ""));
        assert_eq!(default["name"], "Consul Listener Filter Log");
        assert_eq!(default["typedConfig"]["@type"], format!("{TYPES}.stream.v3.StdoutAccessLog"));
        assert_eq!(default["typedConfig"]["logFormat"]["jsonFormat"]["duration"], "%DURATION%");
        let file = one(&logs(LogSink::File, "", "%DURATION%"));
        assert_eq!(file["typedConfig"]["path"], "/log");
        assert_eq!(file["typedConfig"]["logFormat"]["textFormatSource"]["inlineString"], "%DURATION%\n");
        assert!(of(&logs(LogSink::StdErr, "no JSON", "")).is_empty());
        assert!(of(&AccessLogsConfig::default()).is_empty());
    }
}
