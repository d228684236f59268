//! A first certificate for an agent, over byte 7.

use super::methods;
use crate::connect_ca::{CaSignRequest, SignedResponse};

methods! { "AutoEncrypt" {
    /// Signs a certificate, and tells what to trust.
    Sign(CaSignRequest) -> SignedResponse;
} }
