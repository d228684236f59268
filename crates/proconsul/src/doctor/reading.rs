//! What an outcome means for one route: reached, refused, or something else answered.
use proconsul_msgpack::{Decoder, Value};
use proconsul_netrpc::ResponseHeader;
use proconsul_yamux::{HEADER_BYTES, Header, Kind};
use rustls::AlertDescription;

use super::{
    certificate::printable,
    facts::{Ask, End, Facts, NoTls, Outcome, Port, Probe, Unconnected, Way},
};

/// What an outcome means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// The route answered.
    Reached(Answer),
    /// The route is silent, as it is when it is reached.
    ReachedSilent,
    /// The server closed.
    Refused,
    /// The server said no in TLS.
    RefusedWith(AlertDescription),
    /// No TLS that both sides speak.
    Incompatible(String),
    /// The connection stands, and nothing came where an answer was due.
    Silent,
    /// Something else lives there.
    Stranger(Stranger),
    /// There was no connection.
    Unconnected(Unconnected),
}

/// What a route answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// As it should.
    Well,
    /// With an error text.
    Error(String),
}

/// What lives there instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stranger {
    Http1,
    Ssh,
    /// HTTP/2, which a gRPC port says before it is asked.
    Http2,
    /// Gossip: a Serf port.
    Gossip,
    /// A TLS record in answer to bytes in clear.
    Tls,
    /// A protocol that greets, by name.
    Named(&'static str),
    /// Unknown bytes, the first of them.
    Unknown(Vec<u8>),
}

/// What servers of other protocols begin with.
const STRANGERS: &[(&[u8], Stranger)] = &[
    (b"HTTP/", Stranger::Http1),
    (b"SSH-", Stranger::Ssh),
    (b"\x09\x82\xa4Algo", Stranger::Gossip), // a compressed answer of memberlist's
    (b"\x02\x82\xa7Payload", Stranger::Gossip),
    (b"\x02\x82\xa5SeqNo", Stranger::Gossip),
    (b"\x15\x03", Stranger::Tls),
    (b"\x16\x03", Stranger::Tls),
    (b"220", Stranger::Named("SMTP or FTP")),
    (b"+OK", Stranger::Named("POP3")),
    (b"* OK", Stranger::Named("IMAP")),
    (b"-ERR", Stranger::Named("Redis")),
    (b"AMQP", Stranger::Named("AMQP")),
];

/// Longest part of unknown bytes that is shown.
const SHOWN_BYTES: usize = 16;

impl Stranger {
    /// Whether this is how some other protocol begins.
    pub(super) fn is_known(bytes: &[u8]) -> bool {
        !matches!(Self::classify(bytes), Self::Unknown(_))
    }

    /// Names what a server began with.
    pub(super) fn classify(bytes: &[u8]) -> Self {
        if is_settings(bytes) {
            return Self::Http2;
        }
        let known = STRANGERS.iter().find(|(start, _)| bytes.starts_with(start));
        known.map_or_else(|| Self::Unknown(bytes[..bytes.len().min(SHOWN_BYTES)].to_vec()), |(_, named)| named.clone())
    }
}

/// Whether an HTTP/2 SETTINGS frame of stream 0 begins the bytes.
fn is_settings(bytes: &[u8]) -> bool {
    matches!(bytes, [0, _, length, 4, 0 | 1, 0, 0, 0, 0, ..] if length % 6 == 0)
}

/// The answer to what was asked, once it is all there; `None`: not yet, or it is none.
pub(super) fn answer(ask: Ask, bytes: &[u8]) -> Option<Answer> {
    match ask {
        Ask::Nothing => None,
        Ask::Settings => is_settings(bytes).then_some(Answer::Well),
        Ask::Ping | Ask::Sign => reply(bytes),
        Ask::StreamPing => reply(&stream_data(bytes)),
        Ask::Snapshot => {
            let Value::Map(fields) = Decoder::new(bytes).decode::<Value>().ok()? else { return None };
            let error = fields.into_iter().find(|(name, _)| name.as_bytes() == b"Error")?.1;
            let Value::Str(error) = error else { return None };
            Some(text(&error.to_str_lossy()))
        }
    }
}

fn reply(bytes: &[u8]) -> Option<Answer> {
    let header: ResponseHeader = Decoder::new(bytes).decode().ok()?;
    // Seq is ours again; a map that merely decodes has none.
    (header.seq == 1).then(|| text(&header.error.to_str_lossy()))
}

fn text(error: &str) -> Answer {
    if error.is_empty() { Answer::Well } else { Answer::Error(printable(error)) }
}

