//! What the filter expressions of queries may select.
//!
//! Names and kinds are what Consul's expressions see of its Go structures: the Go field names, without the raft indexes,
//! localities, opaque settings, and what only agents use. A nil list or map is an empty one to an expression.
use std::{collections::BTreeMap, sync::LazyLock};

use proconsul_bexpr::{Elements, Field, Filter, Kind, Mapping, Selectable, Structure, Value};
use proconsul_msgpack::GoStr;
use proconsul_netrpc::Fault;
use proconsul_structs::{
    List, Map, Shared,
    check::HealthCheck,
    health::CheckServiceNode,
    internal::NodeInfo,
    node::Node,
    proxy::{
        AccessLogsConfig, ConnectProxyConfig, EnvoyExtension, ExposeConfig, ExposePath, LogSink, MeshGatewayConfig,
        MeshGatewayMode, ProxyMode, TransparentProxyConfig, Upstream,
    },
    service::{NodeService, ServiceAddress, ServiceConnect, ServiceKind, ServiceNode, Weights},
};
use proconsul_types::WireText;

/// The schema: names as in Consul's Go structures.
pub(crate) enum Consul {}

/// What stands for a text that is not UTF-8. Expressions take texts; this one equals none that a client can mean.
const NOT_TEXT: &str = "\u{fffd}";

/// The filter that a query brings along, over rows of `T`.
pub(crate) struct RowFilter<T>(Option<Filter<T, Consul>>);

impl<T: Selectable<Consul>> RowFilter<T> {
    /// Makes it of a query's `Filter`; an empty one keeps everything.
    ///
    /// # Errors
    /// In Consul's words: what is wrong with the expression, or which selector, operator or value.
    pub(crate) fn new(expression: &GoStr) -> Result<Self, Fault> {
        Filter::for_query(expression.as_bytes())
            .map(Self)
            .map_err(|error| WireText::bad_filter(&error.to_string()).into())
    }

    /// The items whose rows match. A list stays what it is without an expression, and is never nil with one, as Consul has it.
    ///
    /// # Errors
    /// A row cannot be asked: a value is missing where the expression leads through.
    pub(crate) fn keep<I>(&self, items: List<I>, row: impl Fn(&I) -> &T) -> Result<List<I>, Fault> {
        if self.0.is_none() {
            return Ok(items);
        }
        let mut kept = Vec::new();
        for item in items.into_iter().flatten() {
            if self.matches(row(&item))? {
                kept.push(item);
            }
        }
        Ok(Some(kept))
    }

    /// Whether a row matches.
    ///
    /// # Errors
    /// The row cannot be asked.
    pub(crate) fn matches(&self, row: &T) -> Result<bool, Fault> {
        let Some(filter) = &self.0 else { return Ok(true) };
        filter.matches(row).map_err(|error| Fault::answer(error.to_string()))
    }
}

/// A field of a row, nil where Go has nil.
trait Part {
    const KIND: Kind;
    fn part(&self) -> Value<'_, Consul>;
}

/// Go's nil list and nil map.
struct Nil;

impl Elements<Consul> for Nil {
    fn count(&self) -> usize {
        0
    }
    fn element(&self, _: usize) -> Value<'_, Consul> {
        Value::Absent
    }
}

impl Mapping<Consul> for Nil {
    fn is_empty(&self) -> bool {
        true
    }
    fn has(&self, _: &str) -> bool {
        false
    }
    fn entry(&self, _: &str) -> Value<'_, Consul> {
        Value::Absent
    }
}

impl<T: Selectable<Consul>> Part for List<T> {
    const KIND: Kind = Kind::List(&T::KIND);
    fn part(&self) -> Value<'_, Consul> {
        self.as_ref().map_or(Value::List(&Nil), |list| Value::List(list))
    }
}

impl<T: Selectable<Consul>> Part for Map<T> {
    const KIND: Kind = Kind::Map(&T::KIND);
    fn part(&self) -> Value<'_, Consul> {
        self.as_ref().map_or(Value::Map(&Nil), |map| Value::Map(map))
    }
}

