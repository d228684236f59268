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
    /// The header is read, and the body is not all there. Boxed: few streams are here, and all would pay for the room.
    Partial(Box<Partial>),
    /// A call is being answered. What arrives meanwhile waits.
    Busy,
    /// Nothing more is read.
    Closed,
}

/// What a header says.
#[derive(Clone, Copy, Debug)]
struct Asked {
    method: u16,
    seq: RequestSeq,
    timeout: Option<Duration>,
}

/// A request whose header is read.
#[derive(Debug)]
struct Partial {
    asked: Asked,
    body: Body,
}

/// How the end of a body is found.
#[derive(Debug)]
enum Body {
    /// By following its bytes; `scanned` of them have been looked at.
    Scanned { scanner: Scanner, scanned: usize },
    /// It is where its decoder finds it: it is known, or to be asked for once more than `seen` has come.
    Odd { seen: usize, length: Option<usize> },
}

/// What is known of the end of a body.
enum Look {
    /// So many bytes in.
    Ends(usize),
    /// More has to come.
    Wait,
    /// The decoder is to be asked.
    Measure,
    /// It goes on for longer than is taken.
    TooLarge(&'static str),
}

impl Partial {
    /// Looks for the end of the body in all that has come of it, and perhaps more.
    fn look(&mut self, bytes: &[u8]) -> Look {
        if let Body::Scanned { scanner, scanned } = &mut self.body {
            match scanner.feed(bytes.get(*scanned..).unwrap_or_default()) {
                Ok(Scan::More) if bytes.len() > BODY_BYTES_MAX => return Look::TooLarge(TOO_LARGE),
                Ok(Scan::More) => {
                    *scanned = bytes.len();
                    return Look::Wait;
                }
                Ok(Scan::Complete { used }) => return Look::Ends(*scanned + used),
                // A body that the scanner cannot follow is left to the decoder, which has the words for it.
                Err(_) => self.body = Body::Odd { seen: 0, length: None },
            }
        }
        let Body::Odd { seen, length } = &mut self.body else { return Look::Wait };
        match length {
            Some(length) => Look::Ends((*length).min(bytes.len())),
            None if bytes.len() <= *seen => Look::Wait,
            None if *seen > ODD_BODY_BYTES_MAX => Look::TooLarge(ODD_TOO_LARGE),
            None => {
                *seen = bytes.len();
                Look::Measure
            }
        }
    }
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
        let rest = data.get(*at..).unwrap_or_default();
        match &mut self.phase {
            Phase::Busy => Step::Wait,
            Phase::Closed => Step::Close,
            Phase::Header if rest.is_empty() => Step::Wait,
            Phase::Header => self.header(rest, at, methods),
            Phase::Partial(partial) => {
                let (asked, look) = (partial.asked, partial.look(rest));
                self.body(asked, &look, rest, at, methods)
            }
        }
    }

    fn header<'d>(&mut self, rest: &'d [u8], at: &mut usize, methods: &MethodTable) -> Step<'d> {
        let (header, used) = match read_request_header(rest) {
            Ok(None) if rest.len() <= HEADER_BYTES_MAX => return Step::Wait,
            Ok(Some((header, used))) if used <= HEADER_BYTES_MAX => (header, used),
            _ => return self.close(),
        };
        *at += used;
        let method = match methods.find(&header.method) {
            Ok(method) => method,
            Err(unknown) => {
                self.phase = Phase::Closed;
                let text = unknown.text(&header.method);
                return Step::Refuse { seq: header.seq, method: GoStr::from(header.method.into_owned()), text };
            }
        };
        let asked = Asked { method, seq: header.seq, timeout: header.timeout };
        let mut partial = Partial { asked, body: Body::Scanned { scanner: Scanner::new(), scanned: 0 } };
        let body = &rest[used..];
        let look = partial.look(body);
        // A request that is there as a whole, as most are, is never put away.
        if !matches!(look, Look::Ends(_)) {
            self.phase = Phase::Partial(Box::new(partial));
        }
        self.body(asked, &look, body, at, methods)
    }

    /// What to do about a body that `rest` begins with.
    fn body<'d>(
        &mut self,
        asked: Asked,
        look: &Look,
        rest: &'d [u8],
        at: &mut usize,
        methods: &MethodTable,
    ) -> Step<'d> {
        let Asked { method, seq, timeout } = asked;
        match look {
            Look::Wait => Step::Wait,
            Look::Measure => Step::Measure { method, bytes: rest },
            Look::TooLarge(text) => self.refuse(methods, method, seq, GoStr::from(*text)),
            Look::Ends(length) => {
                *at += length;
                self.phase = Phase::Busy;
                Step::Call { method, seq, timeout, body: &rest[..*length] }
            }
        }
    }

    /// The body that was to be measured ends after so many bytes.
    pub fn ends_after(&mut self, bytes: usize) {
        if let Phase::Partial(partial) = &mut self.phase
            && let Body::Odd { length, .. } = &mut partial.body
        {
            *length = Some(bytes);
        }
    }

    /// The call in hand turns out to go on past the `seen` bytes of its body. They are looked at again with what follows.
    pub fn read_on(&mut self, method: u16, seq: RequestSeq, timeout: Option<Duration>, seen: usize) {
        if self.is_busy() {
            let (asked, body) = (Asked { method, seq, timeout }, Body::Odd { seen, length: None });
            self.phase = Phase::Partial(Box::new(Partial { asked, body }));
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
            Phase::Partial(_) => true,
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
        match &self.phase {
            Phase::Partial(partial) => Some(partial.asked.method),
            _ => None,
        }
    }

    /// Gives up on the request whose body is not all there, with this error; in any other phase the stream just closes.
    pub fn give_up(&mut self, methods: &MethodTable, text: GoStr) -> Step<'static> {
        let Phase::Partial(partial) = &self.phase else { return self.close() };
        let Asked { method, seq, .. } = partial.asked;
        self.refuse(methods, method, seq, text)
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
