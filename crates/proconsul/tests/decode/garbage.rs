//! What makes no sense is told with its place, and costs no more than it must.
use super::{of, scratch};
use crate::support::{code, err, out, run};

/// A cassette out of chunks of one connection: true is to the server.
fn cassette(chunks: &[(bool, &str)]) -> String {
    let mut text = String::from("{\"conn\":1,\"ms\":0,\"event\":\"open\"}\n");
    for (to_server, hex) in chunks {
        let dir = if *to_server { "to_server" } else { "to_client" };
        text.push_str(&format!("{{\"conn\":1,\"ms\":1,\"dir\":\"{dir}\",\"hex\":\"{hex}\"}}\n"));
    }
    text
}

#[test]
fn one_direction_goes_on_when_the_other_makes_no_sense() {
    let text = cassette(&[(true, "00"), (true, super::CALL), (true, "c1c1"), (false, super::REPLY)]);
    let (_dir, path) = scratch("cassette", text.as_bytes());
    let events = super::events(&[&path]);
    let trouble = of(&events, "trouble");
    assert_eq!(trouble.len(), 1, "{events:?}");
    assert_eq!((&trouble[0]["dir"], &trouble[0]["offset"]), (&"to_server".into(), &33.into()));
    assert_eq!(of(&events, "reply").len(), 1);
}

#[test]
fn a_stream_that_makes_no_sense_harms_no_other() {
    let frame = |stream: u32, flags: u16, hex: &str| format!("0000{flags:04x}{stream:08x}{:08x}{hex}", hex.len() / 2);
    let chunks = [
        (true, format!("04{}", frame(1, 1, "c1"))),
        (true, frame(3, 1, super::CALL)),
        (false, frame(3, 2, super::REPLY)),
    ];
    let chunks: Vec<(bool, &str)> = chunks.iter().map(|(to_server, hex)| (*to_server, hex.as_str())).collect();
    let (_dir, path) = scratch("cassette", cassette(&chunks).as_bytes());
    let events = super::events(&[&path]);
    assert_eq!(of(&events, "trouble")[0]["stream"], 1);
    assert_eq!((of(&events, "call").len(), &of(&events, "reply")[0]["stream"]), (1, &3.into()));
}

#[test]
fn a_method_that_does_not_exist_is_told_so_with_its_body() {
    let call = "82a353657101ad536572766963654d6574686f64a7466f6f2e42617281a14101";
    let (_dir, path) = scratch("hex", format!("> 00{call}").as_bytes());
    let call = &super::events(&[&path]);
    let call = of(call, "call")[0];
    assert_eq!((&call["method"], &call["known"], &call["body"]["A"]), (&"Foo.Bar".into(), &false.into(), &1.into()));
}

#[test]
fn a_body_that_is_not_of_its_type_is_shown_as_what_it_is() {
    let call = "82a353657101ad536572766963654d6574686f64a74b56532e476574 81a34b657993010203";
    let (_dir, path) = scratch("hex", format!("> 00{call}").as_bytes());
    let events = super::events(&[&path]);
    let call = of(&events, "call")[0];
    assert_eq!(call["body"]["Key"], serde_json::json!([1, 2, 3]));
    assert!(call["odd"].is_string(), "{call}");
}

#[test]
fn lines_of_a_cassette_that_are_none_are_passed_over_and_named() {
    let text = cassette(&[(true, "00"), (true, "zz"), (true, super::CALL)]) + "{\"conn\":true}\nnonsense\n";
    let (_dir, path) = scratch("cassette", text.as_bytes());
    let events = super::events(&[&path]);
    let notes = of(&events, "note");
    let named: Vec<_> = notes.iter().filter_map(|note| note["text"].as_str()).collect();
    assert!(named.len() == 3 && named[0].contains("line 3") && named[2].contains("line 6"), "{named:?}");
    assert_eq!(of(&events, "call").len(), 1);
}

#[test]
fn what_another_protocol_says_is_named() {
    let http: String = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".iter().map(|byte| format!("{byte:02x}")).collect();
    let (_dir, path) = scratch("cassette", cassette(&[(true, &http)]).as_bytes());
    let output = run(&["decode", &path]);
    assert_eq!(code(&output), Some(0));
    assert!(out(&output).contains("no sense") && out(&output).contains("HTTP"), "{}", out(&output));
}

#[test]
fn text_that_is_no_hex_is_refused_with_its_line() {
    let (_dir, path) = scratch("hex", b"82 a3\nhello");
    let output = run(&["decode", &path]);
    assert_eq!(code(&output), Some(1));
    assert!(err(&output).contains("line 2") && err(&output).contains("hello"), "{}", err(&output));
}

#[test]
fn tls_is_named_and_said_to_stay_encrypted() {
    let hello = "16030100310100002d0303".to_owned() + &"00".repeat(32) + "00" + "00021301" + "0100" + "00020000";
    let alert = "15030300020250";
    let (_dir, path) = scratch("cassette", cassette(&[(true, "03"), (true, &hello), (false, alert)]).as_bytes());
    let output = run(&["decode", &path]);
    let told = out(&output);
    assert!(told.contains("ClientHello") && told.contains("fatal internal_error"), "{told}");
    assert!(err(&output).contains("not decrypted"), "{}", err(&output));
}