impl<T: Selectable<Consul>> Mapping<Consul> for BTreeMap<GoStr, T> {
    fn is_empty(&self) -> bool {
        self.is_empty()
    }
    fn has(&self, key: &str) -> bool {
        self.contains_key(key.as_bytes())
    }
    fn entry(&self, key: &str) -> Value<'_, Consul> {
        self.get(key.as_bytes()).map_or(Value::Absent, T::value)
    }
}

impl Selectable<Consul> for GoStr {
    const KIND: Kind = Kind::Str;
    fn value(&self) -> Value<'_, Consul> {
        Value::Str(self.to_str().unwrap_or(NOT_TEXT))
    }
}

/// What the store shares counts as what it is.
impl<T: Selectable<Consul>> Selectable<Consul> for Shared<T> {
    const KIND: Kind = T::KIND;
    fn value(&self) -> Value<'_, Consul> {
        T::value(self)
    }
}

/// Go's pointers to structs; nil is nothing.
macro_rules! pointers {
    ($($to:ty),* $(,)?) => {$(
        impl Part for Option<$to> {
            const KIND: Kind = <$to as Selectable<Consul>>::KIND;
            fn part(&self) -> Value<'_, Consul> {
                self.as_ref().map_or(Value::Absent, Selectable::value)
            }
        }
    )*};
}

pointers!(Shared<Node>, Shared<NodeService>, Weights);

/// Words of a closed set, as the text that they are on the wire.
macro_rules! words {
    ($($set:ty),* $(,)?) => {$(
        impl Selectable<Consul> for $set {
            const KIND: Kind = Kind::Str;
            fn value(&self) -> Value<'_, Consul> {
                static WORDS: LazyLock<Vec<String>> =
                    LazyLock::new(|| <$set>::KNOWN.iter().map(<$set>::to_string).collect());
                match self {
                    Self::Unknown(word) => word.value(),
                    known => {
                        let place = Self::KNOWN.iter().position(|word| word == known);
                        Value::Str(place.and_then(|place| WORDS.get(place)).map_or(NOT_TEXT, |word| word))
                    }
                }
            }
        }
    )*};
}

words!(ServiceKind, ProxyMode, MeshGatewayMode, LogSink);

/// Fields that are what they are, never nil.
macro_rules! direct {
    ($($type:ty),* $(,)?) => {$(
        impl Part for $type {
            const KIND: Kind = <Self as Selectable<Consul>>::KIND;
            fn part(&self) -> Value<'_, Consul> {
                self.value()
            }
        }
    )*};
}

/// The selectable fields of a struct, by name.
macro_rules! fields {
    ($type:ty { $($name:literal => $field:ident),* $(,)? }) => {
        impl Selectable<Consul> for $type {
            const KIND: Kind = Kind::Struct({
                &[$(Field { name: $name, kind: kind_of(|item: &$type| &item.$field) }),*]
            });
            fn value(&self) -> Value<'_, Consul> {
                Value::Struct(self)
            }
        }

        impl Structure<Consul> for $type {
            fn field(&self, index: usize) -> Value<'_, Consul> {
                let fields: &[for<'a> fn(&'a $type) -> Value<'a, Consul>] = &[$(|item| item.$field.part()),*];
                fields.get(index).map_or(Value::Absent, |field| field(self))
            }
        }

        direct!($type);
    };
}

/// The kind of the field that `get` returns, whose type the macro cannot name.
const fn kind_of<T, F: Part>(_get: for<'a> fn(&'a T) -> &'a F) -> Kind {
    F::KIND
}

direct!(GoStr, ServiceKind, ProxyMode, MeshGatewayMode, LogSink, i64, bool);

fields! { Node {
    "ID" => id,
    "Node" => node,
    "Address" => address,
    "Datacenter" => datacenter,
    "Partition" => partition,
    "PeerName" => peer_name,
    "TaggedAddresses" => tagged_addresses,
    "Meta" => meta,
} }

