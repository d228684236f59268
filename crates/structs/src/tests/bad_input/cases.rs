//! The table of bad and odd input. It is data: the tests hold our structures against it, and the example `bad_input` prints it for
//! `cargo xtask interop`, where Go's decoder is asked again.
//!
//! JSON stands for what was read, without the fields that are zero. Strings that are not UTF-8 are kept, byte for byte.

use serde_json::{Value, json};

use self::Verdict::{Dies, Refused, RefusedByGoAlone, Taken};

/// What Go makes of it.
pub(crate) enum Verdict {
    /// It reads this.
    Taken(Value),
    /// It says this, reading from a connection.
    Refused(&'static str),
    /// It refuses it, and we read this. No peer writes it.
    RefusedByGoAlone(Value),
    /// It makes room for as many items as are claimed, and the process dies of it. Here it is refused: the items are not there.
    Dies,
}

/// Input for one type, with its verdicts.
pub(crate) struct Group {
    /// Consul's name of the type.
    pub(crate) name: &'static str,
    pub(crate) cases: Vec<(&'static [u8], Verdict)>,
}

/// All of it.
pub(crate) fn groups() -> Vec<Group> {
    vec![
        a_structure_within_another(),
        numbers_bytes_and_keys(),
        durations_and_lists(),
        integers_of_one_byte(),
        integers_of_four_bytes(),
        floats(),
        times(),
        maps(),
        values_without_a_type(),
        a_bool_alone(),
        a_string_alone(),
        a_list_alone(),
    ]
}

fn a_structure_within_another() -> Group {
    let cases: Vec<(&'static [u8], Verdict)> = vec![
        (b"\x81\xa2Op\x07", Refused("codec.decoder: readContainerLen: Unrecognized descriptor byte: hex: 7, dec: 7")),
        (
            b"\x81\xa2Op\xc3",
            Refused("codec.decoder: readContainerLen: Unrecognized descriptor byte: hex: c3, dec: 195"),
        ),
        (
            b"\x81\xa2Op\x81\xa1a\x01",
            Refused("codec.decoder: readContainerLen: Unrecognized descriptor byte: hex: 81, dec: 129"),
        ),
        (
            b"\x81\xa2Op\x91\xa1a",
            Refused("codec.decoder: readContainerLen: Unrecognized descriptor byte: hex: 91, dec: 145"),
        ),
        (
            b"\x81\xa6DirEnt\xa1x",
            Refused("codec.decoder: Only encoded map or array can be decoded into a struct. (valueType: 6)"),
        ),
        (
            b"\x81\xa6DirEnt\x05",
            Refused("codec.decoder: Only encoded map or array can be decoded into a struct. (valueType: 2)"),
        ),
        (
            b"\x81\xa6DirEnt\xc3",
            Refused("codec.decoder: Only encoded map or array can be decoded into a struct. (valueType: 5)"),
        ),
        (b"\xa1x", Refused("codec.decoder: Only encoded map or array can be decoded into a struct. (valueType: 6)")),
        (b"\x05", Refused("codec.decoder: Only encoded map or array can be decoded into a struct. (valueType: 2)")),
        (
            b"\xc1",
            Refused(
                "codec.decoder: currentEncodedType: Undeciphered descriptor: Unrecognized descriptor byte: hex: c1, dec: 193",
            ),
        ),
        (b"", Refused("EOF")),
        (b"\xc0", Taken(json!({}))),
        (b"\x90", Taken(json!({}))),
    ];
    Group { name: "structs.KVSRequest", cases }
}

fn numbers_bytes_and_keys() -> Group {
    let cases: Vec<(&'static [u8], Verdict)> = vec![
        (
            b"\x81\xa5Flags\xa11",
            Refused("codec.decoder: Unhandled single-byte unsigned integer value: Unrecognized descriptor byte: a1"),
        ),
        (
            b"\x81\xa5Flags\xcb?\xf0\x00\x00\x00\x00\x00\x00",
            Refused("codec.decoder: Unhandled single-byte unsigned integer value: Unrecognized descriptor byte: cb"),
        ),
        (
            b"\x81\xa5Flags\xc3",
            Refused("codec.decoder: Unhandled single-byte unsigned integer value: Unrecognized descriptor byte: c3"),
        ),
        (b"\x81\xa5Flags\xff", Refused("codec.decoder: Assigning negative signed value: 255, to unsigned type")),
        (b"\x81\xa5Flags\xd0\xff", Refused("codec.decoder: Assigning negative signed value: -1, to unsigned type")),
        (b"\x81\xa5Flags\xcf\xff\xff\xff\xff\xff\xff\xff\xff", Taken(json!({"Flags":u64::MAX}))),
        (b"\x81\xa5Flags\xd3\x7f\xff\xff\xff\xff\xff\xff\xff", Taken(json!({"Flags":i64::MAX}))),
        (
            b"\x81\xa5Value\x05",
            Refused("codec.decoder: Only encoded map or array can be decoded into a slice. (valueType: 2)"),
        ),
        (b"\x81\xa5Value\x93\x01\x02\x03", Taken(json!({"Value":"AQID"}))),
        (b"\x81\xa5Value\x91\xcd\x01\x00", Refused("codec.decoder: Overflow uint value: 256")),
        (b"\x81\xa5Value\xc4\x01\xff", Taken(json!({"Value":"/w=="}))),
        (
            b"\x81\xa3Key\xc4\x01\xff",
            Refused("codec.decoder: readContainerLen: Unrecognized descriptor byte: hex: c4, dec: 196"),
        ),
        (b"\x81\xa3Key\xa2\xff\xfe", Taken(json!({"Key":{"$bytes":"//4="}}))),
        (b"\x81\xa3Key\xdb\xff\xff\xff\xff", Refused("EOF")),
        (b"\x81\xa3Key\xdb\x7f\xff\xff\xffab", Refused("unexpected EOF")),
        (b"\xdf\xff\xff\xff\xff", Refused("EOF")),
        (b"\xdd\xff\xff\xff\xff", Refused("EOF")),
        (b"\x81\xa3Zzz\xdb\xff\xff\xff\xff", Refused("EOF")),
        (
            b"\x81\xa3Zzz\xc1",
            Refused("codec.decoder: Nil-Deciphered DecodeValue: Unrecognized descriptor byte: hex: c1, dec: 193"),
        ),
        (
            b"\x81\xa3Zzz\x81\x01\x02",
            Refused("codec.decoder: readContainerLen: Unrecognized descriptor byte: hex: 1, dec: 1"),
        ),
        (b"\x81\x01\x02", Refused("codec.decoder: readContainerLen: Unrecognized descriptor byte: hex: 1, dec: 1")),
        (b"\x81\xc0\x02", Taken(json!({}))),
        (
            b"\x81\xc4\x03Key\xa1a",
            Refused("codec.decoder: readContainerLen: Unrecognized descriptor byte: hex: c4, dec: 196"),
        ),
        (b"\x81\xabCreateIndex\xcd\x01", Refused("unexpected EOF")),
        (b"\x81", Refused("EOF")),
        (b"\x81\xa3Ke", Refused("unexpected EOF")),
    ];
    Group { name: "structs.DirEntry", cases }
}

fn durations_and_lists() -> Group {
    let cases: Vec<(&'static [u8], Verdict)> = vec![
        (b"\x81\xa9LockDelay\xcf\xff\xff\xff\xff\xff\xff\xff\xff", Taken(json!({"LockDelay":-1}))),
        (b"\x81\xa9LockDelay\xcf\x80\x00\x00\x00\x00\x00\x00\x00", Taken(json!({"LockDelay":i64::MIN}))),
        (
            b"\x81\xa9LockDelay\xa310s",
            Refused("codec.decoder: Unhandled single-byte unsigned integer value: Unrecognized descriptor byte: a3"),
        ),
        (
            b"\x81\xa9LockDelay\xca?\x80\x00\x00",
            Refused("codec.decoder: Unhandled single-byte unsigned integer value: Unrecognized descriptor byte: ca"),
        ),
        (
            b"\x81\xa9LockDelay\xc2",
            Refused("codec.decoder: Unhandled single-byte unsigned integer value: Unrecognized descriptor byte: c2"),
        ),
        (b"\x81\xa9LockDelay\xd3\x80\x00\x00\x00\x00\x00\x00\x00", Taken(json!({"LockDelay":i64::MIN}))),
        (b"\x81\xaaNodeChecks\x81\xa1a\xa1b", Taken(json!({"NodeChecks":["a","b"]}))),
        (
            b"\x81\xaaNodeChecks\xa1a",
            Refused("codec.decoder: Only encoded map or array can be decoded into a slice. (valueType: 6)"),
        ),
        (
            b"\x81\xaaNodeChecks\x91\x05",
            Refused("codec.decoder: readContainerLen: Unrecognized descriptor byte: hex: 5, dec: 5"),
        ),
        (b"\x81\xaaNodeChecks\x92\xc0\xa1a", Taken(json!({"NodeChecks":["","a"]}))),
        (
            b"\x81\xaaNodeChecks\x05",
            Refused("codec.decoder: Only encoded map or array can be decoded into a slice. (valueType: 2)"),
        ),
        (b"\x81\xaaNodeChecks\xdd\xff\xff\xff\xff", Dies),
        (
            b"\x81\xadServiceChecks\x91\xa1a",
            Refused("codec.decoder: Only encoded map or array can be decoded into a struct. (valueType: 6)"),
        ),
        (b"\x81\xadServiceChecks\x91\x92\xa1a\xa1b", Taken(json!({"ServiceChecks":[{"ID":"a","Namespace":"b"}]}))),
    ];
    Group { name: "structs.Session", cases }
}

fn integers_of_one_byte() -> Group {
    let cases: Vec<(&'static [u8], Verdict)> = vec![
        (b"\x81\xabRelayFactor\xcd\x01\x00", Refused("codec.decoder: Overflow uint value: 256")),
        (b"\x81\xabRelayFactor\xcc\xff", Taken(json!({"RelayFactor":255}))),
        (b"\x81\xabRelayFactor\xff", Refused("codec.decoder: Assigning negative signed value: 255, to unsigned type")),
    ];
    Group { name: "structs.KeyringRequest", cases }
}

fn integers_of_four_bytes() -> Group {
    let cases: Vec<(&'static [u8], Verdict)> = vec![
        (b"\x81\xb0HealthFilterType\xce\x80\x00\x00\x00", Refused("codec.decoder: Overflow int value: 2147483648")),
        (b"\x81\xb0HealthFilterType\xd2\x80\x00\x00\x00", Taken(json!({"HealthFilterType":-2147483648}))),
        (
            b"\x81\xb0HealthFilterType\xd3\xff\xff\xff\xff\x7f\xff\xff\xff",
            Refused("codec.decoder: Overflow int value: -2147483649"),
        ),
    ];
    Group { name: "structs.ServiceSpecificRequest", cases }
}

fn floats() -> Group {
    let cases: Vec<(&'static [u8], Verdict)> = vec![
        (b"\x81\xa6Weight\xca\x7f\xc0\x00\x00", Taken(json!({"Weight":"NaN"}))),
        (b"\x81\xa6Weight\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00", Taken(json!({"Weight":"NaN"}))),
        (
            b"\x81\xa6Weight\xcb\x7f\xef\xff\xff\xff\xff\xff\xff",
            Refused("codec.decoder: Overflow float32 value: 1.7976931348623157e+308"),
        ),
        (b"\x81\xa6Weight\xcb\x7f\xf0\x00\x00\x00\x00\x00\x00", Taken(json!({"Weight":"Infinity"}))),
        (b"\x81\xa6Weight\x05", Taken(json!({"Weight":5}))),
        (
            b"\x81\xa6Weight\xa15",
            Refused("codec.decoder: Unhandled single-byte unsigned integer value: Unrecognized descriptor byte: a1"),
        ),
        (b"\x81\xa6Weight\xff", Taken(json!({"Weight":-1}))),
        (b"\x81\xa6Weight\xcf\xff\xff\xff\xff\xff\xff\xff\xff", Taken(json!({"Weight":-1}))),
    ];
    Group { name: "structs.ServiceSplit", cases }
}

fn times() -> Group {
    let cases: Vec<(&'static [u8], Verdict)> = vec![
        (
            b"\x81\xa9NotBefore\xaf\x01\x00\x00\x00\x0e\xdds\xc2p/\x07/@\xff\xff",
            Taken(json!({"NotBefore":"2024-03-01T12:34:56.789Z"})),
        ),
        (
            b"\x81\xa9NotBefore\xb0\x02\x00\x00\x00\x0e\xdds\xc2p/\x07/@\x00\x13 ",
            Taken(json!({"NotBefore":{"$bytes":"AgAAAA7dc8JwLwcvQAATIA=="}})),
        ),
        (
            b"\x81\xa9NotBefore\xaf\x02\x00\x00\x00\x0e\xdds\xc2p/\x07/@\x00\x13",
            Refused("Time.UnmarshalBinary: invalid length"),
        ),
        (
            b"\x81\xa9NotBefore\xaf\x03\x00\x00\x00\x0e\xdds\xc2p/\x07/@\xff\xff",
            Refused("Time.UnmarshalBinary: unsupported version"),
        ),
        (
            b"\x81\xa9NotBefore\xae\x01\x00\x00\x00\x0e\xdds\xc2p/\x07/@\xff",
            Refused("Time.UnmarshalBinary: invalid length"),
        ),
        (b"\x81\xa9NotBefore\xa0", Refused("Time.UnmarshalBinary: no data")),
        (
            b"\x81\xa9NotBefore\x05",
            Refused("codec.decoder: readContainerLen: Unrecognized descriptor byte: hex: 5, dec: 5"),
        ),
        (b"\x81\xa9NotBefore\xc0", Taken(json!({}))),
        (b"\x81\xa9NotBefore\xb42024-03-01T00:00:00Z", Refused("Time.UnmarshalBinary: unsupported version")),
        (
            b"\x81\xa9NotBefore\xc4\x0f\x01\x00\x00\x00\x0e\xdds\xc2p/\x07/@\xff\xff",
            Taken(json!({"NotBefore":"2024-03-01T12:34:56.789Z"})),
        ),
        (
            b"\x81\xa9NotBefore\x90",
            Refused("codec.decoder: readContainerLen: Unrecognized descriptor byte: hex: 90, dec: 144"),
        ),
    ];
    Group { name: "structs.CARoot", cases }
}

fn maps() -> Group {
    let cases: Vec<(&'static [u8], Verdict)> = vec![
        (
            b"\x81\xa4Meta\x81\xa1a\x05",
            Refused("codec.decoder: readContainerLen: Unrecognized descriptor byte: hex: 5, dec: 5"),
        ),
        (
            b"\x81\xa4Meta\x81\x05\xa1a",
            Refused("codec.decoder: readContainerLen: Unrecognized descriptor byte: hex: 5, dec: 5"),
        ),
        (b"\x81\xa4Meta\x90", Refused("EOF")),
        (b"\x81\xa4Meta\xa0", Refused("EOF")),
        (b"\x81\xa4Meta\x81\xa1a\xc0", Taken(json!({"Meta":{"a":""}}))),
        (b"\x81\xa4Meta\x82\xa1a\xa1b\xa1a\xa1c", Taken(json!({"Meta":{"a":"c"}}))),
        (b"\x81\xa4Meta\x81\xc0\xa1a", Taken(json!({"Meta":{"":"a"}}))),
        (b"\x81\xa4Meta\x81\xa1\xff\xa1\xfe", Taken(json!({"Meta":[[{"$bytes":"/w=="},{"$bytes":"/g=="}]]}))),
    ];
    Group { name: "structs.Node", cases }
}

fn values_without_a_type() -> Group {
    let cases: Vec<(&'static [u8], Verdict)> = vec![
        (
            b"\x81\xa6Config\x81\xa1a\xc1",
            Refused("codec.decoder: Nil-Deciphered DecodeValue: Unrecognized descriptor byte: hex: c1, dec: 193"),
        ),
        (
            b"\x81\xa6Config\x81\x05\xc0",
            Refused("codec.decoder: readContainerLen: Unrecognized descriptor byte: hex: 5, dec: 5"),
        ),
        (
            b"\x81\xa6Config\x81\xa1a\x81\x01\x02",
            Refused("codec.decoder: readContainerLen: Unrecognized descriptor byte: hex: 1, dec: 1"),
        ),
        (b"\x81\xa6Config\x81\xa1a\xd4\x01\x02", Taken(json!({"Config":{"a":{"$bytes":"Ag=="}}}))),
        (b"\x81\xa6Config\x81\xa1a\xc4\x01\xff", Taken(json!({"Config":{"a":{"$bytes":"/w=="}}}))),
        (b"\x81\xa6Config\x81\xa1a\xa1\xff", Taken(json!({"Config":{"a":{"$bytes":"/w=="}}}))),
        (
            b"\x81\xa6Config\x81\xa1a\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00",
            Taken(json!({"Config":{"a":{"$float":"NaN"}}})),
        ),
        (b"\x81\xa6Config\x81\xa1a\xdd\xff\xff\xff\xff", Dies),
    ];
    Group { name: "structs.ACLAuthMethod", cases }
}

fn a_bool_alone() -> Group {
    let cases: Vec<(&'static [u8], Verdict)> = vec![
        (b"\xc0", Refused("codec.decoder: Invalid single-byte value for bool: Unrecognized descriptor byte: c0")),
        (b"\x01", Taken(json!(true))),
        (b"\x02", Refused("codec.decoder: Invalid single-byte value for bool: Unrecognized descriptor byte: 2")),
        (b"\xa1x", Refused("codec.decoder: Invalid single-byte value for bool: Unrecognized descriptor byte: a1")),
        (b"", Refused("EOF")),
    ];
    Group { name: "bool", cases }
}

fn a_string_alone() -> Group {
    let cases: Vec<(&'static [u8], Verdict)> = vec![
        (b"\xc0", Taken(json!(""))),
        (b"\x01", Refused("codec.decoder: readContainerLen: Unrecognized descriptor byte: hex: 1, dec: 1")),
        (b"\xc4\x01a", Refused("codec.decoder: readContainerLen: Unrecognized descriptor byte: hex: c4, dec: 196")),
        (b"\xd9\x01a", Taken(json!("a"))),
        (b"\x90", Refused("codec.decoder: readContainerLen: Unrecognized descriptor byte: hex: 90, dec: 144")),
        (b"\x80", Refused("codec.decoder: readContainerLen: Unrecognized descriptor byte: hex: 80, dec: 128")),
    ];
    Group { name: "string", cases }
}

fn a_list_alone() -> Group {
    let cases: Vec<(&'static [u8], Verdict)> = vec![
        (b"\xc0", RefusedByGoAlone(json!([]))),
        (b"\x91\xc0", Taken(json!([""]))),
        (b"\xa0", Refused("codec.decoder: Only encoded map or array can be decoded into a slice. (valueType: 6)")),
        (b"\x80", Taken(json!([]))),
        (b"\x92\xa1a", Refused("EOF")),
    ];
    Group { name: "[]string", cases }
}
