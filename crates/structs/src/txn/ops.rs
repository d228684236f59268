//! The steps of a request: as many as may be taken, and one more to tell that there are too many.

use std::fmt;

use proconsul_msgpack::{Shape, Shaped};
use serde::{
    Deserializer, Serialize, Serializer,
    de::{IgnoredAny, SeqAccess, Visitor},
};

use super::{OPS_MAX, TxnOp};
use crate::List;

pub(super) fn serialize<S: Serializer>(ops: &List<TxnOp>, to: S) -> Result<S::Ok, S::Error> {
    ops.serialize(to)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<List<TxnOp>, D::Error> {
    from.deserialize_option(Steps)
}

pub(super) fn shape<T: Shaped>() -> Shape {
    T::shape()
}

struct Steps;

impl<'de> Visitor<'de> for Steps {
    type Value = List<TxnOp>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of steps")
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_seq(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut steps: A) -> Result<Self::Value, A::Error> {
        let mut ops = Vec::new();
        while ops.len() <= OPS_MAX {
            match steps.next_element()? {
                Some(op) => ops.push(op),
                None => return Ok(Some(ops)),
            }
        }
        // Who reads on is told by the one too many. The rest takes no room.
        while steps.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Some(ops))
    }
}

#[cfg(test)]
mod tests {
    use super::super::TxnRequest;
    use super::*;

    fn request(steps: usize) -> Vec<u8> {
        let mut bytes = b"\x82\xa3Ops\xdd".to_vec();
        bytes.extend(u32::try_from(steps).expect("few").to_be_bytes());
        bytes.extend(std::iter::repeat_n(0x80, steps));
        bytes.extend(b"\xaaDatacenter\xa3dc1");
        bytes
    }

    #[test]
    fn one_step_too_many_is_kept_and_the_rest_is_not() {
        for (steps, kept) in [(0, 0), (OPS_MAX, OPS_MAX), (OPS_MAX + 1, OPS_MAX + 1), (1_000_000, OPS_MAX + 1)] {
            let read: TxnRequest = proconsul_msgpack::from_slice(&request(steps)).expect("it is read");
            assert_eq!(read.ops.map(|ops| ops.len()), Some(kept));
            assert_eq!(read.datacenter, "dc1", "what follows is read");
        }
    }

    #[test]
    fn a_step_that_says_nothing_takes_little_room() {
        assert!(size_of::<TxnOp>() <= 64, "{}", size_of::<TxnOp>());
    }

    #[test]
    fn no_steps_are_not_an_empty_list_of_them() {
        for (ops, read) in [(&b"\x81\xa3Ops\xc0"[..], None), (b"\x81\xa3Ops\x90", Some(vec![]))] {
            assert_eq!(proconsul_msgpack::from_slice::<TxnRequest>(ops).expect("it is read").ops, read);
        }
    }

    #[test]
    fn steps_that_are_promised_and_not_there_are_missing() {
        let bytes = request(3);
        for cut in 0..bytes.len() {
            assert!(proconsul_msgpack::from_slice::<TxnRequest>(&bytes[..cut]).is_err(), "{cut}");
        }
    }
}
