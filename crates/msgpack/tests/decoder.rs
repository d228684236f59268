//! The decoder rules, one line each. Source: `wire/README.md` and go-msgpack's `msgpack.go` and `decode.go`.
#![allow(missing_docs)]

use std::collections::BTreeMap;
use std::fmt::Debug;

use bytes::Bytes;
use proconsul_msgpack::{
    DEPTH_MAX, DecodeError, Decoder, EXPANSION_BYTES_MAX, EXPANSION_FREE, GoStr, SKIP_DEPTH_MAX, Time, Value, Wire,
    from_slice, to_vec,
};
use serde::Deserialize;

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

#[track_caller]
fn check<T: for<'de> Deserialize<'de> + PartialEq + Debug>(hex: &str, want: T) {
    assert_eq!(from_slice::<T>(&unhex(hex)), Ok(want), "{hex}");
}

/// As a field or element, where nil is the zero value.
#[track_caller]
fn check_inside<T: for<'de> Deserialize<'de> + PartialEq + Debug>(hex: &str, want: T) {
    check(&format!("91{hex}"), vec![want]);
}

/// One field of each kind. The keys are one letter, so that cases can be read in hex.
#[derive(Clone, Debug, Default, PartialEq, Wire)]
struct Kinds {
    i: i64,
    u: u64,
    b: bool,
    s: String,
    f: f64,
    #[wire("G")]
    g: f32,
    y: Bytes,
    l: Vec<String>,
    m: BTreeMap<String, String>,
    t: Option<Time>,
    a: Value,
    n: Option<Box<Kinds>>,
}

#[test]
fn integers_come_in_every_form() {
    for hex in [
        "05",
        "cc05",
        "cd0005",
        "ce00000005",
        "cf0000000000000005",
        "d005",
        "d10005",
        "d200000005",
        "d30000000000000005",
    ] {
        check(hex, 5i64);
        check(hex, 5u64);
        check(hex, 5i8);
        check(hex, 5u8);
        check(hex, 5.0f64);
        check(hex, 5.0f32);
    }
    for hex in ["fb", "d0fb", "d1fffb", "d2fffffffb", "d3fffffffffffffffb"] {
        check(hex, -5i64);
        check(hex, -5i16);
        check(hex, -5.0f64);
    }
    check("cfffffffffffffffff", -1i64); // wraps
    check("cfffffffffffffffff", u64::MAX);
    check("d0e0", -32i32);
    check("ff", -1i8);
}

#[test]
fn floats_come_from_floats_and_integers() {
    check("ca3fc00000", 1.5f64);
    check("cb3ff8000000000000", 1.5f32);
    check("ca7f800000", f32::INFINITY);
    check("cb7ff0000000000000", f32::INFINITY);
}

#[test]
fn bools_come_from_zero_and_one() {
    for (hex, want) in [("c2", false), ("c3", true), ("00", false), ("01", true)] {
        check(hex, want);
    }
}

#[test]
fn strings_come_from_the_raw_families_only() {
    for hex in ["a178", "d90178", "da000178", "db0000000178"] {
        check(hex, "x".to_owned());
        check(hex, GoStr::from("x"));
        check(hex, serde_bytes::ByteBuf::from(b"x"));
    }
    for hex in ["c40178", "c5000178", "c60000000178"] {
        check(hex, serde_bytes::ByteBuf::from(b"x"));
        assert!(matches!(from_slice::<String>(&unhex(hex)), Err(DecodeError::NotLength(_))));
        assert!(matches!(from_slice::<GoStr>(&unhex(hex)), Err(DecodeError::NotLength(_))));
    }
    check("c0", String::new());
    check("c0", GoStr::EMPTY);
    check("a2ff78", GoStr::from(&b"\xffx"[..]));
    check("a2ff78", "\u{fffd}x".to_owned());
    // A negative small integer has a string's bits: a string of 64 to 95 bytes, as Go takes it.
    let mut long = vec![0xff];
    long.extend([b'x'; 0x5f]);
    assert_eq!(from_slice::<String>(&long), Ok("x".repeat(0x5f)));
}

