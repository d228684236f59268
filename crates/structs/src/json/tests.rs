//! Bad JSON, odd bytes, and what every type's example and description have in common.

use std::collections::BTreeMap;

use proconsul_msgpack::{GoStr, Layout, Offset, Rest, Time, Value as Any, Wire};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{
    catalog::RegisterRequest,
    config_entry::ConfigEntryRequest,
    intention::Intention,
    kvs::{DirEntry, KvsRequest},
    operator::SerfStatus,
    query::QueryOptions,
    registry::types,
};

fn refused(shape: Shape, form: Form, value: &Value) -> String {
    to_wire(shape, form, value).expect_err("it is refused").to_string()
}

#[test]
fn what_is_not_understood_is_refused_and_said_where() {
    let shape = KvsRequest::shape();
    for (value, expected) in [
        (json!(null), ""),
        (json!([]), "a list where an object is wanted"),
        (json!({"DirEnt": {"Vlaue": ""}}), "DirEnt.Vlaue: DirEntry has no such field; did you mean Value?"),
        (json!({"Zzzzzzzzzzz": 1}), "Zzzzzzzzzzz: KvsRequest has no such field"),
        (json!({"datacenter": "dc1"}), "datacenter: KvsRequest has no such field; did you mean Datacenter?"),
        (json!({"DirEnt": {"Value": "x"}}), "DirEnt.Value: bytes are written in standard base64, with padding"),
        (json!({"DirEnt": {"Value": [1]}}), "DirEnt.Value: a list where bytes in base64 is wanted"),
        (json!({"DirEnt": {"Flags": -1}}), "DirEnt.Flags: -1 is out of range: 0 to 18446744073709551615"),
        (json!({"DirEnt": {"Flags": 1.5}}), "DirEnt.Flags: a number where a whole number is wanted"),
        (json!({"DirEnt": {"Flags": "1"}}), "DirEnt.Flags: a string where a whole number is wanted"),
        (json!({"DirEnt": {"Key": 7}}), "DirEnt.Key: a number where a string is wanted"),
        (json!({"DirEnt": []}), "DirEnt: a list where an object is wanted"),
    ] {
        if expected.is_empty() {
            assert!(to_wire(shape, Form::Cli, &value).is_ok(), "{value}");
        } else {
            assert_eq!(refused(shape, Form::Cli, &value), expected, "{value}");
        }
    }
    let too_great: Value = serde_json::from_str("{\"DirEnt\": {\"Flags\": 18446744073709551616}}").expect("it is JSON");
    let error = refused(shape, Form::Cli, &too_great);
    assert!(error.starts_with("DirEnt.Flags: 1") && error.contains("is out of range"), "{error}");
    let register = json!({"Checks": [{}, {"Definition": {"Header": {"a": ["x", 1]}}}]});
    assert_eq!(
        refused(RegisterRequest::shape(), Form::Wire, &register),
        "Checks[1].Definition.Header.a[1]: a number where a string is wanted"
    );
}

#[test]
fn durations_have_units_for_people_and_are_nanoseconds_on_the_wire() {
    let shape = QueryOptions::shape();
    let of = |form, value: Value| to_wire(shape, form, &json!({"MaxQueryTime": value}));
    assert_eq!(of(Form::Cli, json!("1m30s")).unwrap(), of(Form::Wire, json!(90_000_000_000_u64)).unwrap());
    assert_eq!(of(Form::Cli, json!(-250_000_000)).unwrap(), of(Form::Cli, json!("-250ms")).unwrap());
    for (form, value, expected) in [
        (Form::Wire, json!("10s"), "a string where a duration in nanoseconds is wanted"),
        (Form::Cli, json!("10"), "has a number without a unit"),
        (Form::Cli, json!("soon"), "is not a duration"),
        (Form::Cli, json!(true), "a bool where a duration like"),
        (Form::Cli, json!(9_223_372_036_854_775_808_u64), "9223372036854775808 is out of range"),
    ] {
        let error = of(form, value.clone()).unwrap_err().to_string();
        assert!(error.starts_with("MaxQueryTime: ") && error.contains(expected), "{value}: {error}");
    }
}

