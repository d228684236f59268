//! A question out of a peer's bytes.
//!
//! Only what an answer depends on is kept. Names and numbers are read as Go's library reads them, with its errors; what records
//! besides the options say is not looked at.
use crate::{Unreadable, edns::Edns, name, record::record_type};

/// The most bytes that a name may have on the wire, with the lengths of its labels.
const NAME_BYTES_MAX: usize = 255;
/// The most pointers that are followed in one name.
const POINTERS_MAX: usize = 126;

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The name, whole, escaped where it must be.
    pub name: String,
    /// The number of the type of records.
    pub record_type: u16,
    /// The number of the class; 1 is the internet.
    pub class: u16,
}

/// A message that asks something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The number that the answer repeats.
    pub id: u16,
    /// The second word: operation and flags.
    pub bits: u16,
    /// The first question; further ones are ignored.
    pub question: Option<Question>,
    /// Its options, if it has any.
    pub edns: Option<Edns>,
}

impl Request {
    /// Reads a message. Counts are not believed: nothing is made room for before it is there.
    ///
    /// # Errors
    /// It is no message, in the words of Go's library.
    pub fn read(message: &[u8]) -> Result<Self, Unreadable> {
        let mut reader = Reader { message, at: 0 };
        let [id, bits, questions, answers, authorities, additionals] = reader.header()?;
        let mut request = Self { id, bits, question: None, edns: None };
        if reader.is_at_end() {
            return Ok(request);
        }
        for _ in 0..questions {
            let question = reader.question()?;
            request.question.get_or_insert(question);
        }
        for count in [answers, authorities] {
            reader.records(count, |_| ())?;
        }
        // The last options are those that count.
        reader.records(additionals, |edns| request.edns = Some(edns))?;
        Ok(request)
    }
}

struct Reader<'a> {
    message: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn is_at_end(&self) -> bool {
        self.at >= self.message.len()
    }

    fn take<const N: usize>(&mut self, otherwise: Unreadable) -> Result<[u8; N], Unreadable> {
        let taken = self.message.get(self.at..).and_then(|rest| rest.first_chunk::<N>()).ok_or(otherwise)?;
        self.at += N;
        Ok(*taken)
    }

    fn uint16(&mut self) -> Result<u16, Unreadable> {
        self.take(Unreadable::UINT16).map(u16::from_be_bytes)
    }

    fn header(&mut self) -> Result<[u16; 6], Unreadable> {
        let mut words = [0; 6];
        for word in &mut words {
            *word = self.uint16()?;
        }
        Ok(words)
    }

    /// A question may end after its name or its type, and its class may be cut.
    fn question(&mut self) -> Result<Question, Unreadable> {
        let mut question = Question { name: self.name()?, record_type: 0, class: 0 };
        if !self.is_at_end() {
            question.record_type = self.uint16()?;
        }
        if !self.is_at_end() {
            question.class = self.uint16().unwrap_or_else(|_| {
                self.at = self.message.len();
                0
            });
        }
        Ok(question)
    }

    /// Reads as many records as there are, at most `count`, and hands on the options among them.
    fn records(&mut self, count: u16, mut options: impl FnMut(Edns)) -> Result<(), Unreadable> {
        for _ in 0..count {
            if self.is_at_end() {
                break;
            }
            self.name()?;
            let (number, class) = (self.uint16()?, self.uint16()?);
            self.take::<4>(Unreadable::UINT32)?;
            let len = usize::from(self.uint16()?);
            let data = self.message.get(self.at..self.at + len).ok_or(Unreadable::RECORD)?;
            self.at += len;
            if number == record_type::OPT {
                options(Edns::read(class, data)?);
            }
        }
        Ok(())
    }

    /// A name may point anywhere in the message, but not often.
    fn name(&mut self) -> Result<String, Unreadable> {
        let mut name = String::new();
        let (mut left, mut pointers) = (NAME_BYTES_MAX, 0);
        let mut at = self.at;
        let mut after = None;
        loop {
            let [len] = byte(self.message, at)?;
            at += 1;
            match len {
                0 => break,
                0xC0.. => {
                    let [low] = byte(self.message, at)?;
                    after.get_or_insert(at + 1);
                    pointers += 1;
                    if pointers > POINTERS_MAX {
                        return Err(Unreadable::POINTERS);
                    }
                    at = usize::from(len & 0x3F) << 8 | usize::from(low);
                }
                0x40.. => return Err(Unreadable::LABEL),
                _ => {
                    let len = usize::from(len);
                    let label = self.message.get(at..at + len).ok_or(Unreadable::BUFFER)?;
                    left = left.checked_sub(len + 1).filter(|left| *left > 0).ok_or(Unreadable::LONG_NAME)?;
                    label.iter().for_each(|byte| name::push_escaped(&mut name, *byte));
                    name.push('.');
                    at += len;
                }
            }
        }
        self.at = after.unwrap_or(at);
        if name.is_empty() {
            name.push('.');
        }
        Ok(name)
    }
}

