//! pcap and pcapng: packets with their times.

use std::{io::Read, time::Duration};

use pcap_parser::{Block, PcapBlockOwned, PcapError, create_reader, traits::PcapNGPacketBlock};

use super::{InputError, Item, Options, drain, packet, tcp::Tcp};
use crate::Decoder;

/// The largest block of a capture that is read: room for a packet of the largest size that tcpdump takes.
pub const BLOCK_BYTES_MAX: usize = 1024 * 1024;

/// How many interfaces of one section are remembered.
pub const INTERFACES_MAX: usize = 4096;

/// Where packets come from.
#[derive(Clone, Copy, Debug)]
struct Interface {
    link: i32,
    /// Units of time in a second.
    resolution: u64,
    /// Seconds to add.
    offset: i64,
}

/// What a capture amounts to.
struct Reading<'e> {
    decoder: Decoder,
    tcp: Tcp,
    interfaces: Vec<Interface>,
    /// The time of the first packet.
    begun: Option<Duration>,
    /// Packets of link layers that are not known, and the first of these.
    strange: (u64, i32),
    secrets: bool,
    each: &'e mut dyn FnMut(Item),
}

pub(super) fn read(source: impl Read + Send, options: &Options, each: &mut dyn FnMut(Item)) -> Result<(), InputError> {
    let mut reader = create_reader(BLOCK_BYTES_MAX, source).map_err(|error| broken(&error, 0))?;
    let mut reading = Reading {
        decoder: Decoder::default(),
        tcp: Tcp::new(&options.ports),
        interfaces: Vec::new(),
        begun: None,
        strange: (0, 0),
        secrets: false,
        each,
    };
    let mut blocks = 0u64;
    let mut asked_again = false;
    let ended = loop {
        match reader.next() {
            Ok((length, block)) => {
                reading.block(block);
                blocks += 1;
                asked_again = false;
                reader.consume(length);
            }
            Err(PcapError::Eof) => break None,
            Err(PcapError::Incomplete(_)) if asked_again => {
                let why = if reader.reader_exhausted() { "it ends within a block" } else { "a block is too large" };
                break Some(format!("{why}, after {blocks} blocks"));
            }
            Err(PcapError::Incomplete(_)) => {
                asked_again = true;
                if let Err(error) = reader.refill() {
                    break Some(format!("{error:?}, after {blocks} blocks"));
                }
            }
            Err(PcapError::ReadError) => return Err(broken(&PcapError::ReadError, blocks)),
            Err(error) => break Some(broken(&error, blocks).to_string()),
        }
    };
    reading.finish(ended);
    Ok(())
}

fn broken(error: &PcapError<&[u8]>, blocks: u64) -> InputError {
    let why = match error {
        PcapError::UnexpectedEof => "it ends within a block".to_owned(),
        PcapError::Eof => "it is empty".to_owned(),
        PcapError::ReadError => "it cannot be read on".to_owned(),
        PcapError::HeaderNotRecognized => "it is no pcap and no pcapng".to_owned(),
        // What the parser says may quote the file.
        _ => "it makes no sense".to_owned(),
    };
    InputError::Form(format!("{why}, after {blocks} blocks"))
}

impl Reading<'_> {
    fn block(&mut self, block: PcapBlockOwned<'_>) {
        match block {
            PcapBlockOwned::LegacyHeader(header) => {
                let resolution = if header.is_nanosecond_precision() { 1_000_000_000 } else { 1_000_000 };
                self.interfaces = vec![Interface { link: header.network.0, resolution, offset: 0 }];
            }
            PcapBlockOwned::Legacy(packet) => {
                let Some(interface) = self.interfaces.first().copied() else { return };
                let parts = u64::from(packet.ts_usec) * (1_000_000_000 / interface.resolution);
                let at = Duration::from_secs(packet.ts_sec.into()) + Duration::from_nanos(parts);
                self.packet(interface, at, packet.data);
            }
            PcapBlockOwned::NG(Block::SectionHeader(_)) => self.interfaces.clear(),
            PcapBlockOwned::NG(Block::InterfaceDescription(interface)) => {
                if self.interfaces.len() < INTERFACES_MAX {
                    let resolution =
                        interface.ts_resolution().filter(|resolution| *resolution > 0).unwrap_or(1_000_000);
                    let offset = interface.ts_offset();
                    self.interfaces.push(Interface { link: interface.linktype.0, resolution, offset });
                }
            }
            PcapBlockOwned::NG(Block::EnhancedPacket(packet)) => {
                let Some(interface) = self.interfaces.get(packet.if_id as usize).copied() else { return };
                let units = u64::from(packet.ts_high) << 32 | u64::from(packet.ts_low);
                let at = interface.time(units);
                self.packet(interface, at, packet.packet_data());
            }
            PcapBlockOwned::NG(Block::SimplePacket(packet)) => {
                let Some(interface) = self.interfaces.first().copied() else { return };
                let at = self.begun.unwrap_or_default();
                self.packet(interface, at, packet.packet_data());
            }
            PcapBlockOwned::NG(Block::DecryptionSecrets(_)) => self.secrets = true,
            PcapBlockOwned::NG(_) => {}
        }
    }

    fn packet(&mut self, interface: Interface, at: Duration, bytes: &[u8]) {
        if !packet::is_known(interface.link) {
            self.strange = (self.strange.0 + 1, interface.link);
            return;
        }
        let begun = *self.begun.get_or_insert(at);
        if let Some(segment) = packet::of(interface.link, bytes) {
            self.tcp.segment(&mut self.decoder, at.saturating_sub(begun), &segment);
            drain(&mut self.decoder, self.each);
        }
    }

    fn finish(mut self, ended: Option<String>) {
        let each = self.each;
        let (strange, link) = self.strange;
        if strange > 0 {
            each(Item::Note(format!(
                "{strange} packets of link layers that are not known here are passed over (last: {link})"
            )));
        }
        if self.secrets {
            each(Item::Note("it has secrets of TLS sessions, which are not used: TLS stays encrypted".to_owned()));
        }
        let mut notes = Vec::new();
        self.tcp.finish(&mut self.decoder, &mut |note| notes.push(note));
        self.decoder.finish();
        drain(&mut self.decoder, each);
        notes.extend(ended.map(|why| format!("the capture cannot be read on: {why}")));
        notes.into_iter().for_each(|note| each(Item::Note(note)));
    }
}

impl Interface {
    /// A time in this interface's units, as time since 1970.
    fn time(&self, units: u64) -> Duration {
        let seconds = (units / self.resolution).saturating_add_signed(self.offset);
        let part = u128::from(units % self.resolution) * 1_000_000_000 / u128::from(self.resolution);
        // A part of a second is less than a second.
        Duration::new(seconds, part as u32)
    }
}
