//! Operations that take place together or not at all.

use super::methods;
use crate::txn::{TxnReadRequest, TxnReadResponse, TxnRequest, TxnResponse};

methods! { "Txn" {
    /// Does several operations, all or none.
    Apply(TxnRequest) -> TxnResponse;
    /// Reads several things at one index.
    Read(TxnReadRequest) -> TxnReadResponse;
} }
