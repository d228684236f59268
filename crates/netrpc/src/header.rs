//! Request and response headers: one msgpack value each.
use std::{borrow::Cow, time::Duration};

use proconsul_msgpack::{DecodeError, Decoder, GoStr, Wire};
use proconsul_types::RequestSeq;

/// The largest request header that is read. The longest method name of the protocol has 38 bytes; the rest is room for
/// fields that we do not know and for names that do not exist, which are repeated in the error.
pub const HEADER_BYTES_MAX: usize = 16 * 1024;

/// What a request header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestHeader<'b> {
    /// `Service.Method`. Any bytes: a name is not text until it is found in the table.
    pub method: Cow<'b, [u8]>,
    /// Chosen by the client, repeated in the answer.
    pub seq: RequestSeq,
    /// How long the caller will wait, from now. Ours; Go peers neither send nor read it.
    pub timeout: Option<Duration>,
}

/// The header as the codec knows it: Go's `rpc.Request`. In a list, whatever follows its two fields is nobody's.
#[derive(Clone, Debug, Default, Wire)]
struct RequestFields {
    service_method: GoStr,
    seq: u64,
}

/// The same in a map, with the field that is ours.
#[derive(Clone, Debug, Default, Wire)]
struct NamedFields {
    #[wire(embed)]
    usual: RequestFields,
    /// Nanoseconds; zero or less: no limit.
    timeout: i64,
}

/// Reads one header from the front of `data`: the header and how many bytes it has, or `None` when more are needed.
///
/// Wire form: a map `{Seq: uint, ServiceMethod: str}`, or the same two as a list in the order of Go's declaration, method
/// first. Source: golden group `netrpc`, cases `header-*` and `seq-*`.
///
/// # Errors
/// When the bytes are no header; there is then no telling where the next call begins.
pub fn read_request_header(data: &[u8]) -> Result<Option<(RequestHeader<'_>, usize)>, DecodeError> {
    if let Some(read) = read_usual(data) {
        return Ok(Some(read));
    }
    let mut decoder = Decoder::new(data);
    let listed = matches!(data.first(), Some(0x90..=0x9f | 0xdc | 0xdd));
    let decoded = if listed {
        decoder.decode().map(|usual| NamedFields { usual, timeout: 0 })
    } else {
        decoder.decode::<NamedFields>()
    };
    match decoded {
        Ok(NamedFields { usual, timeout }) => {
            let header = RequestHeader {
                method: Cow::Owned(usual.service_method.as_bytes().to_vec()),
                seq: RequestSeq(usual.seq),
                timeout: u64::try_from(timeout).ok().filter(|nanos| *nanos > 0).map(Duration::from_nanos),
            };
            Ok(Some((header, decoder.position())))
        }
        Err(error) if error.is_incomplete() => Ok(None),
        Err(error) => Err(error),
    }
}

const USUAL_SEQ: &[u8] = b"\x82\xa3Seq";
const USUAL_METHOD: &[u8] = b"\xadServiceMethod";

/// The form that every Go client writes, read without a decoder. `None` means "not that form, or not all there yet".
fn read_usual(data: &[u8]) -> Option<(RequestHeader<'_>, usize)> {
    let rest = data.strip_prefix(USUAL_SEQ)?;
    let (seq, rest) = match *rest.first()? {
        small @ 0..=0x7f => (u64::from(small), &rest[1..]),
        0xcc => (u64::from(*rest.get(1)?), &rest[2..]),
        0xcd => (u64::from(u16::from_be_bytes(*rest.get(1..)?.first_chunk()?)), &rest[3..]),
        0xce => (u64::from(u32::from_be_bytes(*rest.get(1..)?.first_chunk()?)), &rest[5..]),
        0xcf => (u64::from_be_bytes(*rest.get(1..)?.first_chunk()?), &rest[9..]),
        _ => return None,
    };
    let rest = rest.strip_prefix(USUAL_METHOD)?;
    let (length, rest) = match *rest.first()? {
        fix @ 0xa0..=0xbf => (usize::from(fix & 0x1f), &rest[1..]),
        0xda => (usize::from(u16::from_be_bytes(*rest.get(1..)?.first_chunk()?)), &rest[3..]),
        _ => return None,
    };
    let method = rest.get(..length)?;
    let used = data.len() - rest.len() + length;
    Some((RequestHeader { method: Cow::Borrowed(method), seq: RequestSeq(seq), timeout: None }, used))
}

/// Appends a request header as Go writes it, plus our `Timeout` when there is one.
pub fn write_request_header(out: &mut Vec<u8>, method: &str, seq: RequestSeq, timeout: Option<Duration>) {
    out.push(0x82 + u8::from(timeout.is_some()));
    out.extend_from_slice(b"\xa3Seq");
    write_uint(out, seq.0);
    out.extend_from_slice(USUAL_METHOD);
    write_raw(out, method.as_bytes());
    if let Some(timeout) = timeout {
        out.extend_from_slice(b"\xa7Timeout");
        write_uint(out, u64::try_from(timeout.as_nanos()).unwrap_or(i64::MAX as u64).min(i64::MAX as u64));
    }
}