#[test]
fn byte_strings_come_from_lists_of_small_integers_too() {
    check("9301ccffc0", serde_bytes::ByteBuf::from([1, 255, 0]));
    check_inside("c0", serde_bytes::ByteBuf::new());
    assert_eq!(from_slice::<serde_bytes::ByteBuf>(&unhex("91cd0100")), Err(DecodeError::UintOverflow(256)));
}

#[test]
fn nil_is_the_zero_value_inside_but_no_number_at_the_top() {
    check_inside("c0", 0u8);
    check_inside("c0", 0i64);
    check_inside("c0", 0.0f64);
    check_inside("c0", false);
    check_inside("c0", String::new());
    check_inside("c0", Vec::<u8>::new());
    check_inside("c0", BTreeMap::<String, u8>::new());
    check_inside("c0", Time::ZERO);
    check_inside("c0", Kinds::default());
    check_inside("c0", Value::Nil);
    check("c0", Kinds::default());
    check("c0", Option::<u8>::None);
    assert_eq!(from_slice::<u64>(&[0xc0]), Err(DecodeError::NotNumber(0xc0)));
    assert_eq!(from_slice::<i8>(&[0xc0]), Err(DecodeError::NotNumber(0xc0)));
    assert_eq!(from_slice::<f64>(&[0xc0]), Err(DecodeError::NotNumber(0xc0)));
    assert_eq!(from_slice::<bool>(&[0xc0]), Err(DecodeError::NotBool(0xc0)));
}

#[test]
fn structures_come_from_maps_and_lists() {
    let five = Kinds { i: 5, ..Kinds::default() };
    check("81a14905", five.clone());
    check("de0001a14905", five.clone());
    check("df00000001a14905", five.clone());
    check("81d9014905", five.clone());
    check("9105", five.clone());
    check("dc000105", five.clone());
    check("80", Kinds::default());
    check("90", Kinds::default());
    check("82a14907a14905", five.clone()); // the last wins
    check("82a16901a14905", five.clone()); // case counts
    check("82c001a14905", five.clone()); // a nil key is the empty one, which is unknown
    // More elements than fields: dropped, whatever they are.
    let long = [vec![0xdc, 0, 15, 5], vec![0xc0; 11], unhex("81a1789101"), unhex("d40100"), unhex("c3")].concat();
    assert_eq!(from_slice::<Kinds>(&long), Ok(five));
}

#[test]
fn unknown_fields_of_any_shape_are_passed_over() {
    let unknown = [
        "c0",
        "c3",
        "05",
        "ff",
        "cc05",
        "cd0005",
        "ce00000005",
        "cf0000000000000005",
        "d005",
        "d10005",
        "d200000005",
        "d30000000000000005",
        "ca3fc00000",
        "cb3ff8000000000000",
        "a3616263",
        "d90161",
        "da000161",
        "db0000000161",
        "c40105",
        "c5000105",
        "c60000000105",
        "d40105",
        "d5010506",
        "d60105060708",
        "d7010506070805060708",
        "c7030105060a",
        "c800010105",
        "c9000000010105",
        "9301a16102",
        "dc000101",
        "dd0000000101",
        "81a16181a1629101",
        "de0001a16101",
        "df00000001a16101",
        "81c001",
        "81d9016101",
        "90",
        "80",
    ];
    for hex in unknown {
        check(&format!("82a17a{hex}a14905"), Kinds { i: 5, ..Kinds::default() });
    }
}

#[test]
fn lists_come_from_maps_keys_and_values_in_turn() {
    check("82a161a162a163a164", vec!["a".to_owned(), "b".into(), "c".into(), "d".into()]);
    check("810102", vec![1u64, 2]);
    check("80", Vec::<u64>::new());
    check("81a14c81a161a162", Kinds { l: vec!["a".into(), "b".into()], ..Kinds::default() });
}

