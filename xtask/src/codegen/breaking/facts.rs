//! What users of a descriptor set rely on, one fact each.
use std::collections::BTreeMap;

use prost_reflect::prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto, ServiceDescriptorProto,
    field_descriptor_proto::{Label, Type},
};
use tonic_prost_build::FileDescriptorSet;

/// What a fact is about, and what it is. What belongs to something has its words in front.
pub(super) type Facts = BTreeMap<String, String>;

/// Packages that are not ours to keep.
const NOT_OURS: &str = "google.protobuf";

/// Reserved numbers that are looked at one by one; ranges up to the highest number there is are cut here.
const RESERVED_MAX: i32 = 64;

/// All facts of a descriptor set.
pub(super) fn facts(set: &FileDescriptorSet) -> Facts {
    let mut facts = Facts::new();
    for file in set.file.iter().filter(|file| file.package() != NOT_OURS) {
        of_file(&mut facts, file);
    }
    facts
}

fn of_file(facts: &mut Facts, file: &FileDescriptorProto) {
    let package = file.package();
    facts.insert(format!("file {}", file.name()), format!("package {package}, {}", file.syntax()));
    for message in &file.message_type {
        of_message(facts, file.name(), package, message);
    }
    for of_enum in &file.enum_type {
        self::of_enum(facts, file.name(), package, of_enum);
    }
    for service in &file.service {
        of_service(facts, package, service);
    }
    for extension in &file.extension {
        let fact = format!("{} of {}, {}", extension.number(), extension.extendee(), typed(extension));
        facts.insert(format!("extension {package}.{}", extension.name()), fact);
    }
}

fn of_message(facts: &mut Facts, file: &str, scope: &str, message: &DescriptorProto) {
    let name = format!("{scope}.{}", message.name());
    let about = format!("message {name}");
    facts.insert(about.clone(), format!("in {file}"));
    for field in &message.field {
        let oneof = field.oneof_index.and_then(|at| message.oneof_decl.get(usize::try_from(at).ok()?));
        let oneof = oneof.map_or_else(String::new, |oneof| format!(", one of {}", oneof.name()));
        let fact = format!("{}, as JSON {}, {}{oneof}", field.name(), field.json_name(), typed(field));
        facts.insert(format!("{about} field {}", field.number()), fact);
    }
    for range in &message.reserved_range {
        for number in range.start()..range.end().min(range.start() + RESERVED_MAX) {
            facts.insert(format!("{about} number {number}"), "reserved".to_owned());
        }
    }
    for nested in &message.nested_type {
        of_message(facts, file, &name, nested);
    }
    for nested in &message.enum_type {
        of_enum(facts, file, &name, nested);
    }
}

/// Label and type of a field.
fn typed(field: &FieldDescriptorProto) -> String {
    let label = match field.label() {
        _ if field.proto3_optional() => "optional ",
        Label::Repeated => "repeated ",
        Label::Required => "required ",
        Label::Optional => "",
    };
    match field.r#type() {
        Type::Message | Type::Enum | Type::Group => format!("{label}{}", field.type_name().trim_start_matches('.')),
        plain => format!("{label}{}", plain.as_str_name().trim_start_matches("TYPE_").to_lowercase()),
    }
}

fn of_enum(facts: &mut Facts, file: &str, scope: &str, of_enum: &EnumDescriptorProto) {
    let about = format!("enum {scope}.{}", of_enum.name());
    facts.insert(about.clone(), format!("in {file}"));
    for value in &of_enum.value {
        facts.insert(format!("{about} value {}", value.name()), value.number().to_string());
    }
}

fn of_service(facts: &mut Facts, package: &str, service: &ServiceDescriptorProto) {
    let about = format!("service {package}.{}", service.name());
    facts.insert(about.clone(), "there".to_owned());
    for method in &service.method {
        let stream = |streams: bool| if streams { "stream of " } else { "" };
        let fact = format!(
            "{}{} to {}{}",
            stream(method.client_streaming()),
            method.input_type().trim_start_matches('.'),
            stream(method.server_streaming()),
            method.output_type().trim_start_matches('.')
        );
        facts.insert(format!("{about} method {}", method.name()), fact);
    }
}
