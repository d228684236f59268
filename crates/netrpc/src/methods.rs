//! Which names exist, before anyone asks what they do.
use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;
use proconsul_msgpack::GoStr;
use proconsul_types::{Listener, MethodRow};

/// The methods that a listener offers, by name.
#[derive(Debug)]
pub struct MethodTable {
    rows: &'static [MethodRow],
    by_name: HashMap<&'static [u8], u16, RandomState>,
    services: HashSet<&'static [u8], RandomState>,
}

impl MethodTable {
    /// The rows that `listener` offers. A row's index is its place in `rows`, whatever the listener.
    pub fn new(rows: &'static [MethodRow], listener: Listener) -> Self {
        let offered = || rows.iter().enumerate().filter(|(_, row)| row.listener == listener);
        let by_name =
            offered().filter_map(|(index, row)| Some((row.name.as_bytes(), u16::try_from(index).ok()?))).collect();
        let services = offered().map(|(_, row)| row.service().as_bytes()).collect();
        Self { rows, by_name, services }
    }

    /// All rows, offered here or not.
    pub fn rows(&self) -> &'static [MethodRow] {
        self.rows
    }

    /// The row number `index`.
    pub fn row(&self, index: u16) -> Option<&'static MethodRow> {
        self.rows.get(usize::from(index))
    }

    /// Finds a method by the name a client sent.
    ///
    /// # Errors
    /// Why there is none, as Go tells it: no dot, no such service (what precedes the last dot), no such method.
    pub fn find(&self, name: &[u8]) -> Result<u16, Unknown> {
        if let Some(index) = self.by_name.get(name) {
            return Ok(*index);
        }
        Err(match name.iter().rposition(|byte| *byte == b'.') {
            None => Unknown::IllFormed,
            Some(dot) if self.services.contains(&name[..dot]) => Unknown::Method,
            Some(_) => Unknown::Service,
        })
    }
}

/// Why a name leads nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// It has no dot.
    IllFormed,
    /// There is no such service.
    Service,
    /// The service has no such method.
    Method,
}

impl Unknown {
    /// The error that the caller sees, byte for byte: the name is repeated as it came, text or not.
    pub fn text(self, name: &[u8]) -> GoStr {
        let what: &[u8] = match self {
            Self::IllFormed => b"rpc: service/method request ill-formed: ",
            Self::Service => b"rpc: can't find service ",
            Self::Method => b"rpc: can't find method ",
        };
        GoStr::from([what, name].concat())
    }
}