#[test]
fn untyped_values_follow_their_bytes() {
    use Value::*;
    check("05", Int(5));
    check("ff", Int(-1));
    check("cc05", Uint(5));
    check("cf0000000000000005", Uint(5));
    check("d005", Int(5));
    check("ca3fc00000", F64(1.5));
    check("a178", Str("x".into()));
    check("a1ff", Str(GoStr::from(&b"\xff"[..])));
    check("c40178", Bytes(bytes::Bytes::from_static(b"x")));
    check("d40a0b", Ext { tag: 10, data: bytes::Bytes::from_static(&[11]) });
    check("c7000a", Ext { tag: 10, data: bytes::Bytes::new() });
    check("82a16201a161a1ff", Map(vec![("b".into(), Int(1)), ("a".into(), Str(GoStr::from(&b"\xff"[..])))]));
    check("92c0c3", List(vec![Nil, Bool(true)]));
}

#[test]
fn integer_keys_of_typed_maps() {
    check("8105a178", BTreeMap::from([(5u64, "x".to_owned())]));
}

#[test]
fn enums_by_name() {
    #[derive(Debug, PartialEq, Deserialize)]
    enum Kind {
        Plain,
        One(u8),
        Two(u8, u8),
        Named { a: u8 },
    }
    check("a5506c61696e", Kind::Plain);
    check("81a34f6e6501", Kind::One(1));
    check("81a354776f920102", Kind::Two(1, 2));
    check("81a54e616d656481a16101", Kind::Named { a: 1 });
    check("9281a34f6e6501a5506c61696e", vec![Kind::One(1), Kind::Plain]);
}

#[test]
fn values_follow_each_other() {
    let mut decoder = Decoder::new(&[1, 0xa1]);
    assert_eq!(decoder.decode::<u8>(), Ok(1));
    assert_eq!(decoder.decode::<String>(), Err(DecodeError::Eof));
    assert_eq!((decoder.position(), decoder.remaining()), (1, &[0xa1][..]));
    assert_eq!(from_slice::<u8>(&[1, 2]), Err(DecodeError::Trailing(1)));
}

#[test]
fn built_values_nest_to_a_bound_and_skipped_ones_without_one() {
    let nested = |depth: usize| [vec![0x91; depth], vec![0xc0]].concat();
    assert!(from_slice::<Value>(&nested(DEPTH_MAX.into())).is_ok());
    assert_eq!(from_slice::<Value>(&nested(usize::from(DEPTH_MAX) + 1)), Err(DecodeError::TooDeep));
    // Golden netrpc/deep-nesting-unknown-field has 2,000 levels.
    for depth in [2_000, 200_000] {
        let bytes = [unhex("81a35a7a7a"), nested(depth)].concat();
        assert_eq!(from_slice::<Kinds>(&bytes), Ok(Kinds::default()));
    }
    let with_more_to_come = [vec![0x92; SKIP_DEPTH_MAX + 2], vec![0xc0]].concat();
    assert_eq!(Decoder::new(&with_more_to_come).skip(), Err(DecodeError::TooDeep));
    let as_deep_as_may_be = [vec![0x92; SKIP_DEPTH_MAX], vec![0xc0; SKIP_DEPTH_MAX + 1]].concat();
    assert_eq!(Decoder::new(&as_deep_as_may_be).skip(), Ok(()));
}

#[test]
fn every_cut_is_incomplete_and_no_cut_panics() {
    let it = Kinds {
        i: -70_000,
        u: 1 << 40,
        b: true,
        s: "x".repeat(40),
        f: 1.5,
        g: 2.5,
        y: Bytes::from_static(b"bytes"),
        l: vec!["a".into(), "b".into()],
        m: BTreeMap::from([("k".into(), "v".into())]),
        t: Some(Time::from_unix(1, 2)),
        a: Value::List(vec![Value::Nil, 1i64.into(), Value::Map(vec![("k".into(), "v".into())])]),
        n: Some(Box::default()),
    };
    let bytes = to_vec(&it).unwrap();
    assert_eq!(from_slice::<Kinds>(&bytes), Ok(it));
    for cut in 0..bytes.len() {
        let error = from_slice::<Kinds>(&bytes[..cut]).unwrap_err();
        assert!(error.is_incomplete(), "{cut}: {error}");
        let error = from_slice::<Value>(&bytes[..cut]).unwrap_err();
        assert!(error.is_incomplete(), "{cut}: {error}");
        assert!(Decoder::new(&bytes[..cut]).skip().unwrap_err().is_incomplete(), "{cut}");
    }
}