fields! { ServiceNode {
    "ID" => id,
    "Node" => node,
    "Address" => address,
    "Datacenter" => datacenter,
    "TaggedAddresses" => tagged_addresses,
    "NodeMeta" => node_meta,
    "ServiceKind" => service_kind,
    "ServiceID" => service_id,
    "ServiceName" => service_name,
    "ServiceTags" => service_tags,
    "ServiceAddress" => service_address,
    "ServiceTaggedAddresses" => service_tagged_addresses,
    "ServiceWeights" => service_weights,
    "ServiceMeta" => service_meta,
    "ServicePort" => service_port,
    "ServiceSocketPath" => service_socket_path,
    "ServiceEnableTagOverride" => service_enable_tag_override,
    "ServiceProxy" => service_proxy,
    "ServiceConnect" => service_connect,
    "PeerName" => peer_name,
} }

fields! { NodeService {
    "Kind" => kind,
    "ID" => id,
    "Service" => service,
    "Tags" => tags,
    "Address" => address,
    "TaggedAddresses" => tagged_addresses,
    "Meta" => meta,
    "Port" => port,
    "SocketPath" => socket_path,
    "Weights" => weights,
    "EnableTagOverride" => enable_tag_override,
    "Proxy" => proxy,
    "Connect" => connect,
    "PeerName" => peer_name,
} }

fields! { HealthCheck {
    "Node" => node,
    "CheckID" => check_id,
    "Name" => name,
    "Status" => status,
    "Notes" => notes,
    "Output" => output,
    "ServiceID" => service_id,
    "ServiceName" => service_name,
    "ServiceTags" => service_tags,
    "Type" => check_type,
    "Interval" => interval,
    "Timeout" => timeout,
    "ExposedPort" => exposed_port,
    "PeerName" => peer_name,
} }

fields! { CheckServiceNode {
    "Node" => node,
    "Service" => service,
    "Checks" => checks,
} }

fields! { NodeInfo {
    "ID" => id,
    "Node" => node,
    "Partition" => partition,
    "PeerName" => peer_name,
    "Address" => address,
    "TaggedAddresses" => tagged_addresses,
    "Meta" => meta,
    "Services" => services,
    "Checks" => checks,
} }

fields! { ServiceAddress { "Address" => address, "Port" => port } }
fields! { Weights { "Passing" => passing, "Warning" => warning } }
fields! { ServiceConnect { "Native" => native } }

fields! { ConnectProxyConfig {
    "EnvoyExtensions" => envoy_extensions,
    "DestinationServiceName" => destination_service_name,
    "DestinationServiceID" => destination_service_id,
    "LocalServiceAddress" => local_service_address,
    "LocalServicePort" => local_service_port,
    "LocalServiceSocketPath" => local_service_socket_path,
    "Mode" => mode,
    "Upstreams" => upstreams,
    "MeshGateway" => mesh_gateway,
    "Expose" => expose,
    "TransparentProxy" => transparent_proxy,
    "AccessLogs" => access_logs,
} }

fields! { Upstream {
    "DestinationType" => destination_type,
    "DestinationNamespace" => destination_namespace,
    "DestinationPartition" => destination_partition,
    "DestinationPeer" => destination_peer,
    "DestinationName" => destination_name,
    "Datacenter" => datacenter,
    "LocalBindAddress" => local_bind_address,
    "LocalBindPort" => local_bind_port,
    "LocalBindSocketPath" => local_bind_socket_path,
    "LocalBindSocketMode" => local_bind_socket_mode,
    "MeshGateway" => mesh_gateway,
} }

fields! { MeshGatewayConfig { "Mode" => mode } }
fields! { ExposeConfig { "Checks" => checks, "Paths" => paths } }

fields! { ExposePath {
    "ListenerPort" => listener_port,
    "Path" => path,
    "LocalPathPort" => local_path_port,
    "Protocol" => protocol,
    "ParsedFromCheck" => parsed_from_check,
} }

fields! { TransparentProxyConfig {
    "OutboundListenerPort" => outbound_listener_port,
    "DialedDirectly" => dialed_directly,
} }

fields! { AccessLogsConfig {
    "Enabled" => enabled,
    "DisableListenerLogs" => disable_listener_logs,
    "Type" => sink,
    "Path" => path,
    "JSONFormat" => json_format,
    "TextFormat" => text_format,
} }

fields! { EnvoyExtension {
    "Name" => name,
    "Required" => required,
    "ConsulVersion" => consul_version,
    "EnvoyVersion" => envoy_version,
} }

#[cfg(test)]
mod tests;
