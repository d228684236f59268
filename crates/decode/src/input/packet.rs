//! From a packet to its TCP segment: link layer, IP, TCP.

use std::net::{IpAddr, SocketAddr};

use etherparse::{EtherType, LaxNetSlice, LaxSlicedPacket, TransportSlice};

/// A TCP segment.
#[derive(Clone, Debug)]
pub(super) struct Segment<'p> {
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
    pub(super) sequence: u32,
    pub(super) syn: bool,
    pub(super) ack: bool,
    pub(super) fin: bool,
    pub(super) rst: bool,
    pub(super) payload: &'p [u8],
}

/// Link layers that are known, by tcpdump's numbers.
const NULL: i32 = 0;
const ETHERNET: i32 = 1;
const RAW: [i32; 5] = [12, 14, 101, 228, 229];
const LOOP: i32 = 108;
const LINUX_SLL: i32 = 113;
const LINUX_SLL2: i32 = 276;

/// Whether packets of a link layer can be read.
pub(super) fn is_known(link: i32) -> bool {
    matches!(link, NULL | ETHERNET | LOOP | LINUX_SLL | LINUX_SLL2) || RAW.contains(&link)
}

/// The segment in a packet, if there is one.
pub(super) fn of(link: i32, packet: &[u8]) -> Option<Segment<'_>> {
    let ether_type = |bytes: &[u8]| Some(EtherType(u16::from_be_bytes(*bytes.first_chunk()?)));
    let sliced = match link {
        ETHERNET => LaxSlicedPacket::from_ethernet(packet).ok()?,
        NULL | LOOP => return of_ip(packet.get(4..)?),
        LINUX_SLL => LaxSlicedPacket::from_ether_type(ether_type(packet.get(14..)?)?, packet.get(16..)?),
        LINUX_SLL2 => LaxSlicedPacket::from_ether_type(ether_type(packet)?, packet.get(20..)?),
        raw if RAW.contains(&raw) => return of_ip(packet),
        _ => return None,
    };
    segment(&sliced)
}

/// The segment in an IP packet, if there is one.
pub(super) fn of_ip(packet: &[u8]) -> Option<Segment<'_>> {
    segment(&LaxSlicedPacket::from_ip(packet).ok()?)
}

fn segment<'p>(packet: &LaxSlicedPacket<'p>) -> Option<Segment<'p>> {
    let (from, to): (IpAddr, IpAddr) = match packet.net.as_ref()? {
        LaxNetSlice::Ipv4(ip) => (ip.header().source_addr().into(), ip.header().destination_addr().into()),
        LaxNetSlice::Ipv6(ip) => (ip.header().source_addr().into(), ip.header().destination_addr().into()),
        LaxNetSlice::Arp(_) => return None,
    };
    let TransportSlice::Tcp(tcp) = packet.transport.as_ref()? else { return None };
    Some(Segment {
        from: SocketAddr::new(from, tcp.source_port()),
        to: SocketAddr::new(to, tcp.destination_port()),
        sequence: tcp.sequence_number(),
        syn: tcp.syn(),
        ack: tcp.ack(),
        fin: tcp.fin(),
        rst: tcp.rst(),
        payload: tcp.payload(),
    })
}
