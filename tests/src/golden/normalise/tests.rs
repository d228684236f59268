use super::*;

fn target() -> Target {
    let mut target = Target::at("127.0.0.1:8300".parse().unwrap());
    target.grpc = Some("127.0.0.1:8502".parse().unwrap());
    target
}

fn normalised(step: Value, outcome: Value) -> Value {
    let steps = [serde_json::from_value(step).unwrap()];
    outcomes(&target(), &steps, vec![outcome]).remove(0)
}

fn reply(value: Value) -> Value {
    normalised(json!({"op": "rpc"}), json!({ "reply": value }))["reply"].clone()
}

#[test]
fn indexes_become_their_rank_in_the_case() {
    let steps = [json!({"op": "rpc"}), json!({"op": "rpc"})].map(|step| serde_json::from_value(step).unwrap());
    let seen = outcomes(
        &target(),
        &steps,
        vec![
            json!({"reply": {"Index": 90, "Entries": [{"CreateIndex": 40, "ModifyIndex": 90, "LockIndex": 7}]}}),
            json!({"reply": {"Index": 1, "LastIndex": 0, "Entries.0.CreateIndex": 60}}),
        ],
    );
    let ranked = [
        json!({"reply": {"Index": "I3", "Entries": [{"CreateIndex": "I1", "ModifyIndex": "I3", "LockIndex": 7}]}}),
        json!({"reply": {"Index": 1, "LastIndex": 0, "Entries.0.CreateIndex": "I2"}}),
    ];
    assert_eq!(seen, ranked);
}

#[test]
fn field_paths_that_a_step_names_are_indexes_too() {
    let step = json!({"op": "stream_recv", "idx": ["1", "4.1.1"]});
    let seen = normalised(step, json!({"messages": [{"1": 8, "2": 8, "4": {"1": [{"1": 6}, {"1": 8}]}}]}));
    assert_eq!(seen, json!({"messages": [{"1": "I2", "2": 8, "4": {"1": [{"1": "I1"}, {"1": "I2"}]}}]}));
}

#[test]
fn ids_are_numbered_by_first_appearance_in_keys_and_values() {
    let (a, b) = ("a0000000-0000-4000-8000-00000000000a", "b0000000-0000-4000-8000-00000000000b");
    let fixed = "00000000-0000-0000-0000-000000000001";
    let seen = reply(json!({"x": format!("{b}.consul"), a: [a, b, fixed, MANAGEMENT]}));
    assert_eq!(seen, json!({"x": "<UUID1>.consul", "<UUID2>": ["<UUID2>", "<UUID1>", fixed, MANAGEMENT]}));
}

const MANAGEMENT: &str = crate::golden::target::MANAGEMENT_TOKEN;

#[test]
fn times_are_known_by_their_bytes() {
    assert_eq!(reply(json!({"$hex": "010000000edd73c2702f072f40ffff"})), "<TIME>");
    assert_eq!(reply(json!({"$hex": "01000000000000000000000000ffff"})), "<ZEROTIME>");
    assert_eq!(
        reply(json!({"$hex": "010000000edd73c2702f072f40fe20"})),
        json!({"$hex": "010000000edd73c2702f072f40fe20"})
    );
}

#[test]
fn texts_lose_what_is_the_servers_own() {
    for (text, expected) in [
        ("-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----\n", "<PEM CERTIFICATE>"),
        ("b5:1f:00:aa:b5:1f:00:aa:b5:1f", "<KEYID>"),
        ("127.0.0.1:8300", "<RPC>"),
        ("127.0.0.1:83001", "<ADDR>"),
        ("to 127.0.0.1:8502 and 127.0.0.1:99", "to <GRPC> and <ADDR>"),
        ("10.0.0.1:8300", "10.0.0.1:8300"),
        ("240.0.0.12", "<VIP>"),
        ("probe-srv1.dc1", "<NODE>.dc1"),
        ("failed, current modify index 53 != 1", "failed, <IDX> != 1"),
        ("gone (reset index: 9)", "gone (<IDX>)"),
        ("at 2024-03-01T12:34:56.789Z.", "at <TIME>."),
    ] {
        assert_eq!(reply(json!(text)), expected, "{text}");
    }
}

#[test]
fn some_fields_are_blotted_out_unless_empty() {
    let seen =
        reply(json!({"Hash": {"$hex": "00"}, "SerialNumber": 7, "Version": "1.2", "Build": "", "a": {"Hash": null}}));
    assert_eq!(
        seen,
        json!({"Hash": "<HASH>", "SerialNumber": "<SERIAL>", "Version": "<VERSION>", "Build": "", "a": {"Hash": null}})
    );
}

#[test]
fn a_soa_serial_is_blotted_out() {
    let dns = |serial: &str| {
        format!(
            "123485030001000000010000066e6f73756368077365727669636506636f6e73756c0000010001c01b00060001000000000026\
             026e73c01b0a686f73746d6173746572c01b{serial}00000e10000002580001518000000000"
        )
    };
    assert_eq!(reply(json!({"$hex": dns("66e1b2c3")})), json!({"$hex": dns("********")}));
}

#[test]
fn hashes_in_messages_without_schema_are_big_numbers() {
    let step = json!({"op": "grpc"});
    assert_eq!(normalised(step, json!({"reply": {"1": u64::MAX, "2": 9}})), json!({"reply": {"1": "<BIG>", "2": 9}}));
    assert_eq!(reply(json!({"Flags": u64::MAX})), json!({"Flags": u64::MAX}));
}
