//! Captures: packets of a golden cassette, in the forms that tools write, tell what the cassette tells.
use std::fs;

use serde_json::Value;

use super::{cassettes, events, of, scratch};

/// A packet: milliseconds, and an IP packet.
type Packet = (u64, Vec<u8>);

const CLIENT: ([u8; 4], u16) = ([127, 0, 0, 1], 40_000);
const SERVER: ([u8; 4], u16) = ([127, 0, 0, 1], 8300);
const SYN: u8 = 2;
const ACK: u8 = 16;
const FIN: u8 = 1;

/// An IPv4 packet with a TCP segment. Nobody checks the checksums.
fn packet(to_server: bool, sequence: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
    let (from, to) = if to_server { (CLIENT, SERVER) } else { (SERVER, CLIENT) };
    let mut bytes = vec![0x45, 0];
    bytes.extend(((40 + payload.len()) as u16).to_be_bytes());
    bytes.extend([0, 0, 0, 0, 64, 6, 0, 0]);
    bytes.extend(from.0);
    bytes.extend(to.0);
    bytes.extend(from.1.to_be_bytes());
    bytes.extend(to.1.to_be_bytes());
    bytes.extend(sequence.to_be_bytes());
    bytes.extend([0, 0, 0, 0, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    bytes.extend(payload);
    bytes
}

/// One connection of a cassette as packets, none larger than a link would carry.
fn packets(cassette: &str, conn: u64) -> Vec<Packet> {
    let mut next = [u32::MAX - 50, 7000];
    let mut packets = vec![(0, packet(true, next[0], SYN, &[])), (0, packet(false, next[1], SYN | ACK, &[]))];
    next = next.map(|sequence| sequence.wrapping_add(1));
    let mut last = 0;
    for line in fs::read_to_string(cassettes::path(cassette)).expect("a cassette").lines() {
        let line: Value = serde_json::from_str(line).expect("JSON");
        let (Some(hex), Some(dir)) = (line["hex"].as_str(), line["dir"].as_str()) else { continue };
        if line["conn"] != conn {
            continue;
        }
        last = line["ms"].as_u64().expect("a time");
        let bytes: Vec<u8> = hex
            .as_bytes()
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).expect("ASCII"), 16).expect("hex"))
            .collect();
        let to_server = dir == "to_server";
        let sequence = &mut next[usize::from(!to_server)];
        for piece in bytes.chunks(1448) {
            packets.push((last, packet(to_server, *sequence, ACK, piece)));
            *sequence = sequence.wrapping_add(piece.len() as u32);
        }
    }
    packets.push((last, packet(true, next[0], FIN | ACK, &[])));
    packets.push((last, packet(false, next[1], FIN | ACK, &[])));
    packets
}

/// A pcap file, its packets behind what a link layer puts before them.
fn pcap(link: u32, before: &[u8], packets: &[Packet]) -> Vec<u8> {
    let mut file = Vec::new();
    for word in [0xa1b2_c3d4u32, 4 << 16 | 2, 0, 0, 262_144, link] {
        file.extend(word.to_le_bytes());
    }
    for (ms, packet) in packets {
        let length = (before.len() + packet.len()) as u32;
        for word in [1_700_000_000 + (ms / 1000) as u32, (ms % 1000 * 1000) as u32, length, length] {
            file.extend(word.to_le_bytes());
        }
        file.extend(before);
        file.extend(packet);
    }
    file
}

/// A pcapng file of one interface, big endian, with times in nanoseconds.
fn pcapng(link: u16, before: &[u8], packets: &[Packet]) -> Vec<u8> {
    let block = |kind: u32, mut body: Vec<u8>| {
        body.resize(body.len().next_multiple_of(4), 0);
        let length = (12 + body.len()) as u32;
        [&kind.to_be_bytes()[..], &length.to_be_bytes(), &body, &length.to_be_bytes()].concat()
    };
    let mut file = block(0x0a0d_0d0a, [&[0x1a, 0x2b, 0x3c, 0x4d, 0, 1, 0, 0][..], &[0xff; 8]].concat());
    // if_tsresol: 10^-9; then the end of options.
    let options = [0, 9, 0, 1, 9, 0, 0, 0, 0, 0, 0, 0];
    file.extend(block(1, [&link.to_be_bytes()[..], &[0, 0], &[0, 4, 0, 0], &options].concat()));
    for (ms, packet) in packets {
        let at = (1_700_000_000_000 + ms) * 1_000_000;
        let length = ((before.len() + packet.len()) as u32).to_be_bytes();
        let head = [&[0; 4][..], &((at >> 32) as u32).to_be_bytes(), &(at as u32).to_be_bytes(), &length, &length];
        file.extend(block(6, [&head.concat()[..], before, packet].concat()));
    }
    file
}

/// What is told of calls and messages, without what only a capture or only a cassette knows.
fn essence(events: &[Value]) -> Vec<Value> {
    let kinds = [
        "call",
        "reply",
        "frame",
        "http2",
        "grpc call",
        "grpc message",
        "grpc end",
        "raft",
        "raft reply",
        "raft entry",
    ];
    let told = events.iter().filter(|event| kinds.iter().any(|kind| event["event"] == *kind));
    told.cloned()
        .map(|mut event| {
            event["conn"] = Value::Null;
            event
        })
        .collect()
}

