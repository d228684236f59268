//! Keys of the `tls` stanza.
use super::{
    Key, Keys,
    Kind::{Bool, Table, Text},
    key,
};
use crate::config::tls;

pub(super) static TLS: Keys = Keys(&[
    key("defaults", Table(&DEFAULTS)),
    key("internal_rpc", Table(&INTERNAL_RPC)),
    key("https", Table(&HTTPS)),
    key("grpc", Table(&GRPC)),
]);

const AUTO_CERT_IS_GRPC: &str =
    "cannot stand here: use_auto_cert is only valid in the tls.grpc stanza. Move it there, or remove it";
const HOSTNAME_IS_RPC: &str = "cannot stand here: verify_server_hostname is only valid in the tls.defaults and \
                               tls.internal_rpc stanzas. Move it to tls.internal_rpc, or remove it";
const NO_OUTGOING_GRPC: &str = "cannot stand here: verify_outgoing is not valid in the tls.grpc stanza, as a server \
                                dials nobody on that port. Remove it";

/// The row of a key that every listener has.
macro_rules! row {
    ($listener:ident, ca_file) => {
        key("ca_file", Text).sets(
            |to, value| tls::file(to, value, |from| &mut from.file.$listener.ca_file),
            "file of CA certificates (PEM); who presents a certificate of one of them is known",
        )
    };
    ($listener:ident, ca_path) => {
        key("ca_path", Text).sets(
            |to, value| tls::file(to, value, |from| &mut from.file.$listener.ca_path),
            "directory of such files; not read where there is a `ca_file`",
        )
    };
    ($listener:ident, cert_file) => {
        key("cert_file", Text).sets(
            |to, value| tls::file(to, value, |from| &mut from.file.$listener.cert_file),
            "file of this server's certificate and those between it and the CA (PEM)",
        )
    };
    ($listener:ident, key_file) => {
        key("key_file", Text).sets(
            |to, value| tls::file(to, value, |from| &mut from.file.$listener.key_file),
            "file of the certificate's key (PEM)",
        )
    };
    ($listener:ident, tls_min_version) => {
        key("tls_min_version", Text).sets(
            |to, value| tls::min_version(to, value, |from| &mut from.file.$listener.tls_min_version),
            "oldest TLS that is spoken: `TLSv1_2` or `TLSv1_3`",
        )
    };
    ($listener:ident, tls_cipher_suites) => {
        key("tls_cipher_suites", Text).sets(
            |to, value| tls::cipher_suites(to, value, |from| &mut from.file.$listener.tls_cipher_suites),
            "cipher suites of TLS 1.2 by Go's or rustls's names, with commas between them; none: all that there are",
        )
    };
    ($listener:ident, verify_incoming, $meaning:literal) => {
        key("verify_incoming", Bool)
            .default("false")
            .sets(|to, value| tls::switch(to, value, |from| &mut from.file.$listener.verify_incoming), $meaning)
    };
    ($listener:ident, verify_outgoing, $meaning:literal) => {
        key("verify_outgoing", Bool)
            .default("false")
            .sets(|to, value| tls::switch(to, value, |from| &mut from.file.$listener.verify_outgoing), $meaning)
    };
    ($listener:ident, verify_server_hostname, $meaning:literal) => {
        key("verify_server_hostname", Bool)
            .default("false")
            .sets(|to, value| tls::switch(to, value, |from| &mut from.file.$listener.verify_server_hostname), $meaning)
    };
}

/// For every listener that does not say otherwise.
static DEFAULTS: Keys = Keys(&[
    row!(defaults, ca_file),
    row!(defaults, ca_path),
    row!(defaults, cert_file),
    row!(defaults, key_file),
    MIN_VERSION_OF_ALL,
    row!(defaults, tls_cipher_suites),
    row!(defaults, verify_incoming, "clients must come in TLS, with a certificate of a known CA"),
    row!(defaults, verify_outgoing, "what the server dials is dialled in TLS, and its certificate is checked"),
    row!(
        defaults,
        verify_server_hostname,
        "what the server dials must have the name of a server; also turns on `verify_outgoing`"
    ),
    key("use_auto_cert", Bool).refused(AUTO_CERT_IS_GRPC),
]);

const MIN_VERSION_OF_ALL: Key = row!(defaults, tls_min_version).default("TLSv1_2");

/// The server port, and what the server dials.
static INTERNAL_RPC: Keys = Keys(&[
    row!(internal_rpc, ca_file),
    row!(internal_rpc, ca_path),
    row!(internal_rpc, cert_file),
    row!(internal_rpc, key_file),
    row!(internal_rpc, tls_min_version),
    row!(internal_rpc, tls_cipher_suites),
    row!(
        internal_rpc,
        verify_incoming,
        "clients of the server port must come in TLS, with a certificate of a known CA; what is plain is refused"
    ),
    row!(internal_rpc, verify_outgoing, "other servers are dialled in TLS, and their certificates are checked"),
    row!(
        internal_rpc,
        verify_server_hostname,
        "other servers must have the name `server.<datacenter>.<domain>`; with `verify_incoming`, so must who speaks raft \
         to this one; also turns on `verify_outgoing`"
    ),
    key("use_auto_cert", Bool).refused(AUTO_CERT_IS_GRPC),
]);

/// The external gRPC port, which is not served yet: its files are read and checked.
static GRPC: Keys = Keys(&[
    row!(grpc, ca_file),
    row!(grpc, ca_path),
    row!(grpc, cert_file),
    row!(grpc, key_file),
    row!(grpc, tls_min_version),
    row!(grpc, tls_cipher_suites),
    row!(grpc, verify_incoming, "clients of the gRPC port must come with a certificate of a known CA"),
    key("verify_outgoing", Bool).refused(NO_OUTGOING_GRPC),
    key("verify_server_hostname", Bool).refused(HOSTNAME_IS_RPC),
    key("use_auto_cert", Bool).default("false").sets(
        |to, value| tls::switch(to, value, |from| &mut from.file.grpc.use_auto_cert),
        "the gRPC port uses the automatic certificate where it has none of its own",
    ),
]);

/// There is no HTTP API here, so none of this is read.
static HTTPS: Keys = Keys(&[
    key("ca_file", Text),
    key("ca_path", Text),
    key("cert_file", Text),
    key("key_file", Text),
    key("tls_min_version", Text).default("TLSv1_2"),
    key("tls_cipher_suites", Text),
    key("verify_incoming", Bool),
    key("verify_outgoing", Bool),
    key("verify_server_hostname", Bool).refused(HOSTNAME_IS_RPC),
    key("use_auto_cert", Bool).refused(AUTO_CERT_IS_GRPC),
]);
