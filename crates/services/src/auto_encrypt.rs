//! AutoEncrypt: certificates for agents that have none, asked for over byte 7.
use proconsul_netrpc::{Registry, answering};
use proconsul_structs::{Method, connect_ca::CaSignRequest, methods::auto_encrypt::Sign};
use proconsul_types::{CallInfo, WireText};

pub(crate) fn register(registry: &mut Registry) {
    // Nobody signs here yet, so it is answered as by a server that does not enable it: before anything in the request counts.
    registry.insert(
        Sign::INDEX,
        answering(|_: &CallInfo, _: CaSignRequest, _: &[u8]| Err(WireText::AUTO_ENCRYPT_NOT_ENABLED.into())),
    );
}