/// What the data frames of stream 1 hold, as far as the frames are whole.
fn stream_data(mut bytes: &[u8]) -> Vec<u8> {
    let mut data = Vec::new();
    while let Some((header, rest)) = bytes.split_first_chunk::<HEADER_BYTES>() {
        let Ok(header) = Header::decode(header) else { break };
        let length = if header.kind == Kind::Data { header.length as usize } else { 0 };
        let Some(body) = rest.get(..length) else { break };
        if header.stream == 1 {
            data.extend_from_slice(body);
        }
        bytes = &rest[length..];
    }
    data
}

/// Reads one outcome by itself.
pub(super) fn read(probe: &Probe, outcome: &Outcome) -> Reading {
    match outcome {
        Outcome::Unconnected(why) => Reading::Unconnected(why.clone()),
        Outcome::NoTls { why, .. } => match why {
            NoTls::Alert(alert) => Reading::RefusedWith(*alert),
            NoTls::Closed => Reading::Refused,
            NoTls::Silent => Reading::Silent,
            NoTls::NotTls(bytes) => Reading::Stranger(Stranger::classify(bytes)),
            NoTls::Incompatible(text) | NoTls::Other(text) => Reading::Incompatible(text.clone()),
        },
        Outcome::Heard { bytes, end, .. } => match (answer(probe.ask, bytes), end) {
            (Some(answer), _) => Reading::Reached(answer),
            (None, _) if !bytes.is_empty() && stream_begun(probe, bytes) => {
                if *end == End::Open {
                    Reading::Silent
                } else {
                    Reading::Refused
                }
            }
            (None, _) if !bytes.is_empty() => Reading::Stranger(Stranger::classify(bytes)),
            (None, End::Alert(AlertDescription::CloseNotify) | End::Closed) => Reading::Refused,
            (None, End::Alert(alert)) => Reading::RefusedWith(*alert),
            (None, End::Garbled(text)) => Reading::Incompatible(text.clone()),
            (None, End::Open) if probe.ask == Ask::Nothing => Reading::ReachedSilent,
            (None, End::Open) => Reading::Silent,
        },
    }
}

/// A yamux session that answers with frames, though not with a reply.
fn stream_begun(probe: &Probe, bytes: &[u8]) -> bool {
    probe.ask == Ask::StreamPing
        && bytes.first_chunk::<HEADER_BYTES>().is_some_and(|header| Header::decode(header).is_ok())
}

/// Reads all outcomes. Silence is an answer only of a server that answers on other routes taken in the same way: the silence
/// of a port that nobody serves looks no different.
pub(super) fn read_all(facts: &Facts) -> Vec<(Probe, Reading)> {
    let mut readings: Vec<(Probe, Reading)> =
        facts.probed.iter().map(|(probe, outcome)| (*probe, read(probe, outcome))).collect();
    let speaks = readings.clone();
    for (probe, reading) in &mut readings {
        let alike = |other: &Probe| {
            other.port == probe.port && other.certificate == probe.certificate && same_kind(other.way, probe.way)
        };
        if *reading == Reading::ReachedSilent && !speaks.iter().any(|(other, heard)| alike(other) && heard.is_answer())
        {
            *reading = Reading::Silent;
        }
    }
    readings
}

fn same_kind(a: Way, b: Way) -> bool {
    matches!((a, b), (Way::Native(_), Way::Native(_))) || a == b
}

impl Reading {
    /// The route is there and took the connection.
    pub(super) fn is_reached(&self) -> bool {
        matches!(self, Self::Reached(_) | Self::ReachedSilent)
    }

    /// The server turned the connection away.
    pub(super) fn is_refused(&self) -> bool {
        matches!(self, Self::Refused | Self::RefusedWith(_) | Self::Incompatible(_))
    }

    fn is_answer(&self) -> bool {
        matches!(self, Self::Reached(_))
    }
}

