//! A message as bytes, as Go's library packs it.
//!
//! Names are written once and then pointed at, by their text, capitals and all; the target of an SRV record is never a pointer, but
//! may be pointed at.
use std::collections::HashMap;

use crate::{
    name,
    record::{Data, Message, Record},
};

/// Pointers reach this far.
pub(crate) const POINTED_AT_MAX: usize = 1 << 14;
const LABEL_BYTES_MAX: usize = 63;
const TEXT_BYTES_MAX: usize = 255;
const CLASS_INTERNET: u16 = 1;

/// Something in a message cannot be written: a label or a text is too long, or a label is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unwritable;

/// Writes a message.
///
/// # Errors
/// Something in it cannot be written.
pub(crate) fn write(message: &Message) -> Result<Vec<u8>, Unwritable> {
    let mut writer = Writer { bytes: Vec::new(), written: message.compresses().then(HashMap::new) };
    let count = |records: &[Record]| records.len() as u16;
    writer.uint16(message.id);
    writer.uint16(message.bits);
    writer.uint16(message.question.is_some().into());
    writer.uint16(count(&message.answer));
    writer.uint16(count(&message.authority));
    writer.uint16(count(&message.additional));
    if let Some(question) = &message.question {
        writer.name(&question.name, true)?;
        writer.uint16(question.record_type);
        writer.uint16(question.class);
    }
    for record in message.records() {
        writer.record(record)?;
    }
    Ok(writer.bytes)
}

struct Writer<'a> {
    bytes: Vec<u8>,
    /// Where names begin, by their text; `None`: nothing is pointed at.
    written: Option<HashMap<&'a str, u16>>,
}

impl<'a> Writer<'a> {
    fn uint16(&mut self, value: u16) {
        self.bytes.extend(value.to_be_bytes());
    }

    fn uint32(&mut self, value: u32) {
        self.bytes.extend(value.to_be_bytes());
    }

    fn record(&mut self, record: &'a Record) -> Result<(), Unwritable> {
        self.name(&record.name, true)?;
        self.uint16(record.data.number());
        self.uint16(match record.data {
            Data::Opt { udp_size, .. } => udp_size,
            _ => CLASS_INTERNET,
        });
        self.uint32(record.ttl);
        let at = self.bytes.len();
        self.uint16(0);
        self.data(&record.data)?;
        let len = u16::try_from(self.bytes.len() - at - 2).map_err(|_| Unwritable)?;
        if let Some(place) = self.bytes.get_mut(at..at + 2) {
            place.copy_from_slice(&len.to_be_bytes());
        }
        Ok(())
    }

    fn data(&mut self, data: &'a Data) -> Result<(), Unwritable> {
        match data {
            Data::A(address) => self.bytes.extend(address.octets()),
            Data::Aaaa(address) => self.bytes.extend(address.octets()),
            Data::Ns(name) | Data::Cname(name) | Data::Ptr(name) => self.name(name, true)?,
            Data::Soa(soa) => {
                self.name(&soa.ns, true)?;
                self.name(&soa.mailbox, true)?;
                for number in [soa.serial, soa.refresh, soa.retry, soa.expire, soa.min_ttl] {
                    self.uint32(number);
                }
            }
            Data::Srv { priority, weight, port, target } => {
                for number in [priority, weight, port] {
                    self.uint16(*number);
                }
                self.name(target, false)?;
            }
            Data::Txt(text) => self.text(text)?,
            Data::Opt { subnet, .. } => {
                if let Some(subnet) = subnet {
                    subnet.write(&mut self.bytes);
                }
            }
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), Unwritable> {
        let at = self.bytes.len();
        self.bytes.push(0);
        let mut rest = text.as_bytes();
        while let Some((byte, len)) = name::unescape(rest) {
            self.bytes.push(byte);
            rest = rest.get(len..).unwrap_or_default();
        }
        let len = self.bytes.len() - at - 1;
        let len = u8::try_from(len).ok().filter(|_| len <= TEXT_BYTES_MAX).ok_or(Unwritable)?;
        if let Some(place) = self.bytes.get_mut(at) {
            *place = len;
        }
        Ok(())
    }

    /// Writes a name, of which the longest end that stands somewhere already becomes a pointer if it may.
    fn name(&mut self, name: &'a str, may_point: bool) -> Result<(), Unwritable> {
        if name.is_empty() {
            return Ok(());
        }
        if !name::is_whole(name) {
            return Err(Unwritable);
        }
        for start in name::starts(name) {
            let end = name.get(start..).unwrap_or_default();
            let here = self.bytes.len();
            let label = label(end)?;
            if let Some(written) = &mut self.written {
                match written.get(end) {
                    Some(before) if may_point => {
                        let pointer = before | 0xC000;
                        self.uint16(pointer);
                        return Ok(());
                    }
                    None if here < POINTED_AT_MAX => {
                        written.insert(end, here as u16);
                    }
                    _ => {}
                }
            }
            self.bytes.push(label.len() as u8);
            self.bytes.extend(label);
        }
        self.bytes.push(0);
        Ok(())
    }
}

/// The bytes of the label that a name begins with.
fn label(name: &str) -> Result<Vec<u8>, Unwritable> {
    let mut label = Vec::new();
    let mut rest = name.as_bytes();
    while rest.first().is_some_and(|first| *first != b'.') {
        let (byte, len) = name::unescape(rest).ok_or(Unwritable)?;
        label.push(byte);
        rest = rest.get(len..).unwrap_or_default();
    }
    if label.is_empty() || label.len() > LABEL_BYTES_MAX { Err(Unwritable) } else { Ok(label) }
}

#[cfg(test)]
mod tests;
