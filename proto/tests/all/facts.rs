//! The descriptors and the rows of the method table say what was recorded, all of it and no more.
use std::collections::BTreeMap;

use proconsul_proto::methods;
use prost_reflect::{
    Cardinality, EnumDescriptor, ExtensionDescriptor, FieldDescriptor, FileDescriptor, Kind, MessageDescriptor,
    MethodDescriptor, ReflectMessage, ServiceDescriptor,
};
use serde_json::{Value, json};

use crate::{POOL, recorded};

/// The annotation that says what the rate limiter takes a method for.
const RATE: &str = "hashicorp.consul.internal.ratelimit.spec";

/// Rows by what tells them apart.
type Rows = BTreeMap<(String, String), Value>;

/// A row per file, message, enum, extension and service, in the form of the recording.
fn ours() -> Rows {
    let mut rows = Rows::new();
    for file in POOL.files().filter(|file| file.package_name() != "google.protobuf") {
        add(&mut rows, of_file(&file));
        for message in file.messages() {
            add_message(&mut rows, file.name(), &message);
        }
        for of_file in file.enums() {
            add(&mut rows, of_enum(file.name(), &of_file));
        }
        for extension in file.extensions() {
            add(&mut rows, of_extension(file.name(), &extension));
        }
        for service in file.services() {
            add(&mut rows, of_service(file.name(), &service));
        }
    }
    rows
}

fn add(rows: &mut Rows, row: Value) {
    let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
    let name = if row["kind"] == "file" { text("path") } else { text("name") };
    let before = rows.insert((text("kind"), name), row);
    assert_eq!(before, None, "there are two of them");
}

fn add_message(rows: &mut Rows, file: &str, message: &MessageDescriptor) {
    if message.is_map_entry() {
        return;
    }
    add(rows, of_message(file, message));
    for nested in message.child_messages() {
        add_message(rows, file, &nested);
    }
    for nested in message.child_enums() {
        add(rows, of_enum(file, &nested));
    }
}

fn of_file(file: &FileDescriptor) -> Value {
    let mut imports: Vec<String> = file.dependencies().map(|file| file.name().to_owned()).collect();
    imports.sort();
    let imports = if imports.is_empty() { Value::Null } else { json!(imports) };
    let tree = if file.name().starts_with("private/") { "proto/private" } else { "proto-public" };
    json!({
        "kind": "file", "path": file.name(), "package": file.package_name(), "imports": imports, "tree": tree,
        "syntax": file.file_descriptor_proto().syntax(),
    })
}

fn of_message(file: &str, message: &MessageDescriptor) -> Value {
    let mut fields: Vec<FieldDescriptor> = message.fields().collect();
    // Recorded as they are declared, which is how the descriptor lists them; by number is how the library does.
    let declared = message.descriptor_proto();
    fields.sort_by_key(|field| declared.field.iter().position(|f| f.name() == field.name()));
    let fields: Vec<Value> = fields.iter().map(of_field).collect();
    let mut row = json!({"kind": "message", "file": file, "name": message.full_name(), "fields": fields});
    let mut reserved: Vec<String> =
        message.reserved_ranges().map(|range| format!("{}-{}", range.start, range.end - 1)).collect();
    reserved.sort();
    if !reserved.is_empty() {
        row["reserved"] = json!(reserved);
    }
    row
}

fn of_field(field: &FieldDescriptor) -> Value {
    let mut fact = json!({"n": field.name(), "#": field.number(), "t": type_of(field)});
    if field.is_list() {
        fact["l"] = json!(if field.is_packed() { "repeated packed" } else { "repeated" });
    }
    match field.cardinality() {
        Cardinality::Required => fact["l"] = json!("required"),
        Cardinality::Optional if field.field_descriptor_proto().proto3_optional() => fact["l"] = json!("optional"),
        Cardinality::Optional | Cardinality::Repeated => {}
    }
    if let Some(oneof) = field.containing_oneof().filter(|oneof| !oneof.is_synthetic()) {
        fact["oneof"] = json!(oneof.name());
    }
    if field.json_name() != camel(field.name()) {
        fact["json"] = json!(field.json_name());
    }
    fact
}

/// The JSON name that a field has if it says nothing: without underscores, and with a capital after each.
fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |mut all, word| {
        let mut letters = word.chars();
        all.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        all + letters.as_str()
    })
}

fn type_of(field: &FieldDescriptor) -> String {
    if field.is_map() {
        let Kind::Message(entry) = field.kind() else { panic!("entries of maps are messages") };
        let (key, value) = (entry.map_entry_key_field(), entry.map_entry_value_field());
        return format!("map<{},{}>", type_of(&key), type_of(&value));
    }
    match field.kind() {
        Kind::Message(message) => message.full_name().to_owned(),
        Kind::Enum(of_enum) => format!("enum {}", of_enum.full_name()),
        plain => format!("{plain:?}").to_lowercase(),
    }
}