#[test]
fn nil_and_empty_are_kept_apart() {
    let shape = DirEntry::shape();
    let value = |value: Value| to_wire(shape, Form::Cli, &json!({"Value": value})).unwrap();
    assert_ne!(value(json!(null)), value(json!("")));
    for given in [json!(null), json!("")] {
        assert_eq!(from_wire(shape, Form::Cli, &value(given.clone())).unwrap()["Value"], given);
    }
    // Left out is the same as nil here.
    assert_eq!(to_wire(shape, Form::Cli, &json!({})).unwrap(), value(json!(null)));
}

#[test]
fn strings_that_are_not_utf8_are_shown_in_base64_and_come_back() {
    // {"Key": ff fe, "Session": "é"}
    let bytes = b"\x82\xa3Key\xa2\xff\xfe\xa7Session\xa2\xc3\xa9";
    let json = from_wire(DirEntry::shape(), Form::Cli, bytes).unwrap();
    assert_eq!((&json["Key"], &json["Session"]), (&json!({"$bytes": "//4="}), &json!("é")));
    let again: DirEntry = from_slice(&to_wire(DirEntry::shape(), Form::Cli, &json).unwrap()).unwrap();
    assert_eq!(again, from_slice(bytes).unwrap());
    // As a key of a map: the map becomes a list of pairs.
    let shape = BTreeMap::<GoStr, u64>::shape();
    let json = from_wire(shape, Form::Cli, b"\x82\xa1\xff\x01\xa1a\x02").unwrap();
    assert_eq!(json, json!([["a", 2], [{"$bytes": "/w=="}, 1]]));
    assert_eq!(to_wire(shape, Form::Cli, &json).unwrap(), b"\x82\xa1a\x02\xa1\xff\x01");
}

#[test]
fn times_that_rfc_3339_cannot_say_are_shown_as_their_bytes() {
    let at = |secs, offset| Time::from_unix(secs, 5).with_offset(offset);
    for (time, as_text) in [
        (Time::ZERO, true),
        (at(1_709_296_496, Offset::Utc), true),
        (at(1_709_296_496, Offset::East(-28_800)), true),
        (at(1_709_296_496, Offset::East(1172)), false),
        (at(1_709_296_496, Offset::East(500 * 3600)), false),
        (at(400_000_000_000, Offset::Utc), false),
        (at(-99_999_999_999, Offset::Utc), false),
    ] {
        let bytes = to_vec(&time).unwrap();
        let json = from_wire(Time::shape(), Form::Cli, &bytes).unwrap();
        assert_eq!(json.is_string(), as_text, "{json}");
        assert_eq!(to_wire(Time::shape(), Form::Cli, &json).unwrap(), bytes, "{json}");
    }
    for wrong in [json!("yesterday"), json!({"$bytes": "AAAA"}), json!({"$bytes": 7}), json!({})] {
        assert_eq!(to_wire(Time::shape(), Form::Cli, &wrong).unwrap_err().problem, Problem::Time, "{wrong}");
    }
}

#[test]
fn numbers_that_json_does_not_have_go_by_name() {
    for (number, name) in [(f64::NAN, "NaN"), (f64::INFINITY, "Infinity"), (f64::NEG_INFINITY, "-Infinity")] {
        let bytes = to_vec(&number).unwrap();
        assert_eq!(from_wire(f64::shape(), Form::Wire, &bytes).unwrap(), json!(name));
        assert_eq!(to_wire(f64::shape(), Form::Wire, &json!(name)).unwrap(), bytes);
        assert_eq!(from_wire(Any::shape(), Form::Wire, &bytes).unwrap(), json!({"$float": name}));
        assert_eq!(to_wire(Any::shape(), Form::Wire, &json!({"$float": name})).unwrap(), bytes);
    }
    assert_eq!(to_wire(f32::shape(), Form::Wire, &json!(0.1)).unwrap(), to_vec(&0.1f32).unwrap());
    assert_eq!(refused(f32::shape(), Form::Wire, &json!(1e300)), "a greater one where a number of 32 bits is wanted");
    assert_eq!(refused(f64::shape(), Form::Wire, &json!("much")), "a string where a number is wanted");
}

