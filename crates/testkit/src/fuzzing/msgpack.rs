//! Values and requests.
use proconsul_msgpack::{Decoder, Scan, Scanner, Value, to_vec};
use proconsul_structs::{Method, methods as m};
use serde::{Serialize, de::DeserializeOwned};

use super::pieces::pieces;

/// Input: how the bytes are cut for the scanner, then the bytes of any value.
///
/// The decoder and the scanner agree where a value ends; a value that was read can be written, and reads as the same again.
pub fn msgpack_value(data: &[u8]) {
    let Some((seed, bytes)) = data.split_first() else { return };
    let whole = scan(std::iter::once(bytes));
    assert_eq!(whole, scan(pieces(*seed, bytes)), "where a read ends matters to the scanner");
    let mut decoder = Decoder::new(bytes);
    let Ok(value) = decoder.decode::<Value>() else { return };
    assert_eq!(whole, End::After(decoder.position()), "the scanner and the decoder disagree about {value:?}");
    let written = to_vec(&value).expect("what was read fits a length");
    // What has no form of its own in the old dialect is a raw from now on; so the second writing is the one to compare.
    let again: Value = proconsul_msgpack::from_slice(&written).expect("what we wrote");
    assert_eq!(to_vec(&again).expect("as before"), written, "{value:?}");
}

/// Where the scanner says that a value ends.
#[derive(Debug, PartialEq)]
enum End {
    After(usize),
    NotYet,
    Never,
}

fn scan<'d>(chunks: impl Iterator<Item = &'d [u8]>) -> End {
    let (mut scanner, mut before) = (Scanner::new(), 0);
    for chunk in chunks {
        match scanner.feed(chunk) {
            Ok(Scan::Complete { used }) => return End::After(before + used),
            Ok(Scan::More) => before += chunk.len(),
            Err(_) => return End::Never,
        }
    }
    End::NotYet
}

/// Input: a method's name, perhaps ` reply`, a line feed, then bytes of its argument or reply.
///
/// What was read can be written, and reads as the same again. The beginning of what can be read is never wrong: it is
/// incomplete.
pub fn msgpack_request(data: &[u8]) {
    let Some(at) = data.iter().position(|byte| *byte == b'\n') else { return };
    let (name, body) = (&data[..at], &data[at + 1..]);
    for (known, argument, reply) in METHODS {
        if name == known.as_bytes() {
            argument(body);
        } else if name.strip_suffix(b" reply") == Some(known.as_bytes()) {
            reply(body);
        }
    }
}

type Row = (&'static str, fn(&[u8]), fn(&[u8]));

const fn row<M: Method>() -> Row
where
    M::Request: Serialize + DeserializeOwned,
    M::Reply: Serialize + DeserializeOwned,
{
    (M::ROW.name, read::<M::Request>, read::<M::Reply>)
}

/// Every method that has types.
const METHODS: &[Row] = &[
    row::<m::status::Ping>(),
    row::<m::status::Leader>(),
    row::<m::status::Peers>(),
    row::<m::status::RaftStats>(),
    row::<m::kvs::Apply>(),
    row::<m::kvs::Get>(),
    row::<m::kvs::List>(),
    row::<m::kvs::ListKeys>(),
    row::<m::session::Apply>(),
    row::<m::session::Get>(),
    row::<m::session::List>(),
    row::<m::session::NodeSessions>(),
    row::<m::session::Renew>(),
    row::<m::catalog::Register>(),
    row::<m::catalog::Deregister>(),
    row::<m::catalog::ListNodes>(),
    row::<m::catalog::ListServices>(),
    row::<m::catalog::ServiceNodes>(),
    row::<m::catalog::ListDatacenters>(),
];

fn read<T: Serialize + DeserializeOwned>(body: &[u8]) {
    let mut decoder = Decoder::new(body);
    let Ok(value) = decoder.decode::<T>() else { return };
    let used = &body[..decoder.position()];
    let written = to_vec(&value).expect("what was read fits a length");
    let again: T = proconsul_msgpack::from_slice(&written).expect("what we wrote");
    assert_eq!(to_vec(&again).expect("as before"), written);
    for cut in [0, 1, used.len() / 3, used.len() / 2, used.len() - 1] {
        if let Some(beginning) = used.get(..cut).filter(|beginning| beginning.len() < used.len()) {
            match Decoder::new(beginning).decode::<T>() {
                Ok(_) => panic!("{cut} of {} bytes are a value already", used.len()),
                Err(error) => assert!(error.is_incomplete(), "{cut} of {} bytes: {error}", used.len()),
            }
        }
    }
}