fn of_enum(file: &str, of_enum: &EnumDescriptor) -> Value {
    let values: Vec<Value> = of_enum.values().map(|value| json!([value.name(), value.number()])).collect();
    json!({"kind": "enum", "file": file, "name": of_enum.full_name(), "values": values})
}

fn of_extension(file: &str, extension: &ExtensionDescriptor) -> Value {
    let Kind::Message(of_type) = extension.kind() else { panic!("{} is no message", extension.full_name()) };
    json!({
        "kind": "extension", "file": file, "name": extension.full_name(), "#": extension.number(),
        "extends": extension.containing_message().full_name(), "t": of_type.full_name(),
    })
}

fn of_service(file: &str, service: &ServiceDescriptor) -> Value {
    let methods: Vec<Value> = service.methods().map(|method| of_method(&method)).collect();
    let first = methods.first().and_then(|method| methods::find(method["path"].as_str()?)).expect("it has methods");
    let listeners: Vec<&str> = first.listeners.iter().map(|listener| listener.as_str()).collect();
    json!({"kind": "service", "file": file, "name": service.full_name(), "listeners": listeners, "methods": methods})
}

/// Streaming and annotation as the descriptor has them; what the rate limiter makes of them as the row has it.
fn of_method(method: &MethodDescriptor) -> Value {
    let extension = POOL.get_extension_by_name(RATE).expect("it is imported");
    let options = method.options();
    let annotation = options.get_extension(&extension);
    let annotation = annotation.as_message().expect("it is a message");
    let word = |field: &str| {
        let field = annotation.descriptor().get_field_by_name(field).expect("it has both");
        let (kind, value) = (field.kind(), annotation.get_field(&field));
        let number = value.as_enum_number().expect("both are enums");
        kind.as_enum().and_then(|of_enum| of_enum.get_value(number)).expect("it has a name").name().to_owned()
    };
    let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
    let row = methods::find(&path).unwrap_or_else(|| panic!("{path} has no row"));
    json!({
        "name": method.name(), "path": row.path, "request": method.input().full_name(), "response": method.output().full_name(),
        "client_streaming": method.is_client_streaming(), "server_streaming": method.is_server_streaming(),
        "annotation": {"operation_type": word("operation_type"), "operation_category": word("operation_category")},
        "rate": {"type": row.row.operation.as_str(), "category": row.row.category.as_str()},
    })
}

fn facts() -> Rows {
    let all: Value = serde_json::from_str(&recorded("grpc.json")).expect("it is JSON");
    let mut rows = Rows::new();
    for row in all["rows"].as_array().expect("it has rows") {
        add(&mut rows, row.clone());
    }
    rows
}

#[test]
fn every_file_message_field_enum_value_extension_service_and_method_is_as_recorded() {
    let (ours, facts) = (ours(), facts());
    for (key, fact) in &facts {
        assert_eq!(ours.get(key), Some(fact), "{key:?}");
    }
    let surplus: Vec<_> = ours.keys().filter(|key| !facts.contains_key(*key)).collect();
    assert!(surplus.is_empty(), "not recorded: {surplus:?}");
    let count = |kind: &str| ours.keys().filter(|(found, _)| found == kind).count();
    let counts = ["file", "message", "enum", "extension", "service"].map(count);
    assert_eq!(counts, [30, 279, 28, 2, 12]);
    let fields: usize = ours.values().filter_map(|row| row["fields"].as_array()).map(Vec::len).sum();
    assert_eq!(fields, 996);
    println!("{} rows with {fields} fields are as recorded", ours.len());
}

#[test]
fn every_row_of_the_method_table_is_as_recorded() {
    let mut compared = 0;
    for service in facts().values().filter(|row| row["kind"] == "service") {
        for fact in service["methods"].as_array().expect("a service has methods") {
            let path = fact["path"].as_str().expect("a method has a path");
            let row = methods::find(path).unwrap_or_else(|| panic!("{path} has no row"));
            let of_row = json!({
                "name": row.row.method(), "path": row.path, "request": row.row.arg, "response": row.row.reply,
                "client_streaming": row.client_streaming, "server_streaming": row.server_streaming,
                "annotation": fact["annotation"],
                "rate": {"type": row.row.operation.as_str(), "category": row.row.category.as_str()},
            });
            assert_eq!(&of_row, fact);
            assert_eq!(row.row.service(), service["name"]);
            let listeners: Vec<&str> = row.listeners.iter().map(|listener| listener.as_str()).collect();
            assert_eq!(json!(listeners), service["listeners"], "{path}");
            assert!(!row.meaning.is_empty(), "{path}");
            compared += 1;
        }
    }
    assert_eq!((compared, methods::all().len()), (33, 33));
}