#[test]
fn numbers_that_stand_for_something_are_shown_as_the_word() {
    let of = |number: i64| to_vec(&number).unwrap();
    for (number, cli) in [(1, json!("alive")), (4, json!("failed")), (77, json!(77)), (-1, json!(-1))] {
        assert_eq!(from_wire(SerfStatus::shape(), Form::Cli, &of(number)).unwrap(), cli);
        assert_eq!(from_wire(SerfStatus::shape(), Form::Wire, &of(number)).unwrap(), json!(number));
        assert_eq!(to_wire(SerfStatus::shape(), Form::Cli, &cli).unwrap(), of(number));
        assert_eq!(to_wire(SerfStatus::shape(), Form::Cli, &json!(number)).unwrap(), of(number));
    }
    assert_eq!(refused(SerfStatus::shape(), Form::Wire, &json!("alive")), "a string where a whole number is wanted");
}

#[test]
fn integers_are_held_to_their_width() {
    for (shape, within, beyond) in [
        (u8::shape(), json!(255), json!(256)),
        (i8::shape(), json!(-128), json!(-129)),
        (i16::shape(), json!(32_767), json!(32_768)),
        (u32::shape(), json!(4_294_967_295_u64), json!(4_294_967_296_u64)),
        (i64::shape(), json!(i64::MIN), json!(9_223_372_036_854_775_808_u64)),
    ] {
        assert!(to_wire(shape, Form::Wire, &within).is_ok(), "{within}");
        assert!(refused(shape, Form::Wire, &beyond).contains("is out of range"), "{beyond}");
    }
}

#[test]
fn what_nests_too_deep_is_refused() {
    let deep = (0..=JSON_DEPTH_MAX).fold(json!(1), |inner, _| json!([inner]));
    assert_eq!(to_wire(Any::shape(), Form::Wire, &deep).unwrap_err().problem, Problem::TooDeep);
    let sidecars = (0..JSON_DEPTH_MAX).fold(json!({}), |inner, _| json!({"Connect": {"SidecarService": inner}}));
    let error = to_wire(crate::service::NodeService::shape(), Form::Wire, &sidecars).unwrap_err();
    assert_eq!(error.problem, Problem::TooDeep);
}

#[test]
fn values_without_a_type_survive_whatever_they_are() {
    let odd = Any::Map(vec![
        ("$bytes".into(), Any::Map(vec![("$bytes".into(), "x".into())])),
        ("twice".into(), Any::Map(vec![("a".into(), Any::Int(1)), ("a".into(), Any::Int(2))])),
        ("raw".into(), Any::Str(GoStr::from(&b"\xff"[..]))),
        ("whole".into(), Any::F64(2.0)),
        (GoStr::from(&b"\xfe"[..]), Any::Map(vec![("$map".into(), Any::Nil)])),
    ]);
    let bytes = to_vec(&odd).unwrap();
    let json = from_wire(Any::shape(), Form::Wire, &bytes).unwrap();
    assert_eq!(to_wire(Any::shape(), Form::Wire, &json).unwrap(), bytes, "{json}");
}

#[derive(Debug, Default, Wire)]
struct Keeps {
    known: u8,
    #[wire(rest)]
    rest: Rest,
}