/// Whether what the first connections met is worth walking: it is not when nobody answers, nor when something else does.
pub(super) fn is_server_port(facts: &Facts) -> bool {
    let readings = read_all(facts);
    let server = |reading: &Reading| reading.is_answer() || (reading.is_refused());
    readings.iter().any(|(probe, reading)| probe.port == Port::Server && server(reading))
        && !readings
            .iter()
            .any(|(_, reading)| matches!(reading, Reading::Stranger(stranger) if *stranger != Stranger::Tls))
        && !readings.iter().any(|(probe, reading)| probe.route == super::plan::GREETING && *reading == Reading::Refused)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::plan::{first, rest};

    proptest::proptest! {
        #[test]
        fn no_bytes_of_a_peer_panic_nor_reach_a_terminal_raw(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..600), cut in 0usize..64) {
            // As they are, and as the rest of what each kind of answer begins with.
            let starts: [&[u8]; 5] = [b"", b"\x83\xa5Error\xda\x00\x20", b"\0\0\0\0\0\0\0\x01\0\0\x01\0", b"\x81\xa5Error", b"\x15\x03"];
            for start in starts {
                let bytes = [&start[..start.len().saturating_sub(cut)], &bytes].concat();
                for ask in [Ask::Nothing, Ask::Ping, Ask::StreamPing, Ask::Sign, Ask::Settings, Ask::Snapshot] {
                    for end in [End::Open, End::Closed] {
                        if let Reading::Reached(Answer::Error(told)) = read(&probe(ask), &heard(&bytes, end)) {
                            proptest::prop_assert!(!told.chars().any(char::is_control));
                        }
                    }
                }
            }
            let _certificate = crate::doctor::certificate::Certificate::read(&bytes);
        }
    }

    fn probe(ask: Ask) -> Probe {
        let all: Vec<Probe> = first().into_iter().chain(rest(true)).collect();
        *all.iter().find(|probe| probe.ask == ask).expect("each question is asked")
    }

    fn heard(bytes: &[u8], end: End) -> Outcome {
        Outcome::Heard { tls: None, bytes: bytes.to_vec(), end }
    }

    #[test]
    fn bytes_and_ends_are_read_as_what_they_mean() {
        let pong = b"\x83\xa5Error\xa0\xa3Seq\x01\xadServiceMethod\xabStatus.Ping\x80";
        let no = b"\x83\xa5Error\xa2no\xa3Seq\x01\xadServiceMethod\xabStatus.Ping\x80";
        let ack = b"\x00\x01\x00\x02\x00\x00\x00\x01\x00\x00\x00\x00";
        let data = [&b"\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00"[..], &[pong.len() as u8], pong].concat();
        let settings = b"\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x05\x00\x00@\x00";
        let dc = b"\x82\xa7Backend\x00\xa5Error\xa4nope";
        use {Answer::*, Reading::*};
        for (ask, bytes, end, expected) in [
            (Ask::Ping, &pong[..], End::Open, Reached(Well)),
            (Ask::Ping, no, End::Closed, Reached(Error("no".to_owned()))),
            (Ask::Ping, b"", End::Open, Silent),
            (Ask::Ping, b"", End::Closed, Refused),
            (
                Ask::Ping,
                b"",
                End::Alert(AlertDescription::CertificateRequired),
                RefusedWith(AlertDescription::CertificateRequired),
            ),
            (Ask::Ping, b"", End::Alert(AlertDescription::CloseNotify), Refused),
            (Ask::Ping, b"\x80", End::Open, Stranger(super::Stranger::Unknown(vec![0x80]))),
            (Ask::StreamPing, &[&ack[..], &data].concat(), End::Open, Reached(Well)),
            (Ask::StreamPing, ack, End::Open, Silent),
            (Ask::StreamPing, ack, End::Closed, Refused),
            (Ask::Settings, settings, End::Open, Reached(Well)),
            (Ask::Snapshot, dc, End::Closed, Reached(Error("nope".to_owned()))),
            (Ask::Nothing, b"", End::Open, ReachedSilent),
            (Ask::Nothing, settings, End::Open, Stranger(super::Stranger::Http2)),
            (Ask::Nothing, b"SSH-2.0-OpenSSH_9.2\r\n", End::Open, Stranger(super::Stranger::Ssh)),
            (Ask::Ping, b"\x09\x82\xa4Algo\x00\xa3Buf", End::Closed, Stranger(super::Stranger::Gossip)),
            (Ask::Settings, b"HTTP/1.1 400 Bad Request\r\n", End::Closed, Stranger(super::Stranger::Http1)),
            (Ask::Settings, b"\x15\x03\x01\x00\x02\x02\x46", End::Closed, Stranger(super::Stranger::Tls)),
        ] {
            assert_eq!(read(&probe(ask), &heard(bytes, end)), expected, "{ask:?} {bytes:02x?}");
        }
    }

    #[test]
    fn an_answer_is_taken_only_when_it_is_whole() {
        let pong = b"\x83\xa5Error\xa0\xa3Seq\x01\xadServiceMethod\xabStatus.Ping";
        for cut in 0..pong.len() {
            assert_eq!(answer(Ask::Ping, &pong[..cut]), None, "{cut}");
        }
        assert_eq!(answer(Ask::Ping, pong), Some(Answer::Well));
    }

    #[test]
    fn silence_is_an_answer_only_where_others_answer() {
        let raft = Probe { ask: Ask::Nothing, route: "raft", ..probe(Ask::Ping) };
        let mut facts = Facts { probed: vec![(raft, heard(b"", End::Open))], ..Facts::default() };
        assert_eq!(read_all(&facts)[0].1, Reading::Silent);
        let pong = b"\x83\xa5Error\xa0\xa3Seq\x01\xadServiceMethod\xabStatus.Ping\x80";
        facts.probed.push((probe(Ask::Ping), heard(pong, End::Open)));
        assert_eq!(read_all(&facts)[0].1, Reading::ReachedSilent);
    }
}