#[test]
fn claimed_lengths_are_not_believed() {
    for hex in [
        "ddffffffff",
        "dfffffffff",
        "dbffffffff",
        "c6ffffffff",
        "c9ffffffff01",
        "81a14cddffffffff",
        "81a153dbffffffff61",
    ] {
        let bytes = unhex(hex);
        assert!(from_slice::<Value>(&bytes).unwrap_err().is_incomplete(), "{hex}");
        assert!(Decoder::new(&bytes).skip().unwrap_err().is_incomplete(), "{hex}");
    }
    for hex in ["ddffffffff", "dfffffffff"] {
        assert!(from_slice::<Vec<[u64; 32]>>(&unhex(hex)).unwrap_err().is_incomplete(), "{hex}");
        assert!(from_slice::<serde_bytes::ByteBuf>(&unhex(hex)).unwrap_err().is_incomplete(), "{hex}");
        assert!(from_slice::<Kinds>(&unhex(hex)).unwrap_err().is_incomplete(), "{hex}");
    }
}

/// Large in memory, and one byte on the wire when it says nothing.
#[derive(Wire, Clone, Debug, Default, PartialEq)]
struct Large {
    a: Option<[u64; 16]>,
    b: GoStr,
}

#[derive(Wire, Clone, Debug, Default, PartialEq)]
struct Lists {
    list: Option<Vec<Large>>,
    map: Option<BTreeMap<GoStr, Large>>,
    texts: Option<Vec<GoStr>>,
}

fn list_of(key: &str, count: usize, element: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x81, 0xa0 | u8::try_from(key.len()).unwrap()];
    bytes.extend(key.as_bytes());
    bytes.push(0xdd);
    bytes.extend(u32::try_from(count).unwrap().to_be_bytes());
    bytes.extend(element.repeat(count));
    bytes
}

#[test]
fn elements_of_next_to_nothing_do_not_make_very_much_of_little() {
    let each = size_of::<Large>() - EXPANSION_FREE;
    let most = EXPANSION_BYTES_MAX / each;
    let read = |bytes: &[u8]| from_slice::<Lists>(bytes).map(|lists| lists.list.map(|list| list.len()));
    for element in [0x80, 0xc0] {
        assert_eq!(read(&list_of("List", most, &[element])), Ok(Some(most)));
        assert_eq!(read(&list_of("List", most + 1, &[element])), Err(DecodeError::TooSparse));
        assert_eq!(read(&list_of("List", 16 << 20, &[element])), Err(DecodeError::TooSparse));
    }
    // Of a map as of a list.
    let mut map = vec![0x81, 0xa3, b'M', b'a', b'p', 0xdf];
    map.extend(u32::try_from(4 * most).unwrap().to_be_bytes());
    for key in 0..4 * u32::try_from(most).unwrap() {
        map.extend([&[0xa4][..], &key.to_be_bytes(), &[0x80]].concat());
    }
    assert_eq!(read(&map), Err(DecodeError::TooSparse));
}

#[test]
fn elements_with_something_in_them_are_as_many_as_there_are() {
    let whole = to_vec(&Large { a: Some([7; 16]), b: "something".into() }).unwrap();
    let count = 4 * EXPANSION_BYTES_MAX / size_of::<Large>();
    let lists: Lists = from_slice(&list_of("List", count, &whole)).unwrap();
    assert_eq!(lists.list.map(|list| list.len()), Some(count));
    let texts: Lists = from_slice(&list_of("Texts", 3_000_000, b"\xa1x")).unwrap();
    assert_eq!(texts.texts.map(|texts| texts.len()), Some(3_000_000));
}

#[test]
fn each_value_is_counted_for_itself() {
    let one = list_of("List", EXPANSION_BYTES_MAX / size_of::<Large>(), &[0x80]);
    let several = one.repeat(3);
    let mut decoder = Decoder::new(&several);
    for _ in 0..3 {
        decoder.decode::<Lists>().unwrap();
    }
}
