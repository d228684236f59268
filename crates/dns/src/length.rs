//! How long a message is going to be, as Go's library reckons: answers are cut by it.
//!
//! It is the length of what is written, but for texts with escapes, which are counted as they stand.
use std::collections::HashSet;

use crate::{
    name,
    record::{Data, Message, Record},
    write::POINTED_AT_MAX,
};

const HEADER_BYTES: usize = 12;
/// A record's type, class, time to live and length.
const RECORD_BYTES: usize = 10;

/// The length of a message in bytes.
pub(crate) fn length(message: &Message) -> usize {
    let mut reckoning = Reckoning { len: HEADER_BYTES, seen: message.compresses().then(HashSet::new) };
    if let Some(question) = &message.question {
        reckoning.name(&question.name, true);
        reckoning.len += 4;
    }
    message.records().for_each(|record| reckoning.record(record));
    reckoning.len
}

struct Reckoning<'a> {
    len: usize,
    seen: Option<HashSet<&'a str>>,
}

impl<'a> Reckoning<'a> {
    fn record(&mut self, record: &'a Record) {
        self.name(&record.name, true);
        self.len += RECORD_BYTES;
        match &record.data {
            Data::A(_) => self.len += 4,
            Data::Aaaa(_) => self.len += 16,
            Data::Ns(name) | Data::Cname(name) | Data::Ptr(name) => self.name(name, true),
            Data::Soa(soa) => {
                self.name(&soa.ns, true);
                self.name(&soa.mailbox, true);
                self.len += 20;
            }
            Data::Srv { target, .. } => {
                self.len += 6;
                self.name(target, false);
            }
            Data::Txt(text) => self.len += 1 + text.len(),
            Data::Opt { subnet, .. } => {
                let mut option = Vec::new();
                subnet.iter().for_each(|subnet| subnet.write(&mut option));
                self.len += option.len();
            }
        }
    }

    fn name(&mut self, name: &'a str, may_point: bool) {
        let begins = self.len;
        if name.is_empty() || name == "." {
            self.len += 1;
            return;
        }
        for start in name::starts(name) {
            let end = name.get(start..).unwrap_or_default();
            let Some(seen) = &mut self.seen else { break };
            if seen.contains(end) {
                if may_point {
                    self.len = begins + unescaped_len(name.get(..start).unwrap_or_default()) + 2;
                    return;
                }
                break;
            }
            if begins + start < POINTED_AT_MAX {
                seen.insert(end);
            }
        }
        self.len = begins + unescaped_len(name) + 1;
    }
}

/// How many bytes a text is without its escapes: each dot stands for the length of a label.
fn unescaped_len(text: &str) -> usize {
    let mut rest = text.as_bytes();
    let mut len = 0;
    while let Some((_, taken)) = name::unescape(rest) {
        len += 1;
        rest = rest.get(taken..).unwrap_or_default();
    }
    len
}
