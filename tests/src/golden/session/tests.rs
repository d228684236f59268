use std::net::{TcpListener, TcpStream};

use super::*;

/// A session and the far end of its connection, past the type byte.
fn pair() -> (Session, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (mut far, _) = listener.accept().unwrap();
    let session = Session::start(Box::new(near)).unwrap();
    let mut type_byte = [0];
    far.read_exact(&mut type_byte).unwrap();
    assert_eq!(type_byte, [4]);
    (session, far)
}

fn next(far: &mut TcpStream) -> super::super::yamux::Frame {
    let mut bytes = vec![0; super::super::yamux::HEADER_BYTES];
    far.read_exact(&mut bytes).unwrap();
    if bytes[1] == DATA {
        let length = u32::from_be_bytes([bytes[8], bytes[9], bytes[10], bytes[11]]);
        let mut data = vec![0; length as usize];
        far.read_exact(&mut data).unwrap();
        bytes.extend(data);
    }
    parse(&bytes).unwrap().0
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(10)
}

#[test]
fn streams_open_with_syn_and_odd_ids() {
    let (mut session, mut far) = pair();
    let (_first, _second) = (session.open().unwrap(), session.open().unwrap());
    let seen = [next(&mut far), next(&mut far)].map(|frame| (frame.kind, frame.flags, frame.stream, frame.value));
    assert_eq!(seen, [(WINDOW, SYN, 1, 0), (WINDOW, SYN, 3, 0)]);
}

#[test]
fn a_writer_stops_at_the_window_and_goes_on_when_it_grows() {
    let (mut session, mut far) = pair();
    let stream = session.open().unwrap();
    let total = WINDOW_BYTES as usize + 10;
    thread::scope(|scope| {
        scope.spawn(|| stream.send(&vec![7; total], soon()).unwrap());
        assert_eq!(next(&mut far).flags, SYN);
        assert_eq!(next(&mut far).data.len(), WINDOW_BYTES as usize);
        far.write_all(&frame(WINDOW, 0, 1, 10, &[])).unwrap();
        assert_eq!(next(&mut far).data.len(), 10);
    });
}

#[test]
fn what_is_read_is_granted_again_once() {
    let (mut session, mut far) = pair();
    let stream = session.open().unwrap();
    next(&mut far);
    far.write_all(&frame(DATA, ACK, 1, 3, b"abc")).unwrap();
    for _ in 0..2 {
        let (all, _) = stream.read(soon(), |bytes| (bytes.len() == 3).then(|| bytes.to_vec())).unwrap();
        assert_eq!(all, b"abc");
    }
    drop(stream);
    let seen = [next(&mut far), next(&mut far)].map(|frame| (frame.flags, frame.value));
    assert_eq!(seen, [(0, 3), (FIN, 0)]);
}

#[test]
fn pings_are_answered_and_ends_are_told_apart_from_silence() {
    let (mut session, mut far) = pair();
    let (first, second) = (session.open().unwrap(), session.open().unwrap());
    next(&mut far);
    next(&mut far);
    far.write_all(&frame(PING, SYN, 0, 9, &[])).unwrap();
    let pong = next(&mut far);
    assert_eq!((pong.kind, pong.flags, pong.value), (PING, ACK, 9));
    let silent = second.read(Instant::now(), |_| Some(())).unwrap_err();
    assert_eq!(silent.kind(), io::ErrorKind::TimedOut);
    far.write_all(&frame(WINDOW, RST, 1, 0, &[])).unwrap();
    assert_eq!(first.read(soon(), |_| Some(())).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    drop(far);
    assert_eq!(second.read(soon(), |_| Some(())).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
}
