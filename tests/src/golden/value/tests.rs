use super::*;

/// A value and its bytes, which stand for each other.
fn check(value: Value, hex: &str) {
    let mut bytes = Vec::new();
    encode(&value, &mut bytes).unwrap();
    assert_eq!(to_hex(&bytes), hex, "{value}");
    assert_eq!(decode(&bytes), Ok((value, bytes.len())));
}

#[test]
fn every_integer_takes_its_smallest_form_by_value() {
    for (value, hex) in [
        (json!(0), "00"),
        (json!(127), "7f"),
        (json!(128), "cc80"),
        (json!(256), "cd0100"),
        (json!(65_536), "ce00010000"),
        (json!(4_294_967_296_u64), "cf0000000100000000"),
        (json!(u64::MAX), "cfffffffffffffffff"),
        (json!(-1), "ff"),
        (json!(-32), "e0"),
        (json!(-33), "d0df"),
        (json!(-129), "d1ff7f"),
        (json!(-32_769), "d2ffff7fff"),
        (json!(i64::MIN), "d38000000000000000"),
    ] {
        check(value, hex);
    }
}

#[test]
fn text_and_bytes_share_the_raw_family() {
    check(json!(""), "a0");
    check(json!("kü"), "a36bc3bc");
    check(json!({"$hex": "00ff80c1"}), "a400ff80c1");
    check(json!("x".repeat(32)), &format!("da0020{}", "78".repeat(32)));
    check(json!("x".repeat(65_536)), &format!("db00010000{}", "78".repeat(65_536)));
}

#[test]
fn containers_keep_the_order_of_their_keys() {
    check(json!({"b": 1, "a": [null, true, false]}), "82a16201a16193c0c3c2");
    check(json!((0..16).collect::<Vec<_>>()), "dc0010000102030405060708090a0b0c0d0e0f");
}

#[test]
fn floats_are_written_as_such_and_only_when_asked_for() {
    check(json!({"$f64": "1.5"}), "cb3ff8000000000000");
    check(json!({"$f64": "0"}), "cb0000000000000000");
    assert!(encode(&json!(1.5), &mut Vec::new()).is_err());
    assert_eq!(decode(&[0xca, 0x3f, 0xc0, 0, 0]), Ok((json!({"$f64": "1.5"}), 5)));
}

#[test]
fn what_only_requests_use_is_written() {
    let written = |value: Value| {
        let mut bytes = Vec::new();
        encode(&value, &mut bytes).map(|()| to_hex(&bytes))
    };
    assert_eq!(written(json!({"$rep": ["ab", 2]})).unwrap(), "a461626162");
    assert_eq!(written(json!({"$raw": "c1"})).unwrap(), "c1");
    assert_eq!(written(json!({"$packed": ["a", {"b": {"$packed": [1]}}]})).unwrap(), "a7a16181a162a101");
    for malformed in [json!({"$hex": "0"}), json!({"$rep": ["a"]}), json!({"$unheard": 1})] {
        assert!(written(malformed).is_err());
    }
}

#[test]
fn newer_descriptors_are_foreign() {
    for first in [0xc1, 0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xd4, 0xd8, 0xd9] {
        assert!(matches!(decode(&[first, 1, 1, 1]), Err(DecodeError::Foreign(_))), "{first:02x}");
    }
    assert!(matches!(decode(&[0x91; DEPTH_MAX + 2]), Err(DecodeError::Foreign(_))));
}

#[test]
fn every_proper_prefix_is_short() {
    let mut bytes = Vec::new();
    encode(&json!({"a": [1, "text", {"$f64": "2"}], "b": {"$hex": "00"}}), &mut bytes).unwrap();
    for cut in 0..bytes.len() {
        assert_eq!(decode(&bytes[..cut]), Err(DecodeError::Short), "{cut}");
    }
    assert_eq!(decode(&[0xdb, 0xff, 0xff, 0xff, 0xff, 1]), Err(DecodeError::Short));
}

#[test]
fn a_body_is_unpacked_when_it_is_several_values_or_one_map() {
    let packed = |hex: &str| unpack_body(raw_value(&from_hex(hex).unwrap()));
    assert_eq!(packed("00a0"), json!({"$packed": [0, ""]}));
    assert_eq!(packed("81a16101"), json!({"$packed": [{"a": 1}]}));
    assert_eq!(packed("01a20002"), json!({"$packed": [1, {"$packed": [0, 2]}]}));
    assert_eq!(packed("c0"), json!({"$hex": "c0"}), "one value that is no map");
    assert_eq!(packed("00a5"), json!({"$hex": "00a5"}), "not complete");
    assert_eq!(unpack_body(json!("plain")), json!("plain"), "text is text, whatever else it could be read as");
    let time = "010000000edd73c2702f072f40ffff";
    assert_eq!(packed(time), json!({ "$hex": time }));
}

#[test]
fn every_recorded_request_is_encoded_as_it_was() {
    let mut checked = 0;
    for variant in crate::golden::case::VARIANTS {
        for case in crate::golden::case::load(&crate::golden::case::project_golden_dir(), variant).unwrap() {
            for step in case.steps.iter().filter(|step| step.method.is_some() && !step.bytes.is_empty()) {
                let (method, args) = (step.method.as_deref().unwrap(), step.args.as_ref().unwrap());
                let request = crate::golden::call::request(1, method, args).unwrap();
                assert_eq!(to_hex(&request), to_hex(&step.bytes), "{} {method}", case.name);
                checked += 1;
            }
        }
    }
    assert!(checked > 200, "only {checked} requests were compared");
}