/// What a response header says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Wire)]
pub struct ResponseHeader {
    /// The method that was called, repeated.
    pub service_method: GoStr,
    /// The request's number, repeated.
    pub seq: u64,
    /// Empty: the body is the reply. Otherwise the error; the body is then an empty map.
    pub error: GoStr,
}

/// Appends a response header. `error` is empty for success.
pub fn write_response_header(out: &mut Vec<u8>, error: &[u8], seq: RequestSeq, method: &[u8]) {
    out.extend_from_slice(b"\x83\xa5Error");
    write_raw(out, error);
    out.extend_from_slice(b"\xa3Seq");
    write_uint(out, seq.0);
    out.extend_from_slice(USUAL_METHOD);
    write_raw(out, method);
}

/// Appends a whole answer that is an error: the header, and the empty map that stands in for a body.
pub fn write_error(out: &mut Vec<u8>, error: &[u8], seq: RequestSeq, method: &[u8]) {
    write_response_header(out, error, seq, method);
    out.push(0x80);
}

fn write_uint(out: &mut Vec<u8>, value: u64) {
    match value {
        0..=0x7f => out.push(value as u8),
        0x80..=0xff => out.extend_from_slice(&[0xcc, value as u8]),
        0x100..=0xffff => {
            out.push(0xcd);
            out.extend_from_slice(&(value as u16).to_be_bytes());
        }
        0x1_0000..=0xffff_ffff => {
            out.push(0xce);
            out.extend_from_slice(&(value as u32).to_be_bytes());
        }
        _ => {
            out.push(0xcf);
            out.extend_from_slice(&value.to_be_bytes());
        }
    }
}

fn write_raw(out: &mut Vec<u8>, bytes: &[u8]) {
    match bytes.len() {
        length @ 0..=31 => out.push(0xa0 | length as u8),
        length @ 32..=0xffff => {
            out.push(0xda);
            out.extend_from_slice(&(length as u16).to_be_bytes());
        }
        length => {
            out.push(0xdb);
            out.extend_from_slice(&(length as u32).to_be_bytes());
        }
    }
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(written: &[u8], method: &[u8], seq: u64) {
        let (header, used) = read_request_header(written).expect("a header").expect("all of it");
        assert_eq!((header.method.as_ref(), header.seq.0, used), (method, seq, written.len()));
        for cut in 0..written.len() {
            assert_eq!(read_request_header(&written[..cut]), Ok(None), "cut at {cut}");
        }
    }

    #[test]
    fn every_form_that_go_accepts_is_a_header() {
        check(b"\x82\xa3Seq\x01\xadServiceMethod\xabStatus.Ping", b"Status.Ping", 1);
        check(b"\x82\xadServiceMethod\xabStatus.Ping\xa3Seq\x01", b"Status.Ping", 1);
        check(b"\x92\xabStatus.Ping\x01", b"Status.Ping", 1);
        check(b"\x94\xabStatus.Ping\x01\x02\x91\x03", b"Status.Ping", 1);
        check(b"\xde\x00\x02\xa3Seq\xcd\x01\x00\xadServiceMethod\xabStatus.Ping", b"Status.Ping", 256);
        check(b"\x82\xd9\x03Seq\x01\xd9\x0dServiceMethod\xd9\x0bStatus.Ping", b"Status.Ping", 1);
        check(b"\x82\xa3Seq\xcf\xff\xff\xff\xff\xff\xff\xff\xff\xadServiceMethod\xa1x", b"x", u64::MAX);
        check(b"\x83\xa3Seq\x01\xa5Extra\x81\xa1a\x92\x01\x02\xadServiceMethod\xa1x", b"x", 1);
        check(b"\xc0", b"", 0);
    }

    #[test]
    fn a_third_value_in_a_list_is_no_timeout() {
        let (header, _) = read_request_header(b"\x93\xa1x\x01\x02").expect("a header").expect("all of it");
        assert_eq!(header.timeout, None);
    }

    #[test]
    fn what_is_no_header_is_an_error() {
        for bytes in
            [&b"hello world"[..], b"\xff\xff", b"\x00", b"\xd4\x01\x00", b"\x82\xa3Seq\xff\xadServiceMethod\xa1x"]
        {
            assert!(read_request_header(bytes).is_err(), "{bytes:02x?}");
        }
    }

    #[test]
    fn what_we_write_we_read() {
        for seq in [0, 1, 127, 128, 255, 256, 65535, 65536, u64::from(u32::MAX), u64::from(u32::MAX) + 1, u64::MAX] {
            for timeout in [None, Some(Duration::from_millis(1500))] {
                let mut out = Vec::new();
                write_request_header(&mut out, "KVS.Get", RequestSeq(seq), timeout);
                let (header, used) = read_request_header(&out).expect("a header").expect("all of it");
                assert_eq!((header.method.as_ref(), header.seq.0, header.timeout), (&b"KVS.Get"[..], seq, timeout));
                assert_eq!(used, out.len());
            }
        }
    }

    #[test]
    fn an_error_has_the_bytes_that_consul_writes() {
        let mut out = Vec::new();
        write_error(&mut out, b"No path to datacenter", RequestSeq(2), b"Catalog.ListNodes");
        assert_eq!(out, b"\x83\xa5Error\xb5No path to datacenter\xa3Seq\x02\xadServiceMethod\xb1Catalog.ListNodes\x80");
    }
}
