//! The options of a message: EDNS, and the network of the client whose question is passed on.
use crate::Unreadable;

const ADDRESS_OPTION: u16 = 8;

/// What a question says in its options.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edns {
    /// How large an answer over UDP may be.
    pub udp_size: u16,
    /// The network of the client.
    pub subnet: Option<Subnet>,
}

/// A client's network. Its address is as long as its family has it; none of an unknown client.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Subnet {
    family: u16,
    prefix_len: u8,
    address: Vec<u8>,
}

impl Subnet {
    fn read(data: &[u8]) -> Result<Self, Unreadable> {
        let [family_high, family_low, prefix_len, scope, address @ ..] = data else { return Err(Unreadable::BUFFER) };
        let family = u16::from_be_bytes([*family_high, *family_low]);
        let len: u8 = match family {
            0 if *prefix_len == 0 => 0,
            1 => 4,
            2 => 16,
            _ => return Err(Unreadable::FAMILY),
        };
        if len > 0 && (*prefix_len > len * 8 || *scope > len * 8) {
            return Err(Unreadable::NETMASK);
        }
        let mut address = address.to_vec();
        address.resize(len.into(), 0);
        Ok(Self { family, prefix_len: *prefix_len, address })
    }

    /// The option that says that an answer holds for everybody: as long as the network's own bits need.
    pub(crate) fn write(&self, to: &mut Vec<u8>) {
        let whole = self.prefix_len.div_ceil(8);
        to.extend(ADDRESS_OPTION.to_be_bytes());
        to.extend((4 + u16::from(whole)).to_be_bytes());
        to.extend(self.family.to_be_bytes());
        to.extend([self.prefix_len, 0]);
        let kept = self.address.iter().zip(0..whole).map(|(byte, at)| {
            let bits = self.prefix_len.saturating_sub(at * 8).min(8);
            byte & !(0xFF_u16 >> bits) as u8
        });
        to.extend(kept);
    }
}

impl Edns {
    /// Reads the options of one record.
    ///
    /// # Errors
    /// They are cut, or one of those that Go's library knows is wrong.
    pub(crate) fn read(udp_size: u16, mut options: &[u8]) -> Result<Self, Unreadable> {
        let mut edns = Self { udp_size, subnet: None };
        while !options.is_empty() {
            let [code_high, code_low, len_high, len_low, rest @ ..] = options else { return Err(Unreadable::OPT) };
            let code = u16::from_be_bytes([*code_high, *code_low]);
            let len = usize::from(u16::from_be_bytes([*len_high, *len_low]));
            let (data, rest) = rest.split_at_checked(len).ok_or(Unreadable::OPT)?;
            vet(code, data)?;
            if code == ADDRESS_OPTION {
                let subnet = Subnet::read(data)?;
                edns.subnet.get_or_insert(subnet);
            }
            options = rest;
        }
        Ok(edns)
    }
}

/// What Go's library asks of the options that it knows.
fn vet(code: u16, data: &[u8]) -> Result<(), Unreadable> {
    let fits = match (code, data.len()) {
        (1, len) => len >= 18,
        (2, len) => len == 4 || len == 8,
        (9, len) => len == 0 || len >= 4,
        (11, 0 | 2) => true,
        (11, len) => return Err(Unreadable::keepalive(len)),
        (15, len) => len >= 2,
        _ => true,
    };
    if fits { Ok(()) } else { Err(Unreadable::BUFFER) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn option(code: u16, data: &[u8]) -> Vec<u8> {
        let mut bytes = code.to_be_bytes().to_vec();
        bytes.extend((data.len() as u16).to_be_bytes());
        bytes.extend(data);
        bytes
    }

    #[test]
    fn options_are_vetted_as_go_vets_them() {
        let table: &[(u16, &[u8], Option<Unreadable>)] = &[
            (1, &[0; 17], Some(Unreadable::BUFFER)),
            (1, &[0; 18], None),
            (2, &[0; 5], Some(Unreadable::BUFFER)),
            (2, &[0; 8], None),
            (8, &[0, 0, 1, 0], Some(Unreadable::FAMILY)),
            (8, &[0, 0, 0, 0], None),
            (8, &[0, 1, 33, 0], Some(Unreadable::NETMASK)),
            (8, &[0, 1, 24, 33], Some(Unreadable::NETMASK)),
            (8, &[0, 3, 0, 0], Some(Unreadable::FAMILY)),
            (8, &[0, 1, 24], Some(Unreadable::BUFFER)),
            (9, &[], None),
            (9, &[0; 3], Some(Unreadable::BUFFER)),
            (11, &[0; 3], Some(Unreadable::keepalive(3))),
            (15, &[0], Some(Unreadable::BUFFER)),
            (65001, &[1, 2, 3], None),
        ];
        for (code, data, expected) in table {
            assert_eq!(Edns::read(512, &option(*code, data)).err(), *expected, "{code} {data:?}");
        }
        assert_eq!(Edns::read(512, &[0, 8, 0, 9, 0]), Err(Unreadable::OPT), "longer than what is there");
        assert_eq!(Edns::read(512, &[0, 8, 0]), Err(Unreadable::OPT), "cut");
    }

    #[test]
    fn a_network_comes_back_without_the_bits_of_hosts() {
        let table: &[(&[u8], &[u8])] = &[
            (&[0, 1, 20, 0, 10, 1, 255, 9], &[0, 1, 20, 0, 10, 1, 0xF0]),
            (&[0, 1, 32, 7, 10, 1, 2, 3], &[0, 1, 32, 0, 10, 1, 2, 3]),
            (&[0, 1, 24, 0, 10], &[0, 1, 24, 0, 10, 0, 0]),
            (&[0, 2, 9, 0, 0xFF, 0xFF], &[0, 2, 9, 0, 0xFF, 0x80]),
            (&[0, 0, 0, 0], &[0, 0, 0, 0]),
        ];
        for (asked, expected) in table {
            let mut written = Vec::new();
            Subnet::read(asked).unwrap().write(&mut written);
            assert_eq!(written, option(8, expected), "{asked:?}");
        }
    }
}