#[test]
fn unknown_fields_are_shown_where_they_are_kept_and_taken_only_when_asked() {
    let newer = b"\x82\xa5Known\x01\xa5Newer\x91\x07";
    let json = from_wire(Keeps::shape(), Form::Cli, newer).unwrap();
    assert_eq!(json, json!({"Known": 1, "Newer": [7]}));
    assert_eq!(refused(Keeps::shape(), Form::Cli, &json), "Newer: Keeps has no such field");
    let keeping = Json { keep_unknown: true, ..Json::new(Form::Cli) };
    assert_eq!(keeping.to_wire(Keeps::shape(), &json).unwrap(), newer);
    assert!(keeping.to_wire(DirEntry::shape(), &json!({"Newer": 1})).is_err());
}

#[test]
fn what_is_left_out_when_empty_is_shown_and_not_written() {
    let shape = Intention::shape();
    let bytes = to_wire(shape, Form::Cli, &json!({})).unwrap();
    assert!(!bytes.windows(11).any(|window| window == b"DefaultAddr"));
    assert_eq!(from_wire(shape, Form::Cli, &bytes).unwrap()["DefaultAddr"], "");
    let set = to_wire(shape, Form::Cli, &json!({"DefaultAddr": "x"})).unwrap();
    assert!(set.windows(11).any(|window| window == b"DefaultAddr"));
}

#[test]
fn an_entry_is_known_by_its_kind_or_by_what_only_it_has() {
    let shape = ConfigEntryRequest::shape();
    let of = |entry: Value| to_wire(shape, Form::Cli, &json!({"Entry": entry}));
    assert_eq!(of(json!({"Kind": "mesh"})).unwrap(), of(json!({"ValidateClusters": false})).unwrap());
    let shown = from_wire(shape, Form::Cli, &of(json!({"Kind": "mesh"})).unwrap()).unwrap();
    assert_eq!(shown["Entry"]["Kind"], "mesh");
    for (entry, expected) in [
        (json!({"Kind": "mehs"}), "Entry.Kind: there is no ConfigEntry \"mehs\"; did you mean mesh?"),
        (json!({"Meta": null}), "Entry.Kind: is needed: it says which structure this is"),
        (json!({"Kind": "proxy-defaults", "Confg": {}}), "Entry.Confg: "),
        (json!(null), "Entry: is needed: a change is of some entry"),
        (json!("mesh"), "Entry: a string where an object is wanted"),
    ] {
        let error = of(entry.clone()).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{entry}: {error}");
    }
    let misspelt = json!({"Entry": {"Kind": "mesh"}, "Opp": "upsert"});
    assert!(refused(shape, Form::Cli, &misspelt).contains("did you mean Op?"));
}

#[test]
fn messages_are_bytes_unless_somebody_knows_them() {
    struct Upside;
    impl Protobuf for Upside {
        fn to_json(&self, message: &str, bytes: &[u8]) -> Option<Value> {
            Some(json!({"name": message, "len": bytes.len()}))
        }

        fn to_bytes(&self, _: &str, json: &Value) -> Option<Result<Vec<u8>, String>> {
            Some(json["name"].as_str().map(|name| name.as_bytes().to_vec()).ok_or("a name is wanted".to_owned()))
        }
    }
    let shape = Shape::Proto("a.Message");
    assert_eq!(from_wire(shape, Form::Wire, b"\xa1\xff").unwrap(), json!("/w=="));
    assert_eq!(to_wire(shape, Form::Wire, &json!("/w==")).unwrap(), b"\xa1\xff");
    assert!(to_wire(shape, Form::Wire, &json!({})).is_err());
    let knowing = Json { protobuf: Some(&Upside), ..Json::new(Form::Wire) };
    assert_eq!(knowing.from_wire(shape, b"\xa1\xff").unwrap(), json!({"name": "a.Message", "len": 1}));
    assert_eq!(knowing.to_wire(shape, &json!({"name": "x"})).unwrap(), b"\xa1x");
    assert_eq!(knowing.to_wire(shape, &json!({})).unwrap_err().to_string(), "a name is wanted");
}