fn byte(message: &[u8], at: usize) -> Result<[u8; 1], Unreadable> {
    message.get(at).map(|byte| [*byte]).ok_or(Unreadable::BUFFER)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A question for `a.` of type A, with what follows and how many records that is said to be.
    fn asked(additionals: u16, rest: &[u8]) -> Vec<u8> {
        let mut message = b"\x00\x07\x01\x00\x00\x01\x00\x00\x00\x00".to_vec();
        message.extend(additionals.to_be_bytes());
        message.extend(b"\x01a\x00\x00\x01\x00\x01");
        message.extend(rest);
        message
    }

    #[test]
    fn a_message_is_refused_in_gos_words() {
        let header = |rest: &[u8]| [b"\0\0\0\0\0\x01\0\0\0\0\0\0".as_slice(), rest].concat();
        let labels = |count: usize| [b"\x3F".as_slice(), &[b'a'; 63]].concat().repeat(count);
        let table: &[(Vec<u8>, &str)] = &[
            (vec![], "dns: overflow unpacking uint16"),
            (vec![0], "dns: overflow unpacking uint16"),
            (vec![0; 11], "dns: overflow unpacking uint16"),
            (header(b"\x05ab"), "dns: buffer size too small"),
            (header(b"\x02ab"), "dns: buffer size too small"),
            (header(b"\x80ab"), "dns: bad rdata"),
            (header(b"\x40ab"), "dns: bad rdata"),
            (header(b"\xC0\x0C\0\x01\0\x01"), "dns: too many compression pointers"),
            (header(b"\xC0"), "dns: buffer size too small"),
            (header(&[labels(4), vec![0, 0, 1, 0, 1]].concat()), "dns: domain name exceeded 255 wire-format octets"),
            (header(b"\x01a\0\0"), "dns: overflow unpacking uint16"),
            (asked(1, b"\0\0"), "dns: overflow unpacking uint16"),
            (asked(1, b"\0\0\x29\x10\0\0\0"), "dns: overflow unpacking uint32"),
            (asked(1, b"\0\0\x29\x10\0\0\0\0\0\0\x01"), "dns: overflowing header size"),
            (asked(1, b"\0\0\x29\x10\0\0\0\0\0\0\x01\0"), "dns: overflow unpacking opt"),
        ];
        for (message, expected) in table {
            assert_eq!(Request::read(message).unwrap_err().to_string(), *expected, "{message:02x?}");
        }
    }

    #[test]
    fn what_go_reads_is_read() {
        let question = |message: &[u8]| Request::read(message).unwrap().question;
        let named = |name: &str, record_type, class| Some(Question { name: name.into(), record_type, class });
        let header = |rest: &[u8]| [b"\0\0\0\0\0\x01\0\0\0\0\0\0".as_slice(), rest].concat();
        assert_eq!(question(&header(b"")), None, "a header alone, whatever it counts");
        assert_eq!(question(&header(b"\0\0\x01\0\x01")), named(".", 1, 1));
        assert_eq!(question(&header(b"\x01a\0")), named("a.", 0, 0), "it ends after the name");
        assert_eq!(question(&header(b"\x01a\0\0\x01\0")), named("a.", 1, 0), "its class is cut");
        assert_eq!(question(&header(b"\x03a.b\x02\xff \0\0\x01\0\x01")), named(r"a\.b.\255\ .", 1, 1));
        let request = Request::read(&asked(9, b"\0\0\x29\x10\0\0\0\x80\0\0\0")).unwrap();
        assert_eq!(request.edns, Some(Edns { udp_size: 4096, subnet: None }), "fewer records than are counted");
        assert_eq!(Request::read(&asked(0, b"trailing")).unwrap().edns, None);
    }
}
