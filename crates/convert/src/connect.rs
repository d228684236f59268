//! `pbconnect`: roots and certificates of the mesh.

use proconsul_proto::pbconnect;
use proconsul_structs::connect_ca::{CaRoot, IndexedCaRoots, IssuedCert};

use crate::define::mirror;

mirror!(CaRoot => pbconnect::CaRoot {
    id, name, serial_number, signing_key_id, external_trust_domain, not_before, not_after, root_cert, intermediate_certs,
    signing_cert, signing_key, active, rotated_out_at, private_key_type, private_key_bits, raft_index,
});

mirror!(IndexedCaRoots => pbconnect::CaRoots { active_root_id, trust_domain, roots, query_meta });

mirror!(IssuedCert => pbconnect::IssuedCert {
    serial_number, cert_pem, private_key_pem, service, service_uri, agent, agent_uri, server_uri, kind, kind_uri, valid_after,
    valid_before, raft_index,
} filled { enterprise_meta: Some(Default::default()) });