#[test]
fn the_example_of_every_type_is_right_in_both_forms() {
    for row in types() {
        for form in [Form::Wire, Form::Cli] {
            let shape = (row.shape)();
            let example = example(shape, form);
            let bytes = to_wire(shape, form, &example).unwrap_or_else(|error| panic!("{}: {error}", row.name));
            let again = (row.recode)(&bytes).unwrap_or_else(|error| panic!("{}: {error}\n{example}", row.name));
            assert_eq!(again, bytes, "{}", row.name);
        }
    }
}

#[test]
fn what_is_left_out_is_what_the_structure_itself_begins_as() {
    for row in types() {
        let shape = (row.shape)();
        let zero = zero::zero(shape).to_vec();
        // Nil is not a bool, number or raw at the top, and a change of no entry has no encoding.
        let again = match shape {
            Shape::Sequence(Layout::WordThenFields, _) => continue,
            _ => (row.recode)(&zero),
        };
        assert_eq!(again.unwrap_or_else(|error| panic!("{}: {error}", row.name)), zero, "{}", row.name);
    }
}

#[test]
fn every_type_is_described_and_every_field_is_explained() {
    fn check(at: &str, described: &Described) {
        for field in &described.fields {
            let at = format!("{at}.{}", field.name);
            assert!(!field.doc.is_empty(), "{at} has no doc");
            check(&at, &field.value);
        }
        for (word, arm) in &described.arms {
            check(&format!("{at}({word})"), arm);
        }
        for (word, meaning) in &described.words {
            assert!(!meaning.is_empty(), "{at}: {word} has no meaning");
        }
    }
    for row in types() {
        let described = describe((row.shape)(), Form::Cli, 32);
        check(row.name, &described);
    }
    let entry = describe(KvsRequest::shape(), Form::Cli, 2);
    let dir_ent = entry.fields.iter().find(|field| field.name == "DirEnt").expect("it is there");
    assert_eq!(dir_ent.value.kind, "DirEntry");
    let value = dir_ent.value.fields.iter().find(|field| field.name == "Value").expect("it is there");
    assert_eq!((value.value.kind.as_str(), &value.default), ("bytes or null", &Value::Null));
    let op = entry.fields.iter().find(|field| field.name == "Op").expect("it is there");
    assert_eq!(op.value.words[0].0, "set");
    // Down to a depth, and never round in circles.
    assert!(describe(KvsRequest::shape(), Form::Cli, 1).fields.iter().all(|field| field.value.fields.is_empty()));
}

/// Any JSON at all.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[$a-z]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("(\\$bytes|\\$map|[a-z]{0,3})", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_taken_without_a_type_is_stable(json in any_json()) {
        if let Ok(bytes) = to_wire(Any::shape(), Form::Wire, &json) {
            let read = from_wire(Any::shape(), Form::Wire, &bytes).expect("what is written is read");
            let again = to_wire(Any::shape(), Form::Wire, &read).expect("what is read is written");
            prop_assert_eq!(again, bytes);
        }
    }

    #[test]
    fn no_json_harms_any_type(json in any_json(), row in 0usize..1000) {
        let rows: Vec<_> = types().collect();
        let row = rows[row % rows.len()];
        let json = match example((row.shape)(), Form::Cli) {
            Value::Object(mut fields) => {
                let field = fields.keys().nth(json.to_string().len() % fields.len().max(1)).cloned();
                if let Some(field) = field {
                    fields.insert(field, json);
                }
                Value::Object(fields)
            }
            _ => json,
        };
        if let Ok(bytes) = to_wire((row.shape)(), Form::Cli, &json) {
            let typed = (row.recode)(&bytes);
            let by_shape = from_wire((row.shape)(), Form::Cli, &bytes);
            prop_assert_eq!(typed.is_ok(), by_shape.is_ok(), "{} {}", row.name, json);
        }
    }
}
