//! From the bytes of one stream to calls.
use std::time::Duration;

use proconsul_msgpack::{GoStr, Scan, Scanner};
use proconsul_types::RequestSeq;

use crate::{HEADER_BYTES_MAX, MethodTable, read_request_header};

/// The largest request body that is taken. Consul has no bound of its own here; the largest legal request, a key's value over
/// RPC, is limited by what Raft will take, a few MiB.
pub const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The largest body of which only its decoder knows where it ends. It is decoded anew whenever bytes come, so it is kept
/// short; no peer means to send one.
pub const ODD_BODY_BYTES_MAX: usize = 64 * 1024;

/// What the bytes so far ask for.
#[derive(Debug, PartialEq)]
pub enum Step<'d> {
    /// More bytes are needed, or the call in hand has to be answered first.
    Wait,
    /// A whole request. Nothing more is read until [`Intake::answered`].
    Call {
        /// Its row in the method table.
        method: u16,
        /// Its number.
        seq: RequestSeq,
        /// How long the caller waits, if it said so.
        timeout: Option<Duration>,
        /// The argument, one msgpack value.
        body: &'d [u8],
    },
    /// Only the method's decoder can say where the body ends that begins here: ask it, then tell [`Intake::ends_after`].
    Measure {
        /// The method's row.
        method: u16,
        /// What has come of the body, and perhaps more.
        bytes: &'d [u8],
    },
    /// Answer with this error, then close.
    Refuse {
        /// The request's number, repeated.
        seq: RequestSeq,
        /// The method as the client named it, repeated.
        method: GoStr,
        /// The error's text.
        text: GoStr,
    },
    /// Close without an answer: there was no header to answer to, or the client has gone.
    Close,
}

#[derive(Debug, Default)]
enum Phase {
    /// Between requests, or within a header.
    #[default]
    Header,
    /// The header is read; `scanned` bytes of the body have been looked at, and it is not all there.
    Body { method: u16, seq: RequestSeq, timeout: Option<Duration>, scanner: Scanner, scanned: usize },
    /// As `Body`, but its end is where its decoder finds it: it is known, or to be asked for once more than `seen` has come.
    Odd { method: u16, seq: RequestSeq, timeout: Option<Duration>, seen: usize, length: Option<usize> },
    /// A call is being answered. What arrives meanwhile waits.
    Busy,
    /// Nothing more is read.
    Closed,
}

/// The receiving half of one net/rpc stream: finds whole requests in whatever pieces the bytes come in.
///
/// The driver lends the bytes (`data`) and keeps what is left over; the intake only remembers where it is. So a request that
/// comes whole is never copied, and an idle stream holds no buffer.
#[derive(Debug, Default)]
pub struct Intake {
    phase: Phase,
}

