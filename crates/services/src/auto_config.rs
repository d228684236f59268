//! AutoConfig: a first configuration for agents that have none, asked for over byte 7.
use std::sync::Arc;

use proconsul_netrpc::{Registry, answering};
use proconsul_structs::{Method, auto_config::AutoConfigRequest, methods::auto_config::InitialConfiguration};
use proconsul_types::{CallInfo, GoQuoted, WireText};

use crate::Context;

pub(crate) fn register(registry: &mut Registry, context: &Arc<Context>) {
    let here = Arc::clone(context);
    registry.insert(
        InitialConfiguration::INDEX,
        answering(move |_: &CallInfo, request: AutoConfigRequest, _: &[u8]| {
            let asked = request.datacenter();
            // Nobody gives configurations here yet: it is answered as by a server that does not enable it.
            Err(if asked.is_empty() || asked.as_bytes() == here.datacenter.as_bytes() {
                WireText::AUTO_CONFIG_DISABLED.into()
            } else {
                WireText::auto_config_elsewhere(GoQuoted(asked)).into()
            })
        }),
    );
}
