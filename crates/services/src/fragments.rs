//! Parts of answers that are encoded once.
//!
//! A list of a service's instances is asked for in many forms (for a tag, passing only, by callers with options of their own), and
//! after every change of one instance the others are as they were. What is encoded of an instance is kept beside the records that
//! it was made of. Records are never changed, only put in each other's place, so the same records are the same bytes.
use std::{
    hash::{BuildHasher, Hash, Hasher},
    mem::size_of,
    sync::Arc,
};

use bytes::Bytes;
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use parking_lot::Mutex;
use proconsul_msgpack::{EncodeError, Verbatim, encode_into};
use proconsul_netrpc::Encode;
use proconsul_structs::{
    List, Shared,
    catalog::IndexedServiceNodes,
    health::{CheckServiceNode, IndexedCheckServiceNodes},
    service::ServiceNode,
};
use serde::Serialize;

/// How many bytes the encodings have together that are kept of one kind of element.
pub const FRAGMENTS_BYTES_MAX: usize = 32 * 1024 * 1024;
/// A longer one is not kept.
pub const FRAGMENT_BYTES_MAX: usize = 64 * 1024;

/// An element that is made of records of the store, and of nothing else.
pub(crate) trait Fragment: Serialize + Clone + Send + 'static {
    /// Tells which records these are: by where they are in memory.
    fn hash_records(&self, to: &mut impl Hasher);

    /// Whether it is made of the same records, not of equal ones.
    fn has_records_of(&self, other: &Self) -> bool;
}

impl Fragment for Shared<ServiceNode> {
    fn hash_records(&self, to: &mut impl Hasher) {
        Arc::as_ptr(&self.0).hash(to);
    }

    fn has_records_of(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Fragment for CheckServiceNode {
    fn hash_records(&self, to: &mut impl Hasher) {
        self.node.as_ref().map(|node| Arc::as_ptr(&node.0)).hash(to);
        self.service.as_ref().map(|service| Arc::as_ptr(&service.0)).hash(to);
        self.checks.iter().flatten().for_each(|check| Arc::as_ptr(&check.0).hash(to));
    }

    fn has_records_of(&self, other: &Self) -> bool {
        same(self.node.as_ref(), other.node.as_ref())
            && same(self.service.as_ref(), other.service.as_ref())
            && match (&self.checks, &other.checks) {
                (None, None) => true,
                (Some(one), Some(other)) => {
                    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(Some(one), Some(other)))
                }
                _ => false,
            }
    }
}

fn same<T>(one: Option<&Shared<T>>, other: Option<&Shared<T>>) -> bool {
    match (one, other) {
        (None, None) => true,
        (Some(one), Some(other)) => Arc::ptr_eq(&one.0, &other.0),
        _ => false,
    }
}

/// What is kept of one kind of element.
pub(crate) struct Fragments<T>(Mutex<Kept<T>>);

struct Kept<T> {
    hasher: RandomState,
    /// Those that were used since the old ones became so.
    young: HashTable<Piece<T>>,
    /// Those that were used before. They go when there are as many bytes of young ones as may be.
    old: HashTable<Piece<T>>,
    /// Of the young ones.
    bytes: usize,
}

struct Piece<T> {
    hash: u64,
    /// Holds the records: nothing else can come to be where they are.
    element: T,
    encoded: Bytes,
}

impl<T> Piece<T> {
    /// What it takes, its records left out: mostly the store has them as well.
    fn bytes(&self) -> usize {
        self.encoded.len() + size_of::<Self>()
    }
}

impl<T: Fragment> Fragments<T> {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(Kept {
            hasher: RandomState::default(),
            young: HashTable::new(),
            old: HashTable::new(),
            bytes: 0,
        })))
    }

    /// The elements, encoded.
    fn list(&self, elements: &List<T>) -> Result<List<Verbatim>, EncodeError> {
        let Some(elements) = elements else { return Ok(None) };
        let mut kept = self.0.lock();
        elements
            .iter()
            .map(|element| kept.encoded(element).map(Verbatim::from_encoding))
            .collect::<Result<_, _>>()
            .map(Some)
    }
}

impl<T: Fragment> Kept<T> {
    fn encoded(&mut self, element: &T) -> Result<Bytes, EncodeError> {
        let mut hasher = self.hasher.build_hasher();
        element.hash_records(&mut hasher);
        let hash = hasher.finish();
        let is_it = |piece: &Piece<T>| piece.element.has_records_of(element);
        if let Some(piece) = self.young.find(hash, is_it) {
            return Ok(piece.encoded.clone());
        }
        if let Ok(found) = self.old.find_entry(hash, is_it) {
            let (piece, _) = found.remove();
            let encoded = piece.encoded.clone();
            self.keep(piece);
            return Ok(encoded);
        }
        let mut encoded = Vec::new();
        encode_into(&mut encoded, element)?;
        let encoded = Bytes::from(encoded);
        if encoded.len() <= FRAGMENT_BYTES_MAX {
            self.keep(Piece { hash, element: element.clone(), encoded: encoded.clone() });
        }
        Ok(encoded)
    }