impl Intake {
    /// Looks at `data` from `*at` on, which is where the last step left off; `*at` moves past what was used.
    pub fn next<'d>(&mut self, data: &'d [u8], at: &mut usize, methods: &MethodTable) -> Step<'d> {
        loop {
            let rest = data.get(*at..).unwrap_or_default();
            match &mut self.phase {
                Phase::Busy => return Step::Wait,
                Phase::Closed => return Step::Close,
                Phase::Header if rest.is_empty() => return Step::Wait,
                Phase::Header => match read_request_header(rest) {
                    Err(_) => return self.close(),
                    Ok(None) if rest.len() > HEADER_BYTES_MAX => return self.close(),
                    Ok(None) => return Step::Wait,
                    Ok(Some((_, used))) if used > HEADER_BYTES_MAX => return self.close(),
                    Ok(Some((header, used))) => {
                        *at += used;
                        let (seq, timeout) = (header.seq, header.timeout);
                        match methods.find(&header.method) {
                            Ok(method) => {
                                self.phase = Phase::Body { method, seq, timeout, scanner: Scanner::new(), scanned: 0 };
                            }
                            Err(unknown) => {
                                self.phase = Phase::Closed;
                                let text = unknown.text(&header.method);
                                return Step::Refuse { seq, method: GoStr::from(header.method.into_owned()), text };
                            }
                        }
                    }
                },
                Phase::Body { method, seq, timeout, scanner, scanned } => {
                    let (method, seq, timeout) = (*method, *seq, *timeout);
                    match scanner.feed(rest.get(*scanned..).unwrap_or_default()) {
                        Ok(Scan::More) if rest.len() > BODY_BYTES_MAX => {
                            return self.refuse(methods, method, seq, GoStr::from(TOO_LARGE));
                        }
                        Ok(Scan::More) => {
                            *scanned = rest.len();
                            return Step::Wait;
                        }
                        // A body that the scanner cannot follow is left to the decoder, which has the words for it.
                        Err(_) => self.phase = Phase::Odd { method, seq, timeout, seen: 0, length: None },
                        Ok(Scan::Complete { used }) => {
                            let length = *scanned + used;
                            *at += length;
                            self.phase = Phase::Busy;
                            return Step::Call { method, seq, timeout, body: &rest[..length] };
                        }
                    }
                }
                Phase::Odd { method, seq, timeout, seen, length } => {
                    let (method, seq, timeout) = (*method, *seq, *timeout);
                    if let Some(length) = length.map(|length| length.min(rest.len())) {
                        *at += length;
                        self.phase = Phase::Busy;
                        return Step::Call { method, seq, timeout, body: &rest[..length] };
                    }
                    if rest.len() <= *seen {
                        return Step::Wait;
                    }
                    if *seen > ODD_BODY_BYTES_MAX {
                        return self.refuse(methods, method, seq, GoStr::from(ODD_TOO_LARGE));
                    }
                    *seen = rest.len();
                    return Step::Measure { method, bytes: rest };
                }
            }
        }
    }

    /// The body that was to be measured ends after so many bytes.
    pub fn ends_after(&mut self, bytes: usize) {
        if let Phase::Odd { length, .. } = &mut self.phase {
            *length = Some(bytes);
        }
    }

    /// The call in hand turns out to go on past the `seen` bytes of its body. They are looked at again with what follows.
    pub fn read_on(&mut self, method: u16, seq: RequestSeq, timeout: Option<Duration>, seen: usize) {
        if self.is_busy() {
            self.phase = Phase::Odd { method, seq, timeout, seen, length: None };
        }
    }

    /// The call in hand has been answered: the next one may be read.
    pub fn answered(&mut self) {
        if matches!(self.phase, Phase::Busy) {
            self.phase = Phase::Header;
        }
    }

    /// Nothing more will be read from this stream.
    pub fn closed(&mut self) {
        self.phase = Phase::Closed;
    }

    /// Whether a request has begun and is not all there: its deadline runs. `held` is how many bytes the driver kept.
    pub fn is_partial(&self, held: usize) -> bool {
        match self.phase {
            Phase::Header => held > 0,
            Phase::Body { .. } | Phase::Odd { .. } => true,
            Phase::Busy | Phase::Closed => false,
        }
    }

    /// Whether a call is being answered.
    pub fn is_busy(&self) -> bool {
        matches!(self.phase, Phase::Busy)
    }

    /// Whether the stream is done with.
    pub fn is_closed(&self) -> bool {
        matches!(self.phase, Phase::Closed)
    }

    /// The request whose body is not all there yet: its method's row.
    pub fn method_in_body(&self) -> Option<u16> {
        match self.phase {
            Phase::Body { method, .. } | Phase::Odd { method, .. } => Some(method),
            _ => None,
        }
    }

    /// Gives up on the request whose body is not all there, with this error; in any other phase the stream just closes.
    pub fn give_up(&mut self, methods: &MethodTable, text: GoStr) -> Step<'static> {
        match self.phase {
            Phase::Body { method, seq, .. } | Phase::Odd { method, seq, .. } => self.refuse(methods, method, seq, text),
            _ => self.close(),
        }
    }

    fn refuse(&mut self, methods: &MethodTable, method: u16, seq: RequestSeq, text: GoStr) -> Step<'static> {
        self.phase = Phase::Closed;
        let name = methods.row(method).map(|row| row.name).unwrap_or_default();
        Step::Refuse { seq, method: GoStr::from(name), text }
    }

    fn close(&mut self) -> Step<'static> {
        self.phase = Phase::Closed;
        Step::Close
    }
}

/// Ours: Consul reads on until memory ends.
const TOO_LARGE: &str = "rpc: request body is larger than 16 MiB (netrpc::BODY_BYTES_MAX)";
const ODD_TOO_LARGE: &str = "rpc: request body has no end after 64 KiB (netrpc::ODD_BODY_BYTES_MAX)";
