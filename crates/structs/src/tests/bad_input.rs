//! Bad and odd input, each with what Go's decoder makes of it: the codec of `consul-net-rpc`, on structures with these fields.

mod cases; // the table

use proconsul_msgpack::{GoStr, Shaped, from_slice, to_vec};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use self::cases::Verdict::{self, Dies, Refused, RefusedByGoAlone, Taken};
use super::same_json;
use crate::{
    acl::AclAuthMethod,
    catalog::ServiceSpecificRequest,
    config_entry::ServiceSplit,
    connect_ca::CaRoot,
    internal::KeyringRequest,
    json::{self, Form},
    kvs::{DirEntry, KvsRequest},
    node::Node,
    session::Session,
};

#[test]
fn what_go_refuses_is_refused_in_its_words_and_what_it_takes_is_kept() {
    for group in cases::groups() {
        let check = match group.name {
            "structs.KVSRequest" => check::<KvsRequest>,
            "structs.DirEntry" => check::<DirEntry>,
            "structs.Session" => check::<Session>,
            "structs.KeyringRequest" => check::<KeyringRequest>,
            "structs.ServiceSpecificRequest" => check::<ServiceSpecificRequest>,
            "structs.ServiceSplit" => check::<ServiceSplit>,
            "structs.CARoot" => check::<CaRoot>,
            "structs.Node" => check::<Node>,
            "structs.ACLAuthMethod" => check::<AclAuthMethod>,
            "bool" => check::<bool>,
            "string" => check::<GoStr>,
            "[]string" => check::<Vec<GoStr>>,
            other => panic!("which type is {other}?"),
        };
        for (bytes, verdict) in &group.cases {
            check(bytes, verdict);
        }
    }
}

/// Holds both ways of reading against Go's, that of the structure itself and that by its shape.
fn check<T: Shaped + Serialize + DeserializeOwned>(bytes: &[u8], verdict: &Verdict) {
    let typed = from_slice::<T>(bytes);
    let by_shape = json::from_wire(T::shape(), Form::Wire, bytes);
    let input = bytes.escape_ascii();
    match verdict {
        Taken(expected) | RefusedByGoAlone(expected) => {
            let by_shape = by_shape.expect("it is read");
            let again = to_vec(&typed.expect("it is read")).expect("it has an encoding");
            let written = json::to_wire(T::shape(), Form::Wire, &by_shape).expect("what is read is written");
            assert!(written == again, "{input}: {} {}", written.escape_ascii(), again.escape_ascii());
            let set = set(by_shape, json::from_wire(T::shape(), Form::Wire, &zero::<T>()).ok());
            assert!(same_json(&set, expected), "{input}: {set} is not {expected}");
        }
        Refused(expected) => {
            for error in [typed.err(), by_shape.err()] {
                let error = error.unwrap_or_else(|| panic!("Go refuses {input}"));
                assert_eq!(error.wire_text(), *expected, "{input}");
            }
        }
        Dies => {
            for error in [typed.err(), by_shape.err()] {
                assert!(error.is_some_and(|error| error.is_incomplete()), "{input}");
            }
        }
    }
}

fn zero<T: Shaped>() -> Vec<u8> {
    json::to_wire(T::shape(), Form::Wire, &Value::Null).expect("every type has a zero value")
}

/// A structure's fields that are not zero.
fn set(read: Value, zero: Option<Value>) -> Value {
    match (read, zero) {
        (Value::Object(mut fields), Some(Value::Object(zero))) => {
            fields.retain(|name, value| zero.get(name) != Some(value));
            for (name, value) in &mut fields {
                *value = set(value.take(), zero.get(name).cloned());
            }
            Value::Object(fields)
        }
        (read, _) => read,
    }
}
