//! The table of error texts that are protocol.
//!
//! net/rpc carries an error as text, and Go peers decide by parts of that text: these strings are an interface, and none of
//! them comes from a `Display` that we may want to improve. Source: golden cases of the groups `netrpc`, `status`, `kv`,
//! `catalog`, `wan`, `cluster` and `rate-*`, and facts of Consul 1.21.4. Texts of the codec itself are the msgpack crate's own
//! table; they become a [`WireText`] by [`WireText::other`].

use std::{borrow::Cow, fmt};

use crate::Advice;

/// An error as it stands in the header of an answer: never empty, since an empty one means that there was none.
///
/// One made here is made by a row of [`WIRE_TEXTS`]; one that a peer sent is whatever it sent ([`WireText::from_peer`]).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct WireText(Cow<'static, str>);

/// A row of the table: a text with its gaps.
#[derive(Debug)]
pub struct Phrase {
    /// Name of the constant or function that makes it.
    pub name: &'static str,
    /// The text; `{...}` marks what is filled in.
    pub template: &'static str,
    /// What one who gets it may do.
    pub advice: Advice,
}

macro_rules! wire_texts {
    (
        fixed { $($(#[$fixed_doc:meta])* $fixed:ident = $fixed_text:literal => $fixed_advice:ident;)* }
        filled { $($(#[$doc:meta])* $name:ident($($gap:ident: $type:ty),+) = $template:literal => $advice:ident;)* }
    ) => {
        /// Every text that this program answers and that is the same for everyone who implements the protocol.
        pub const WIRE_TEXTS: &[Phrase] = &[
            $(Phrase { name: stringify!($fixed), template: $fixed_text, advice: Advice::$fixed_advice },)*
            $(Phrase { name: stringify!($name), template: $template, advice: Advice::$advice },)*
        ];

        impl WireText {
            $($(#[$fixed_doc])* pub const $fixed: WireText = WireText(Cow::Borrowed($fixed_text));)*
        }

        impl WireText {
            $($(#[$doc])* pub fn $name($($gap: $type),+) -> WireText { WireText(Cow::Owned(format!($template))) })*
        }
    };
}

wire_texts! {
    fixed {
        /// There is no leader just now. Peers ask again until their hold timeout.
        NO_LEADER = "No cluster leader" => TryLater;
        /// The leader is known to raft but not yet to gossip.
        LEADER_NOT_TRACKED = "Raft leader not found in server lookup mapping" => TryLater;
        /// The datacenter in the request is known to nobody here.
        NO_PATH_TO_DATACENTER = "No path to datacenter" => Report;
        /// The datacenter in the request is known, but none of its servers can be reached.
        DATACENTER_NOT_AVAILABLE = "Remote DC has no server currently reachable" => TryLater;
        /// No server is known at all.
        NO_SERVERS = "No known Consul servers" => TryLater;
        /// A new leader has not caught up yet, so that it cannot promise a consistent answer.
        NOT_READY_FOR_CONSISTENT_READS = "Not ready to serve consistent reads" => TryLater;
        /// The leader was lost while a large write went out in pieces; none of it counts.
        PLEASE_RECHUNK = "please resubmit call for rechunking" => TryLater;
        /// This server has had enough; another may have room.
        RATE_LIMITED = "rate limit exceeded, try again later or against a different server" => AskAnother;
        /// The leader has had enough, and nobody else may answer.
        RATE_LIMITED_AT_LEADER =
            "rate limit exceeded for operation that can only be performed by the leader, try again later" => TryLater;
        /// The limiter of a client agent has had enough.
        RPC_RATE_EXCEEDED = "RPC rate limit exceeded" => TryLater;
        /// The server leaves while the call waits.
        SHUTTING_DOWN = "shutdown waiting for leader" => AskAnother;
        /// The token does not give the right.
        PERMISSION_DENIED = "Permission denied" => Report;
        /// The token is unknown.
        ACL_NOT_FOUND = "ACL not found" => Report;
        /// The server has no access rules, and the call is about them.
        ACL_DISABLED = "ACL support disabled" => Report;
        /// The first token was made before.
        ACL_BOOTSTRAP_NOT_ALLOWED = "ACL bootstrap no longer allowed" => Report;
        /// The first token was made before, and whoever makes it anew does not know when.
        ACL_BOOTSTRAP_WRONG_INDEX = "Invalid ACL bootstrap reset index" => Report;

        /// A certificate was asked for by AutoEncrypt, and the server gives none.
        AUTO_ENCRYPT_NOT_ENABLED = "AutoEncrypt.AllowTLS must be enabled in order to use this endpoint" => Report;
        /// A configuration was asked for by AutoConfig, and the server gives none.
        AUTO_CONFIG_DISABLED = "Auto Config is disabled" => Report;

        /// A KV write without a key where one is needed.
        MUST_PROVIDE_KEY = "Must provide key" => Report;
        /// A request about a node that does not name it.
        MUST_PROVIDE_NODE = "Must provide node" => Report;
        /// A node without an address in a registration that is to change the node.
        MUST_PROVIDE_ADDRESS = "Must provide address if SkipNodeUpdate is not set" => Report;
        /// A query for a service's instances that does not name it.
        MUST_PROVIDE_SERVICE_NAME = "Must provide service name" => Report;
        /// A question about a gateway, or the gateways of a service, that names none.
        MUST_PROVIDE_GATEWAY_NAME = "Must provide gateway name" => Report;
        /// A service to register that has neither name nor id.
        MUST_PROVIDE_SERVICE_SERVICE = "Must provide service name (Service.Service)" => Report;
        /// A service to register that has an id but no name.
        MUST_PROVIDE_SERVICE_FOR_ID =
            "Must provide service name (Service.Service) when service ID is provided" => Report;
        /// A service's address is a wildcard (`0.0.0.0`, `::`).
        INVALID_SERVICE_ADDRESS = "Invalid service address" => Report;
        /// A registration on behalf of a peered cluster, which only peering itself may make.
        PEER_NAME_IN_REGISTRATION = "cannot register requests with PeerName in them" => Report;
        /// The checks of a service were asked for by tag.
        NO_TAG_FILTER = "Tag filtering is not supported" => Report;
        /// Instances were asked for in a group of clusters, which only Consul Enterprise has.
        NO_SAMENESS_GROUPS = "sameness groups are not supported in consul CE" => Report;
        /// A registration in the log whose parts are of several peered clusters.
        SEVERAL_PEERS_IN_REGISTRATION =
            "Cannot register services and checks for multiple peer names in one registration request" => Report;
        /// A list of service names was asked for a peered cluster.
        PEERED_SERVICE_NAMES = "listing service names imported from a peer is not supported" => Report;
        /// A lock or unlock that names no session.
        MISSING_SESSION = "missing session" => Report;

        /// A step of a transaction that does nothing.
        UNKNOWN_OPERATION_TYPE = "unknown operation type" => Report;
        /// A change of an intention in its older form.
        LEGACY_INTENTIONS_ARE_DISABLED =
            "Legacy intention modifications are disabled after the config entry migration." => Report;
        /// Keys of one server's pools alone were to be changed.
        LOCAL_ONLY_IS_FOR_LISTS = "argument error: LocalOnly can only be used for List operations" => Report;
        /// A coordinate that is none, or not a number somewhere.
        INVALID_COORDINATE = "invalid coordinate" => Report;
        /// A coordinate of another number of dimensions.
        INCOMPATIBLE_COORDINATE = "incompatible coordinate" => Report;

        /// A resource that is not stored, or is another by that name.
        RESOURCE_NOT_FOUND = "resource not found" => Report;
        /// A resource was changed since the version that its writer goes by.
        RESOURCE_CAS_FAILURE =
            "CAS operation failed because the given version doesn't match what is stored" => Report;
        /// A resource has another unique id than the one written.
        RESOURCE_WRONG_UID = "write failed because the given uid doesn't match what is stored" => Report;

        /// A session to make that names no node.
        MUST_PROVIDE_SESSION_NODE = "Must provide Node" => Report;
        /// A session to end that is not named.
        MUST_PROVIDE_SESSION_ID = "Must provide ID" => Report;
        /// A log entry that makes a session without an id.
        MISSING_SESSION_ID = "Missing session ID" => Report;
        /// A session, a service or a check of a node that does not exist.
        MISSING_NODE_REGISTRATION = "Missing node registration" => Report;
        /// A session that names a check without an id.
        SESSION_CHECK_WITHOUT_ID =
            "failed check lookup: index error: object is missing a value for this index" => Report;
        /// A question for the sessions of a node that is not named.
        SESSIONS_OF_NO_NODE =
            "failed session lookup: index error: object is missing a value for this index" => Report;

        /// A locality has a zone but no region.
        ZONE_WITHOUT_REGION = "zone cannot be set without region" => Report;
        /// A proxy that does not say what it stands for.
        PROXY_WITHOUT_DESTINATION =
            "Proxy.DestinationServiceName must be non-empty for Connect proxy services" => Report;
        /// A proxy that stands for everything.
        PROXY_FOR_WILDCARD =
            "Proxy.DestinationServiceName must not be a wildcard for Connect proxy services" => Report;
        /// A proxy that also speaks the mesh's protocol itself.
        PROXY_IS_NATIVE = "A Proxy cannot also be Connect Native, only typical services" => Report;
        /// A mesh-native service that listens nowhere.
        NATIVE_WITHOUT_PORT = "Port or SocketPath must be set for a Connect native service." => Report;
        /// A nested proxy that brings its own id.
        SIDECAR_WITH_ID = "A SidecarService cannot specify an ID as this is managed by the agent" => Report;
        /// A nested proxy with a nested proxy.
        SIDECAR_IN_SIDECAR = "A SidecarService cannot have a nested SidecarService" => Report;
        /// An exposed path that is empty.
        EXPOSE_EMPTY_PATH = "expose.paths: empty path exposed" => Report;
        /// Two exposed paths on one port.
        EXPOSE_DUPLICATE_PORT = "expose.paths: duplicate listener ports exposed" => Report;
        /// An upstream that names nothing.
        UPSTREAM_WITHOUT_NAME = "upstream destination name cannot be empty" => Report;
        /// An upstream that names everything.
        UPSTREAM_WILDCARD = "upstream destination name cannot be a wildcard" => Report;
        /// An upstream that listens nowhere.
        UPSTREAM_WITHOUT_PORT = "upstream local bind port or local socket path must be defined and nonzero" => Report;
        /// An upstream that listens in two ways.
        UPSTREAM_PORT_AND_SOCKET =
            "only one of upstream local bind port or local socket path can be defined and nonzero" => Report;
        /// An upstream in another datacenter and in a partition that has none there.
        UPSTREAM_DATACENTER_AND_PARTITION =
            "upstreams cannot target another datacenter in non default partition" => Report;
        /// An upstream in a peered cluster and in a partition that is not the service's own.
        UPSTREAM_PEER_AND_PARTITION =
            "upstreams must target peers in the same partition as the service" => Report;
        /// An upstream both in a peered cluster and in another datacenter.
        UPSTREAM_PEER_AND_DATACENTER =
            "upstream cannot specify both destination peer and datacenter" => Report;
    }
    filled {
        /// No service of the name's first part, or a name that no service has. The connection closes after it.
        unknown_service(name: &str) = "rpc: can't find service {name}" => Report;
        /// The service is there, the method is not. The connection closes after it.
        unknown_method(name: &str) = "rpc: can't find method {name}" => Report;
        /// A method's name without a dot. The connection closes after it.
        ill_formed_method(name: &str) = "rpc: service/method request ill-formed: {name}" => Report;
        /// What another server answered to a call that this one passed on.
        error_making_call(answered: &WireText) = "rpc error making call: {answered}" => Report;
        /// The state machine refused a write. Some methods say it like this, others pass the bare cause.
        raft_apply_failed(cause: &WireText) = "raft apply failed: {cause}" => Report;

        /// A configuration was asked for by AutoConfig in another datacenter than the server's own.
        auto_config_elsewhere(datacenter: GoQuoted<'_>) =
            "invalid datacenter {datacenter} - agent auto configuration cannot target a remote datacenter" => Report;

        /// A KV verb that nobody knows.
        unknown_kv_operation(operation: &str) = "unknown KV operation: {operation}" => Report;
        /// A KV verb that only transactions know.
        invalid_kvs_operation(operation: &str) = "Invalid KVS operation '{operation}'" => Report;
        /// A session that does not exist. The session is quoted as Go quotes a string.
        invalid_session(session: GoQuoted<'_>) = "invalid session {session}" => Report;

        /// A step of a transaction: the key's modify index is another by now. `verb` is `set` or `delete`, here and below.
        txn_stale_key(verb: &str, key: GoQuoted<'_>) = "failed to {verb} key {key}, index is stale" => Report;
        /// A step locks a key that somebody else has locked.
        txn_lock_held(key: GoQuoted<'_>) = "failed to lock key {key}, lock is already held" => Report;
        /// A step unlocks a key that its session has not locked.
        txn_lock_not_held(key: GoQuoted<'_>) =
            "failed to unlock key {key}, lock isn't held, or is held by another session" => Report;
        /// A step locks a key that nobody may lock for a while.
        txn_lock_delay(key: GoQuoted<'_>) = "failed to lock key {key} due to lock delay" => Report;
        /// A step reads a key that does not exist.
        txn_key_missing(key: GoQuoted<'_>) = "key {key} doesn't exist" => Report;
        /// A step demands that a key does not exist, and it does.
        txn_key_exists(key: GoQuoted<'_>) = "key {key} exists" => Report;
        /// A step demands something of a key that does not exist. `what` is `session` or `index`.
        txn_no_key_to_check(what: &str, key: GoQuoted<'_>) = "failed to check {what}, key {key} doesn't exist" => Report;
        /// A step demands that a session holds a key, and another does.
        txn_other_session(key: GoQuoted<'_>, held: GoQuoted<'_>, asked: GoQuoted<'_>) =
            "failed session check for key {key}, current session {held} != {asked}" => Report;
        /// A step demands a modify index of a key, and it is another.
        txn_other_index(key: GoQuoted<'_>, held: u64, asked: u64) =
            "failed index check for key {key}, current modify index {held} != {asked}" => Report;
        /// A step reads a node that does not exist.
        txn_node_missing(node: GoQuoted<'_>) = "node {node} doesn't exist" => Report;
        /// A step changes a node whose modify index is another by now.
        txn_stale_node(verb: &str, node: GoQuoted<'_>) = "failed to {verb} node {node}, index is stale" => Report;
        /// A step reads a service that the node does not have.
        txn_service_missing(service: GoQuoted<'_>, node: GoQuoted<'_>) =
            "service {service} on node {node} doesn't exist" => Report;
        /// A step changes a service whose modify index is another by now.
        txn_stale_service(verb: &str, service: GoQuoted<'_>, node: GoQuoted<'_>) =
            "failed to {verb} service {service} on node {node}, index is stale" => Report;
        /// A step reads a check that the node does not have.
        txn_check_missing(check: GoQuoted<'_>, node: GoQuoted<'_>) =
            "check {check} on node {node} doesn't exist" => Report;
        /// A step changes a check whose modify index is another by now.
        txn_stale_check(verb: &str, check: GoQuoted<'_>, node: GoQuoted<'_>) =
            "failed to {verb} check {check} on node {node}, index is stale" => Report;
        /// A step ends a session that does not exist, or cannot.
        txn_failed_deleting_session(cause: &str) =
            "failed to delete session: failed deleting session: {cause}" => Report;
        /// A step with a verb that its kind does not have, found before the log. `kind` is `node`, `service` and so on.
        txn_unknown_operation(kind: &str, verb: &str) = "unknown {kind} operation: {verb}" => Report;
        /// The same, found by the state machine.
        txn_unknown_verb(kind: &str, verb: GoQuoted<'_>) = "unknown {kind} verb {verb}" => Report;
        /// A step changes intentions in a way that transactions never could.
        txn_intention_not_supported(verb: GoQuoted<'_>) = "Intention op not supported {verb}" => Report;
        /// A key cannot be stored, since the transaction only reads.
        txn_failed_inserting_key(cause: &str) = "failed inserting kvs entry: {cause}" => Report;
        /// A key cannot be deleted, since the transaction only reads.
        txn_failed_burying(cause: &str) = "failed adding to graveyard: failed inserting tombstone: {cause}" => Report;
        /// Keys cannot be deleted, since the transaction only reads.
        txn_failed_deleting_tree(cause: &str) = "failed recursive deleting kvs entry: {cause}" => Report;
        /// A check cannot be stored, since the transaction only reads.
        txn_failed_inserting_check(cause: &str) = "failed inserting check: {cause}" => Report;
        /// Something cannot be removed, since the transaction only reads. `what` is `deleting node` and so on.
        txn_failed_deleting(what: &str, cause: &str) = "failed {what}: {cause}" => Report;
        /// A transaction of more steps than are taken. The text is ours.
        txn_too_many_operations(most: usize) = "transaction has more than {most} operations" => Report;
        /// A transaction whose steps give more than is told at once. The text is ours.
        txn_too_many_results(most: usize) = "transaction gives more than {most} results" => Report;
        /// A transaction whose steps give more than is told at once. The text is ours.
        txn_results_too_large(most: usize) = "results of the transaction have more than {most} bytes" => Report;

        /// A question about a peered cluster, of a method that has no answer to it.
        peer_not_supported(peer: GoQuoted<'_>) = "this endpoint does not support specifying a peer: {peer}" => Report;
        /// An event that is too large for gossip.
        event_too_large(most: usize) =
            "user event exceeds configured limit of {most} bytes before encoding" => Report;

        /// The state machine refused a session.
        apply_failed(cause: &WireText) = "apply failed: {cause}" => Report;
        /// A virtual address to be given by hand that is none, or of version 6; empty reads as `<nil>`.
        no_ipv4_address(address: GoQuoted<'_>) = "{address} is not a valid IPv4 address" => Report;
        /// More virtual addresses for one service than it may be given by hand.
        too_many_manual_virtual_ips(most: usize) = "cannot associate more than {most} manual virtual IPs with the same service" => Report;
        /// Neither a session's making nor its end.
        invalid_session_operation(operation: GoQuoted<'_>) = "Invalid session operation {operation}" => Report;
        /// The same as the state machine says it.
        invalid_session_entry(operation: &str) = "Invalid Session operation '{operation}'" => Report;
        /// What is to become of a session's keys is neither of the two.
        invalid_behavior(behavior: &str) = "Invalid Behavior setting '{behavior}'" => Report;
        /// The same as the state machine says it.
        invalid_behavior_entry(behavior: &str) = "Invalid session behavior: {behavior}" => Report;
        /// A session's time to live is no duration; `cause` is Go's own text.
        session_ttl_unreadable(ttl: &str, cause: &str) = "Session TTL '{ttl}' invalid: {cause}" => Report;
        /// The same of a session that is renewed: it came from elsewhere.
        session_ttl_unreadable_in_store(ttl: &str, cause: &str) = "Invalid Session TTL '{ttl}': {cause}" => Report;
        /// A session's time to live, in nanoseconds, is out of bounds, which are in Go's notation.
        session_ttl_out_of_bounds(nanos: i64, min: &str, max: &str) =
            "Invalid Session TTL '{nanos}', must be between [{min}={max}]" => Report;
        /// A session names a check that its node does not have.
        missing_check_registration(check: &str) = "Missing check '{check}' registration" => Report;
        /// A session names a check that is critical already.
        check_in_state(check: &str, state: &str) = "Check '{check}' is in {state} state" => Report;

        /// A node's id that is not a UUID; `cause` says how.
        bad_node_id(cause: &str) = "Bad node ID: {cause}" => Report;
        /// A service's name that DNS could not carry.
        invalid_service_name(name: &str) =
            "Service name {name} contains invalid characters. Valid characters include all alpha-numerics and dashes."
            => Report;
        /// A check that belongs to another node than the registration.
        check_of_other_node(check_node: &str, check: &str, node: &str) =
            "Node '{check_node}' for check '{check}' doesn't match register request node '{node}'" => Report;
        /// A check of a service that the node does not have.
        unknown_service_of_check(service: &str, check: &str) =
            "Unknown service ID '{service}' for check ID '{check}'" => Report;
        /// A service to remove that the node does not have.
        unknown_service_id(service: &str) = "Unknown service ID '{service}'" => Report;
        /// A check to remove that the node does not have.
        unknown_check_id(check: &str) = "Unknown check ID '{check}'" => Report;
        /// The state machine refuses a check for a node that does not exist or is another; `node` as the state names it.
        failed_inserting_check(node: &str, cause: &str) =
            "failed inserting check on node \"{node}\": {cause}" => Report;
        /// The state machine refuses a node.
        failed_inserting_node(cause: &str) = "failed inserting node: {cause}" => Report;
        /// The state machine refuses a service.
        failed_inserting_service(cause: &str) = "failed inserting service: {cause}" => Report;
        /// A filter expression that does not parse; `cause` is the parser's own text, position first.
        bad_filter(cause: &str) = "Failed to create boolean expression evaluator: {cause}" => Report;

        /// A proxy that listens nowhere.
        kind_without_listener(kind: &str) = "Port or SocketPath must be set for a {kind}" => Report;
        /// A gateway without a port.
        kind_without_port(kind: &str) = "Port must be non-zero for a {kind}" => Report;
        /// A gateway with a nested proxy.
        kind_with_sidecar(kind: &str) = "A {kind} cannot have a sidecar service defined" => Report;
        /// A gateway with a setting that only proxies have; `setting` is `Proxy.DestinationServiceName` or such.
        kind_with_setting(setting: &str, kind: &str) = "The {setting} configuration is invalid for a {kind}" => Report;
        /// An exposed path on a port that is none.
        expose_bad_port(port: i64) = "expose.paths: invalid listener port: {port}" => Report;
        /// An upstream of a kind that nobody knows.
        unknown_upstream_type(kind: GoQuoted<'_>) = "unknown upstream destination type: {kind}" => Report;
        /// An exposed path with a protocol that cannot be exposed. Consul lists the allowed ones in random order.
        expose_bad_protocol(protocol: &str, path: &str) =
            "protocol '{protocol}' not supported for path: {path}, must be in: [http http2]" => Report;
        /// A directory for a proxy's metrics socket that is longer than a socket's path may be.
        metrics_socket_dir_too_long(length: usize, max: usize) =
            "Proxy.Config: envoy_hcp_metrics_bind_socket_dir length {length} exceeds max {max}" => Report;
        /// Two upstreams for one destination.
        duplicate_upstream(upstream: &str) = "upstreams cannot contain duplicates of {upstream}" => Report;
        /// Two upstreams on one address.
        duplicate_upstream_address(address: GoQuoted<'_>) =
            "upstreams cannot contain duplicates by local bind address and port or unix path; {address} is specified twice"
            => Report;
    }
}

impl WireText {
    /// Takes what a peer answered. An empty text is no error and gives `None`.
    pub fn from_peer(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        (!text.is_empty()).then_some(Self(Cow::Owned(text)))
    }

    /// A text that is no row of the table: one whose wording is some library's, and that nobody matches on. An empty one
    /// is named, since an empty error would be none.
    pub fn other(text: impl Into<Cow<'static, str>>) -> Self {
        let text = text.into();
        Self(if text.is_empty() { Cow::Borrowed("unknown error") } else { text })
    }

    /// Several faults in one answer, laid out as Go's `multierror` does it. Even a lone one gets the frame.
    pub fn several(faults: &[WireText]) -> Self {
        let count = match faults.len() {
            1 => "1 error".to_owned(),
            n => format!("{n} errors"),
        };
        let lines: Vec<String> = faults.iter().map(|fault| format!("* {fault}")).collect();
        Self(Cow::Owned(format!("{count} occurred:\n\t{}\n\n", lines.join("\n\t"))))
    }

    /// The text as it goes on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What one who gets this text may do. As Go peers do, it looks for the known text anywhere in it, because every
    /// server that passed the answer on put words in front.
    pub fn advice(&self) -> Advice {
        let known = WIRE_TEXTS.iter().find(|row| row.advice.may_retry() && self.0.contains(row.template));
        known.map_or(Advice::Report, |row| row.advice)
    }
}

impl fmt::Display for WireText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for WireText {}

impl From<WireText> for String {
    fn from(text: WireText) -> Self {
        text.0.into_owned()
    }
}

/// A text in double quotes with the escapes of Go's `%q`, for the few texts that quote what a client sent.
#[derive(Clone, Copy, Debug)]
pub struct GoQuoted<'a>(pub &'a str);

impl fmt::Display for GoQuoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        self.0.chars().try_for_each(|c| write_in_quotes(f, c, '"'))?;
        f.write_str("\"")
    }
}

/// One character between single quotes, as Go's `%q` shows a number that is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GoQuotedChar(pub char);

impl fmt::Display for GoQuotedChar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("'")?;
        write_in_quotes(f, self.0, '\'')?;
        f.write_str("'")
    }
}

fn write_in_quotes(f: &mut fmt::Formatter<'_>, c: char, quote: char) -> fmt::Result {
    match c {
        '\\' => f.write_str("\\\\"),
        c if c == quote => write!(f, "\\{c}"),
        '\u{7}' => f.write_str("\\a"),
        '\u{8}' => f.write_str("\\b"),
        '\u{c}' => f.write_str("\\f"),
        '\n' => f.write_str("\\n"),
        '\r' => f.write_str("\\r"),
        '\t' => f.write_str("\\t"),
        '\u{b}' => f.write_str("\\v"),
        c if u32::from(c) < 0x20 || c == '\u{7f}' => write!(f, "\\x{:02x}", u32::from(c)),
        c if !c.is_control() => write!(f, "{c}"),
        c => write!(f, "\\u{:04x}", u32::from(c)),
    }
}

#[cfg(test)]
mod tests;