/// What a capture tells of calls and messages.
fn told(file: &[u8]) -> Vec<Value> {
    let (_dir, path) = scratch("capture", file);
    essence(&events(&[&path]))
}

const ETHERNET: &[u8] = &[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0];
const VLAN: &[u8] = &[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x81, 0, 0, 7, 8, 0];
const LOOPBACK: &[u8] = &[2, 0, 0, 0];
const COOKED: &[u8] = &[0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 8, 0];
const COOKED2: &[u8] = &[8, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0];

#[test]
fn a_capture_tells_what_the_cassette_tells_whatever_the_link_layer() {
    for (cassette, conn) in [("kv.jsonl", 2), ("raft-follower.jsonl", 3), ("streaming-health.jsonl", 1)] {
        let wanted = essence(&events(&[&cassettes::path(cassette), "--conn", &conn.to_string()]));
        assert!(wanted.len() >= 3, "{cassette}");
        let packets = packets(cassette, conn);
        for (link, before) in
            [(101, &[][..]), (1, ETHERNET), (1, VLAN), (0, LOOPBACK), (113, COOKED), (276, COOKED2), (228, &[])]
        {
            assert_eq!(told(&pcap(link, before, &packets)), wanted, "{cassette}, pcap of link layer {link}");
            assert_eq!(told(&pcapng(link as u16, before, &packets)), wanted, "{cassette}, pcapng of {link}");
        }
    }
}

#[test]
fn packets_that_come_twice_and_in_disorder_change_nothing_but_the_order() {
    let packets = packets("kv.jsonl", 2);
    let wanted = told(&pcap(101, &[], &packets));
    // Neighbours of one direction change places, and every third packet comes twice.
    let mut odd = packets.clone();
    for at in (3..odd.len() - 1).step_by(2) {
        if odd[at].1[12..24] == odd[at + 1].1[12..24] {
            odd.swap(at, at + 1);
        }
    }
    let odd: Vec<Packet> = odd
        .into_iter()
        .enumerate()
        .flat_map(|(at, packet)| std::iter::repeat_n(packet, if at % 3 == 0 { 2 } else { 1 }))
        .collect();
    assert_ne!(odd, packets);
    assert_eq!(told(&pcap(101, &[], &odd)), wanted);
}

#[test]
fn a_packet_that_was_not_captured_costs_its_stream_or_direction_and_is_told() {
    let whole = packets("kv.jsonl", 2);
    let wanted = told(&pcap(101, &[], &whole)).len();
    let largest = (0..whole.len()).max_by_key(|at| whole[*at].1.len()).expect("packets");
    let mut missing = whole.clone();
    let (_, packet) = missing.remove(largest);
    let (_dir, path) = scratch("capture", &pcap(101, &[], &missing));
    let events = events(&[&path]);
    let lost = of(&events, "lost");
    assert_eq!(lost.len(), 1, "{lost:?}");
    assert_eq!(lost[0]["length"], packet.len() - 40);
    assert!(!of(&events, "trouble").is_empty());
    assert!(essence(&events).len() < wanted);
}

#[test]
fn a_capture_that_begins_midway_is_guessed_at() {
    let packets = packets("kv.jsonl", 2);
    let wanted = told(&pcap(101, &[], &packets));
    // Without the handshake, and without the packet that has the type byte.
    let first = packets.iter().position(|(_, packet)| packet.get(40) == Some(&4)).expect("a type byte");
    let (_dir, path) = scratch("capture", &pcap(101, &[], &packets[first + 1..]));
    let events = events(&[&path]);
    assert!(of(&events, "route").iter().all(|route| route["guessed"] == true && route["route"] == "rpc_multi"));
    assert!(events.iter().any(|event| event["event"] == "open" && event["midway"] == true));
    let calls = of(&events, "call").len();
    let all = wanted.iter().filter(|event| event["event"] == "call").count();
    assert!(calls + 2 >= all && calls > 3, "{calls} of {all}");
}

#[test]
fn the_port_is_named_where_it_is_another() {
    let (_dir, path) = scratch("capture", &pcap(101, &[], &packets("kv.jsonl", 2)));
    let none = events(&[&path, "--port", "9300"]);
    assert!(none.len() == 1 && none[0]["text"].as_str().is_some_and(|text| text.contains("8300")), "{none:?}");
    assert!(!of(&events(&[&path, "--port", "9300", "--port", "8300"]), "call").is_empty());
}

#[test]
fn a_capture_that_is_cut_tells_what_it_has() {
    let file = pcap(101, &[], &packets("kv.jsonl", 2));
    let (_dir, path) = scratch("capture", &file[..file.len() / 2]);
    let events = events(&[&path]);
    assert!(!of(&events, "call").is_empty());
    assert!(
        of(&events, "note").iter().any(|note| note["text"].as_str().is_some_and(|text| text.contains("ends within")))
    );
}
