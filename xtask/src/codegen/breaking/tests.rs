use std::fs;

use super::*;

const BEFORE: &str = r#"
syntax = "proto3";
package shop;

message Order {
  reserved 4;
  string id = 1;
  repeated string items = 2;
  State state = 3;
  oneof payment {
    string card = 5;
    string invoice = 6;
  }
  message Line { int32 count = 1; }
  optional int32 discount = 7;
}
enum State { STATE_UNKNOWN = 0; STATE_PAID = 1; }
message Empty {}
service Shop {
  rpc Buy(Order) returns (Empty);
  rpc Watch(Empty) returns (stream Order);
}
"#;

fn compiled(text: &str) -> Vec<u8> {
    let dir = tempfile::tempdir().expect("a folder for a moment");
    fs::write(dir.path().join("shop.proto"), text).expect("it is ours");
    let mut compiler = protox::Compiler::new([dir.path()]).expect("the folder is there");
    compiler.open_file("shop.proto").unwrap_or_else(|error| panic!("{error:?}\n{text}"));
    compiler.encode_file_descriptor_set()
}

/// What `compare` says of the change that replaces one text by another.
fn changed(from: &str, to: &str) -> Vec<String> {
    assert_eq!(BEFORE.matches(from).count(), 1, "{from}");
    compare(&compiled(BEFORE), &compiled(&BEFORE.replace(from, to))).expect("both are descriptor sets")
}

#[test]
fn each_way_to_break_users_is_refused_with_a_line_that_says_what_broke() {
    for (from, to, about) in [
        ("  string id = 1;\n", "", "message shop.Order field 1"),
        ("string id = 1", "string id = 9", "message shop.Order field 1"),
        ("string id = 1", "bytes id = 1", "message shop.Order field 1"),
        ("string id = 1", "string number = 1", "message shop.Order field 1"),
        ("string id = 1", "string id = 1 [json_name = \"nr\"]", "message shop.Order field 1"),
        ("repeated string items", "string items", "message shop.Order field 2"),
        ("string id = 1", "optional string id = 1", "message shop.Order field 1"),
        ("optional int32 discount", "int32 discount", "message shop.Order field 7"),
        ("State state = 3", "Line state = 3", "message shop.Order field 3"),
        ("oneof payment", "oneof paid_by", "message shop.Order field 5"),
        ("    string card = 5;\n", "", "message shop.Order field 5"),
        ("  reserved 4;\n", "", "message shop.Order number 4"),
        ("  reserved 4;\n", "  string note = 4;\n", "message shop.Order number 4"),
        ("message Line { int32 count = 1; }", "", "message shop.Order.Line"),
        (" STATE_PAID = 1;", "", "enum shop.State value STATE_PAID"),
        ("STATE_PAID = 1", "STATE_PAID = 2", "enum shop.State value STATE_PAID"),
        ("STATE_PAID", "STATE_SETTLED", "enum shop.State value STATE_PAID"),
        ("  rpc Buy(Order) returns (Empty);\n", "", "service shop.Shop method Buy"),
        ("rpc Buy(Order)", "rpc Order(Order)", "service shop.Shop method Buy"),
        ("rpc Buy(Order)", "rpc Buy(Empty)", "service shop.Shop method Buy"),
        ("rpc Buy(Order)", "rpc Buy(stream Order)", "service shop.Shop method Buy"),
        ("(stream Order)", "(Order)", "service shop.Shop method Watch"),
        ("service Shop", "service Store", "service shop.Shop"),
        ("package shop;", "package store;", "file shop.proto"),
    ] {
        let complaints = changed(from, to);
        assert!(
            complaints.iter().any(|line| line.starts_with(&format!("{about} was "))),
            "{from} -> {to}: {complaints:#?}"
        );
    }
}

#[test]
fn what_is_gone_as_a_whole_is_told_once() {
    assert_eq!(changed("message Line { int32 count = 1; }", "").len(), 1);
}

#[test]
fn additions_and_another_order_break_nobody() {
    for (from, to) in [
        ("string id = 1;", "string id = 1; string note = 8;"),
        ("STATE_PAID = 1;", "STATE_PAID = 1; STATE_SENT = 2;"),
        ("message Empty {}", "message Empty {} message More {}"),
        ("rpc Buy(Order) returns (Empty);", "rpc Buy(Order) returns (Empty); rpc Sell(Order) returns (Empty);"),
        ("    string card = 5;\n    string invoice = 6;\n", "    string invoice = 6;\n    string card = 5;\n"),
        ("reserved 4;", "reserved 4, 20 to max;"),
        ("string id = 1;", "// Comments are not wire.\n string id = 1;"),
    ] {
        assert_eq!(changed(from, to), [""; 0], "{from} -> {to}");
    }
}

#[test]
fn what_is_no_descriptor_set_is_an_error() {
    assert!(compare(&[0xff], &[]).is_err());
}
