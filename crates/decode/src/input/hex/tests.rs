use super::*;

fn only(text: &str) -> Vec<u8> {
    let Text { pieces, packets } = parse(text).unwrap_or_else(|why| panic!("{text}: {why}"));
    assert!(packets.is_empty() && pieces.len() == 1, "{text}");
    pieces.into_iter().next().map(|(_, bytes)| bytes).unwrap_or_default()
}

#[test]
fn every_usual_way_to_print_bytes_is_read() {
    let wanted = b"\x82\xa3Seq\x01\xad|#: \n\xff\x00\x10";
    for text in [
        "82a353657101ad7c233a200aff0010",
        "82 a3 53 65 71 01 ad 7c 23 3a 20 0a ff 00 10",
        "82:a3:53:65:71:01:ad:7c:23:3a:20:0a:ff:00:10",
        "0x82, 0xa3, 0x53, 0x65, 0x71, 0x01, 0xad,\n 0x7c, 0x23, 0x3a, 0x20, 0x0a, 0xff, 0x00, 0x10,",
        r#""\x82\xa3\x53\x65\x71\x01\xad\x7c\x23\x3a\x20\x0a\xff\x00\x10""#,
        "82a35365 # a key\n7101 ad7c233a200aff0010",
        // xxd
        "00000000: 82a3 5365 7101 ad7c 233a 200a ff00 10    ..Seq..|#: ....\n",
        // hexdump -C
        "00000000  82 a3 53 65 71 01 ad 7c  23 3a 20 0a ff 00 10     |..Seq..|#: ....|\n0000000f\n",
    ] {
        // A comment sign within what xxd prints at the end of a line cuts only that.
        assert_eq!(only(text), wanted, "{text}");
    }
}

#[test]
fn what_is_no_hex_is_named_with_its_line() {
    for (text, line) in [("82\nzz", "line 2"), ("8", "line 1"), ("82 a", "line 1"), ("+1", "line 1"), ("é", "line 1")]
    {
        let why = parse(text).expect_err(text);
        assert!(why.starts_with(line) && why.contains("is no hex"), "{text}: {why}");
    }
}

#[test]
fn lines_may_say_which_way_their_bytes_went() {
    let Text { pieces, .. } = parse("> 01\n> 02\n03\n< 04\n> 05").expect("hex");
    let (to, back) = (Some(Direction::ToServer), Some(Direction::ToClient));
    assert_eq!(pieces, [(to, vec![1, 2, 3]), (back, vec![4]), (to, vec![5])]);
}

#[test]
fn what_tcpdump_prints_is_packets_with_their_times() {
    let text = "12:00:00.500000 IP 127.0.0.1.40000 > 127.0.0.1.8300: Flags [P.], length 1\n\
                \t0x0000:  4500 0029 0000 4000 4006 3ccd 7f00 0001  E..)..@.@.<.....\n\
                \t0x0010:  7f00 0001                                ....\n\
                12:00:01 IP 127.0.0.1.8300 > 127.0.0.1.40000: Flags [.], length 0\n\
                \t0x0000:  4500\n";
    let Text { packets, pieces } = parse(text).expect("packets");
    assert!(pieces.is_empty());
    let half = Duration::from_millis(500);
    let noon = Duration::from_secs(12 * 3600);
    assert_eq!(
        packets.iter().map(|(at, bytes)| (*at, bytes.len())).collect::<Vec<_>>(),
        [(noon + half, 20), (noon + 2 * half, 2)]
    );
}
