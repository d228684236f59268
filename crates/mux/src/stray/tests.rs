use super::*;

/// First packets as they come, one a line: a name or `-`, then the bytes in hex, then who sent them.
const CORPUS: &str = include_str!("corpus.txt");

fn corpus() -> impl Iterator<Item = (&'static str, Vec<u8>)> {
    CORPUS.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(|line| {
        let mut fields = line.split_whitespace();
        let (name, hex) = (fields.next().expect("a name"), fields.next().expect("bytes"));
        let digits = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex");
        (name, (0..hex.len()).step_by(2).map(digits).collect())
    })
}

#[test]
fn what_comes_by_mistake_is_named() {
    for (name, packet) in corpus() {
        assert_eq!(Stray::classify(&packet).map_or("-", Stray::label), name, "{packet:02x?}");
    }
}

#[test]
fn the_corpus_has_a_packet_for_every_pattern() {
    for pattern in TABLE {
        let found = corpus().any(|(_, packet)| packet.len() >= pattern.start.len() && pattern.agrees(&packet));
        assert!(found, "{:02x?}", pattern.start);
    }
}

#[test]
fn a_packet_that_comes_in_pieces_is_waited_for_until_it_has_a_name() {
    for (_, packet) in corpus() {
        let whole = Stray::classify(&packet);
        let named = (1..=packet.len()).find(|end| Stray::classify(&packet[..*end]).is_some());
        assert_eq!(named.is_some(), whole.is_some());
        for end in 1..named.unwrap_or(1) {
            assert!(Stray::may_become(&packet[..end]), "{:02x?}", &packet[..end]);
        }
        assert!(!Stray::may_become(&[&packet[..], &[0xee; STRAY_BYTES]].concat()), "{packet:02x?}");
    }
}

#[test]
fn no_pattern_is_longer_than_what_is_looked_at() {
    assert!(TABLE.iter().all(|pattern| pattern.start.len() <= STRAY_BYTES));
    assert!(TABLE.iter().all(|pattern| pattern.any.iter().all(|at| *at < pattern.start.len())));
}

#[test]
fn http_is_answered_in_its_own_words() {
    let answer = Stray::Http1.answer().expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    assert!(head.starts_with("HTTP/1.1 400 Bad Request\r\n"));
    assert!(head.contains(&format!("\r\nContent-Length: {}\r\n", body.len())), "{head}");
    assert!(body.contains("8500"));
    assert_eq!(Stray::Ssh.answer(), None);
}
