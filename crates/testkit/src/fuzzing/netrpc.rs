//! Headers, and requests in pieces.
use std::sync::LazyLock;

use proconsul_msgpack::DecodeError;
use proconsul_netrpc::{Intake, MethodTable, Step, read_request_header, write_request_header};
use proconsul_structs::{METHODS, Method, methods as m};
use proconsul_types::Listener;
use serde::de::DeserializeOwned;

use super::pieces::pieces;

static TABLE: LazyLock<MethodTable> = LazyLock::new(|| MethodTable::new(&METHODS, Listener::Rpc));

/// Input: how the bytes are cut, then the bytes of a stream.
///
/// The same calls come out of them in whatever pieces they come; a header that was read can be written, and reads as the same.
pub fn netrpc_header(data: &[u8]) {
    let Some((seed, bytes)) = data.split_first() else { return };
    header(bytes);
    assert_eq!(calls(std::iter::once(bytes)), calls(pieces(*seed, bytes)), "where a read ends matters");
}

fn header(bytes: &[u8]) {
    let Ok(Some((header, used))) = read_request_header(bytes) else { return };
    assert!(used <= bytes.len());
    for cut in [used / 2, used - 1] {
        assert_eq!(read_request_header(&bytes[..cut]), Ok(None), "{cut} of {used} bytes");
    }
    let Ok(name) = std::str::from_utf8(&header.method) else { return };
    let mut written = Vec::new();
    write_request_header(&mut written, name, header.seq, header.timeout);
    let (again, length) = read_request_header(&written).expect("ours is right").expect("and whole");
    assert_eq!((again, length), (header, written.len()));
}

/// What came out of a stream.
#[derive(Debug, PartialEq)]
enum Out {
    Call {
        method: u16,
        seq: u64,
        body: Vec<u8>,
    },
    /// A body that its decoder has an error for, or that has no decoder: the stream ends.
    Broken {
        method: u16,
        seq: u64,
    },
    Refused {
        seq: u64,
        method: Vec<u8>,
        text: Vec<u8>,
    },
    Closed,
}

/// Serves a stream as a driver does: it keeps what is left over, and answers each call before the next is read.
fn calls<'d>(chunks: impl Iterator<Item = &'d [u8]>) -> Vec<Out> {
    let (mut intake, mut held, mut out) = (Intake::default(), Vec::new(), Vec::new());
    for chunk in chunks {
        held.extend_from_slice(chunk);
        let mut at = 0;
        if !serve(&mut intake, &held, &mut at, &mut out) {
            break;
        }
        assert!(at <= held.len());
        held.drain(..at);
    }
    out
}

/// Serves what is there. False: the stream has ended.
fn serve(intake: &mut Intake, data: &[u8], at: &mut usize, out: &mut Vec<Out>) -> bool {
    loop {
        match intake.next(data, at, &TABLE) {
            Step::Wait => return true,
            Step::Measure { method, bytes } => match decode(method, bytes) {
                Err(error) if error.is_incomplete() => return true,
                Err(DecodeError::Trailing(more)) => intake.ends_after(bytes.len() - more),
                Ok(()) | Err(_) => intake.ends_after(bytes.len()),
            },
            Step::Call { method, seq, timeout, body } => match decode(method, body) {
                Ok(()) => {
                    out.push(Out::Call { method, seq: seq.0, body: body.to_vec() });
                    intake.answered();
                }
                Err(error) if error.is_incomplete() => {
                    *at -= body.len();
                    intake.read_on(method, seq, timeout, body.len());
                }
                Err(_) => {
                    out.push(Out::Broken { method, seq: seq.0 });
                    return false;
                }
            },
            Step::Refuse { seq, method, text } => {
                out.push(Out::Refused {
                    seq: seq.0,
                    method: method.as_bytes().to_vec(),
                    text: text.as_bytes().to_vec(),
                });
                return false;
            }
            Step::Close => {
                out.push(Out::Closed);
                return false;
            }
        }
    }
}

/// What the decoder of a method says of a body.
fn decode(method: u16, body: &[u8]) -> Result<(), DecodeError> {
    match DECODERS.iter().find(|(index, _)| *index == method) {
        Some((_, decode)) => decode(body),
        None => Err(DecodeError::NoValue(0)), // as good as any: nobody answers the method
    }
}

type Decoder = (u16, fn(&[u8]) -> Result<(), DecodeError>);

const fn decoder<M: Method<Request: DeserializeOwned>>() -> Decoder {
    (M::INDEX, |body| proconsul_msgpack::from_slice::<M::Request>(body).map(drop))
}

/// Some methods, so that bodies have a type: each kind of request is here once.
const DECODERS: &[Decoder] = &[
    decoder::<m::status::Ping>(),
    decoder::<m::kvs::Apply>(),
    decoder::<m::kvs::Get>(),
    decoder::<m::kvs::ListKeys>(),
    decoder::<m::catalog::Register>(),
    decoder::<m::catalog::Deregister>(),
    decoder::<m::catalog::ListNodes>(),
    decoder::<m::catalog::ServiceNodes>(),
    decoder::<m::catalog::ListDatacenters>(),
];
