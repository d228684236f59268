//! A ClientHello that offers no more than TLS 1.1, made by hand: no TLS library here speaks it, and a server only has to refuse it.
use std::{
    io::{self, Read, Write},
    net::TcpStream,
};

use super::{Alert, HANDSHAKE_TIMEOUT, Wanted, alert};

/// TLS 1.1, as it is written in messages.
const TLS11: [u8; 2] = [3, 2];
const HANDSHAKE: u8 = 22;
const ALERT: u8 = 21;
const CLIENT_HELLO: u8 = 1;
/// ECDHE with AES in CBC mode, and RSA the same: what a client of that time offers.
const CIPHER_SUITES: [u8; 8] = [0xc0, 0x09, 0xc0, 0x13, 0x00, 0x2f, 0x00, 0x35];
/// A header and an alert's two bytes.
const ALERT_RECORD_BYTES: usize = 7;

/// Offers TLS 1.1 and says what came of it: an error in any case, as no handshake is finished.
pub(super) fn refused(mut tcp: TcpStream, wanted: &Wanted<'_>) -> io::Error {
    offer(&mut tcp, wanted).unwrap_or_else(|error| error)
}

fn offer(tcp: &mut TcpStream, wanted: &Wanted<'_>) -> io::Result<io::Error> {
    tcp.set_read_timeout(Some(HANDSHAKE_TIMEOUT))?;
    tcp.write_all(&client_hello(wanted))?;
    let mut record = [0; ALERT_RECORD_BYTES];
    match tcp.read_exact(&mut record) {
        Ok(()) if record[0] == ALERT => Ok(io::Error::other(Alert::by_number(record[6]))),
        Ok(()) if record[0] == HANDSHAKE => Ok(io::Error::other("it was taken")),
        Ok(()) => Ok(io::Error::other("tls: first record does not look like a TLS handshake")),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(alert::closed()),
        Err(error) => Ok(alert::of_socket(error)),
    }
}

fn client_hello(wanted: &Wanted<'_>) -> Vec<u8> {
    let name = [&[0][..], &sized16(wanted.name.as_bytes())].concat();
    let protocols: Vec<u8> = wanted.alpn.iter().flat_map(|name| sized8(name.as_bytes())).collect();
    let mut extensions = extension(0, &sized16(&name));
    extensions.extend(extension(10, &sized16(&[0, 23, 0, 24]))); // P-256, P-384
    extensions.extend(extension(11, &sized8(&[0]))); // uncompressed points
    if !protocols.is_empty() {
        extensions.extend(extension(16, &sized16(&protocols)));
    }
    let mut hello = TLS11.to_vec();
    hello.extend([0x5a; 32]); // random: nothing depends on it
    hello.push(0); // no session
    hello.extend(sized16(&CIPHER_SUITES));
    hello.extend(sized8(&[0])); // no compression
    hello.extend(sized16(&extensions));
    let length = (hello.len() as u32).to_be_bytes();
    let message = [&[CLIENT_HELLO], &length[1..], &hello].concat();
    [&[HANDSHAKE, 3, 1][..], &sized16(&message)].concat()
}

fn extension(number: u16, content: &[u8]) -> Vec<u8> {
    [&number.to_be_bytes()[..], &sized16(content)].concat()
}

fn sized8(content: &[u8]) -> Vec<u8> {
    [&[content.len() as u8], content].concat()
}

fn sized16(content: &[u8]) -> Vec<u8> {
    [&(content.len() as u16).to_be_bytes()[..], content].concat()
}
