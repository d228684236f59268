//! What `Debug` does not show.

use std::{collections::BTreeMap, fmt::Debug};

use proconsul_msgpack::{Value, from_slice};
use serde::de::DeserializeOwned;

use super::recorded;
use crate::{Secret, acl, connect_ca, internal, peering, prepared_query, snapshot};

/// Reads the recorded `full` value of a type: its bytes have the words, its `Debug` does not.
fn check<T: DeserializeOwned + Debug>(name: &str, words: &[&str]) {
    let lines = recorded();
    let full = lines.iter().find(|line| line.name == name && line.case.starts_with("full"));
    let bytes = &full.unwrap_or_else(|| panic!("{name} has a full line")).bytes;
    let shown = format!("{:?}", from_slice::<T>(bytes).expect("recorded bytes decode"));
    for word in words {
        let inside = bytes.windows(word.len()).any(|window| window == word.as_bytes());
        assert!(inside, "the recorded {name} has no {word}");
        assert!(!shown.contains(word), "{word} shows in {shown}");
    }
    assert!(shown.contains("<hidden>"), "{shown}");
}

#[test]
fn debug_of_a_structure_hides_its_secrets() {
    check::<acl::AclToken>("structs.ACLToken", &["SecretID-1"]);
    check::<acl::AclTokenSetRequest>("structs.ACLTokenSetRequest", &["SecretID-1", "Token-1"]);
    check::<acl::AclTokenGetRequest>("structs.ACLTokenGetRequest", &["TokenID-1", "Token-1"]);
    check::<acl::AclLoginRequest>("structs.ACLLoginRequest", &["BearerToken-1", "Token-1"]);
    check::<connect_ca::CaConsulProviderState>("structs.CAConsulProviderState", &["PrivateKey-1"]);
    check::<connect_ca::CaRequest>("structs.CARequest", &["PrivateKey-1", "SigningKey-1", "State-1", "text"]);
    check::<connect_ca::CaRoot>("structs.CARoot", &["SigningKey-1"]);
    check::<connect_ca::IssuedCert>("structs.IssuedCert", &["PrivateKeyPEM-1"]);
    check::<connect_ca::SignedResponse>("structs.SignedResponse", &["GossipKey-1", "PrivateKeyPEM-1"]);
    check::<internal::KeyringRequest>("structs.KeyringRequest", &["Key-1", "Token-1"]);
    check::<internal::KeyringResponses>("structs.KeyringResponses", &["Keys-key1", "PrimaryKeys-key1"]);
    check::<prepared_query::PreparedQuery>("structs.PreparedQuery", &["Token-1"]);
    check::<snapshot::SnapshotRequest>("structs.SnapshotRequest", &["Token-1"]);
}

#[test]
fn debug_of_a_message_tells_its_length_only() {
    assert_eq!(format!("{:?}", peering::PeeringSecrets(b"key".as_slice().into())), "PeeringSecrets(3 bytes)");
}

#[test]
fn a_secret_is_on_the_wire_what_it_wraps() {
    let key: Secret = Secret::new("PEM");
    assert_eq!(proconsul_msgpack::to_vec(&key).expect("it is short"), b"\xa3PEM");
    assert_eq!(
        (format!("{key:?}"), format!("{:?}", Secret::<String>::default())),
        ("<hidden>".into(), "<none>".into())
    );
    let mut config: Secret<Option<Vec<Value>>> = Secret::default();
    *config.reveal_mut() = Some(vec![Value::Nil]);
    assert_eq!(format!("{config:?}"), "<hidden>");
    let method = acl::AclAuthMethod {
        config: Secret::new(BTreeMap::from([("OIDCClientSecret".into(), "x".into())])),
        ..Default::default()
    };
    assert!(format!("{method:?}").contains("config: <hidden>"), "{method:?}");
}