    fn keep(&mut self, piece: Piece<T>) {
        if self.bytes + piece.bytes() > FRAGMENTS_BYTES_MAX / 2 {
            (self.old, self.bytes) = (std::mem::take(&mut self.young), 0);
        }
        self.bytes += piece.bytes();
        self.young.insert_unique(piece.hash, piece, |piece| piece.hash);
    }
}

/// An answer whose elements may be encoded already.
pub(crate) struct Assembled<R, T> {
    pub(crate) reply: R,
    pub(crate) fragments: Arc<Fragments<T>>,
}

/// A list of elements with facts of the query.
pub(crate) trait Elements<T> {
    /// Writes the answer, with these encodings in the place of its elements.
    fn encode_with(&self, fragments: &Fragments<T>, out: &mut Vec<u8>) -> Result<(), EncodeError>;
}

impl<R: Elements<T>, T> Encode for Assembled<R, T> {
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.reply.encode_with(&self.fragments, out)
    }
}

/// Makes room for a list and what comes with it: answers of that size are not to be moved while they grow.
fn reserve(out: &mut Vec<u8>, elements: &List<Verbatim>) {
    const REST: usize = 512;
    out.reserve(elements.iter().flatten().map(|element| element.as_bytes().len()).sum::<usize>() + REST);
}

impl Elements<CheckServiceNode> for IndexedCheckServiceNodes {
    fn encode_with(&self, fragments: &Fragments<CheckServiceNode>, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let (nodes, query_meta) = (fragments.list(&self.nodes)?, self.query_meta.clone());
        reserve(out, &nodes);
        encode_into(out, &IndexedCheckServiceNodes { nodes, query_meta })
    }
}

impl Elements<Shared<ServiceNode>> for IndexedServiceNodes {
    fn encode_with(&self, fragments: &Fragments<Shared<ServiceNode>>, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let (service_nodes, query_meta) = (fragments.list(&self.service_nodes)?, self.query_meta.clone());
        reserve(out, &service_nodes);
        encode_into(out, &IndexedServiceNodes { service_nodes, query_meta })
    }
}

#[cfg(test)]
mod tests {
    use proconsul_structs::{check::HealthCheck, node::Node, query::QueryMeta, service::NodeService};

    use super::*;

    fn instance(name: &str) -> CheckServiceNode {
        let check = |id: &str| Shared::from(HealthCheck { check_id: id.into(), ..HealthCheck::default() });
        CheckServiceNode {
            node: Some(Node { node: name.into(), ..Node::default() }.into()),
            service: Some(NodeService { id: name.into(), ..NodeService::default() }.into()),
            checks: Some(vec![check("one"), check("two")]),
        }
    }

    fn answer(nodes: List<CheckServiceNode>) -> IndexedCheckServiceNodes {
        IndexedCheckServiceNodes { nodes, query_meta: QueryMeta { index: 7, ..QueryMeta::default() } }
    }

    fn assembled(fragments: &Arc<Fragments<CheckServiceNode>>, reply: IndexedCheckServiceNodes) -> Vec<u8> {
        let mut out = Vec::new();
        Assembled { reply, fragments: Arc::clone(fragments) }.encode(&mut out).expect("it can be written");
        out
    }

    #[test]
    fn an_assembled_answer_is_the_answer_encoded() {
        let fragments = Fragments::new();
        let mut nodes: Vec<_> = (0..20).map(|n| instance(&n.to_string())).collect();
        for changed in 0..20 {
            nodes[changed].checks.as_mut().map(Vec::pop);
            nodes.swap(0, changed);
            let reply = answer(Some(nodes.clone()));
            assert_eq!(assembled(&fragments, reply.clone()), proconsul_msgpack::to_vec(&reply).expect("it is plain"));
        }
        for reply in [answer(None), answer(Some(Vec::new())), answer(Some(vec![CheckServiceNode::default()]))] {
            assert_eq!(assembled(&fragments, reply.clone()), proconsul_msgpack::to_vec(&reply).expect("it is plain"));
        }
    }

    #[test]
    fn other_records_are_other_bytes_though_they_be_called_the_same() {
        let fragments = Fragments::new();
        let (mut one, other) = (instance("a"), instance("a"));
        assert!(one.has_records_of(&one.clone()) && !one.has_records_of(&other));
        assembled(&fragments, answer(Some(vec![one.clone()])));
        one.checks = other.checks.clone();
        let reply = answer(Some(vec![one, other]));
        assert_eq!(assembled(&fragments, reply.clone()), proconsul_msgpack::to_vec(&reply).expect("it is plain"));
    }

    #[test]
    fn what_is_kept_has_a_bound_and_what_is_used_stays() {
        let fragments = Fragments::new();
        let often = instance("often");
        let long = "x".repeat(20_000);
        for n in 0..4_000 {
            let mut once = instance(&n.to_string());
            once.node = Some(Node { node: long.as_str().into(), ..Node::default() }.into());
            assembled(&fragments, answer(Some(vec![once, often.clone()])));
        }
        let kept = fragments.0.lock();
        let all = || kept.young.iter().chain(&kept.old);
        let bytes: usize = all().map(Piece::bytes).sum();
        assert!(bytes <= FRAGMENTS_BYTES_MAX, "{bytes}");
        assert_eq!(all().filter(|piece| piece.element.has_records_of(&often)).count(), 1);
    }
}
