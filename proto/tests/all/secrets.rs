//! What must never be printed is not, and nothing that sounds like a secret was forgotten.
use proconsul_proto::{pbpeering, pbpeerstream, pbservice, pbsubscribe};
use proconsul_proto_public::pbacl;
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

use crate::POOL;

/// Words in a field's name that make one look twice.
const SUSPECT: &[&str] = &["secret", "token", "key", "jwt", "password", "bearer", "private"];

/// Fields with such a name that are no secret.
const HARMLESS: &[&str] = &[
    "hashicorp.consul.connectca.CARoot.signing_key_id", // a fingerprint
    "hashicorp.consul.internal.connect.CARoot.SigningKeyID", // a fingerprint
    "hashicorp.consul.internal.connect.CARoot.PrivateKeyType", // `ec` or `rsa`
    "hashicorp.consul.internal.config.ACL.TokenTTL",    // a time
    "hashicorp.consul.internal.configentry.FileSystemCertificate.PrivateKey", // a path
    "hashicorp.consul.resource.WriteStatusRequest.key", // a controller's
    "subscribe.NamedSubject.Key",                       // a name
    "subscribe.SubscribeRequest.Key",                   // a name
];

fn comment(field: &FieldDescriptor) -> String {
    let file = field.parent_file();
    let info = file.file_descriptor_proto().source_code_info.as_ref().expect("ours have comments");
    let place = info.location.iter().find(|place| place.path == field.path());
    place.map(|place| place.leading_comments().trim().to_owned()).unwrap_or_default()
}

fn with_nested(message: MessageDescriptor) -> Vec<MessageDescriptor> {
    let nested = message.child_messages().filter(|nested| !nested.is_map_entry()).flat_map(with_nested).collect();
    [vec![message], nested].concat()
}

fn all_fields() -> Vec<FieldDescriptor> {
    let files = POOL.files().filter(|file| file.package_name() != "google.protobuf");
    let messages = files.flat_map(|file| file.messages().flat_map(with_nested).collect::<Vec<_>>());
    messages.flat_map(|message| message.fields().collect::<Vec<_>>()).collect()
}

#[test]
fn what_sounds_like_a_secret_is_marked_as_one_or_known_to_be_none() {
    let mut harmless = Vec::new();
    for field in all_fields().iter().filter(|field| field.kind() == Kind::String || field.kind() == Kind::Bytes) {
        let name = field.name().to_lowercase();
        let is_suspect = SUSPECT.iter().any(|word| name.contains(word));
        if is_suspect && !comment(field).starts_with("Secret:") {
            harmless.push(field.full_name().to_owned());
        }
    }
    harmless.sort();
    let mut known: Vec<_> = HARMLESS.to_vec();
    known.sort_unstable();
    assert_eq!(harmless, known, "begin its comment with `Secret:`, or add it to those that are none");
}

#[test]
fn every_field_says_what_it_is() {
    for field in all_fields() {
        assert!(comment(&field).len() > 3, "{} has no comment", field.full_name());
    }
}

const SECRET: &str = "0e3f-open-sesame";

fn shows(message: &dyn std::fmt::Debug, others: &[&str]) {
    for shown in [format!("{message:?}"), format!("{message:#?}")] {
        assert!(!shown.contains(SECRET), "{shown}");
        assert!(shown.contains("<hidden>"), "{shown}");
        for other in others {
            assert!(shown.contains(other), "{other}: {shown}");
        }
    }
}

#[test]
fn secrets_are_hidden_and_what_is_beside_them_shows() {
    let secret = || SECRET.to_owned();
    shows(&pbacl::LoginToken { accessor_id: "e1f2".into(), secret_id: secret() }, &["LoginToken", "e1f2"]);
    shows(
        &pbsubscribe::SubscribeRequest {
            token: secret(),
            subject: Some(pbsubscribe::subscribe_request::Subject::WildcardSubject(true)),
            ..Default::default()
        },
        &["WildcardSubject"],
    );
    shows(&pbservice::ServiceDefinition { token: secret(), name: "web".into(), ..Default::default() }, &["web"]);
}

#[test]
fn secrets_within_other_messages_are_hidden_as_well() {
    let step = pbpeering::secrets_write_request::Request::GenerateToken(
        pbpeering::secrets_write_request::GenerateTokenRequest { establishment_secret: SECRET.into() },
    );
    let secrets = pbpeering::SecretsWriteRequest { peer_id: "p1".into(), request: Some(step) };
    shows(
        &pbpeering::PeeringWriteRequest { secrets_request: Some(secrets), ..Default::default() },
        &["p1", "GenerateToken"],
    );
    let open = pbpeerstream::replication_message::Open { stream_secret_id: SECRET.into(), ..Default::default() };
    let payload = pbpeerstream::replication_message::Payload::Open(open);
    shows(&pbpeerstream::ReplicationMessage { payload: Some(payload) }, &["Open"]);
}
