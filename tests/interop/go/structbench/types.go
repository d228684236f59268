// Package structbench measures Consul's own codec on two large replies, beside the Rust bench of the same name and bytes
// (crates/structs/benches/codec). `cargo xtask bench --only structs` runs both.
package structbench

import "time"

// RaftIndex says when a record was made and last changed.
type RaftIndex struct {
	CreateIndex uint64
	ModifyIndex uint64
}

// QueryMeta comes back with every read.
type QueryMeta struct {
	Index                 uint64
	LastContact           time.Duration
	KnownLeader           bool
	ConsistencyLevel      string
	NotModified           bool
	Backend               int
	ResultsFilteredByACLs bool
}

// IndexedDirEntries answers KVS.List.
type IndexedDirEntries struct {
	Entries []*DirEntry
	QueryMeta
}

// DirEntry is one key and its value.
type DirEntry struct {
	LockIndex uint64
	Key       string
	Flags     uint64
	Value     []byte
	Session   string
	RaftIndex
}

// IndexedCheckServiceNodes answers Health.ServiceNodes.
type IndexedCheckServiceNodes struct {
	Nodes []CheckServiceNode
	QueryMeta
}

// CheckServiceNode is an instance with its node and the checks of both.
type CheckServiceNode struct {
	Node    *Node
	Service *NodeService
	Checks  []*HealthCheck
}

// Node is a node of the catalog.
type Node struct {
	ID              string
	Node            string
	Address         string
	Datacenter      string
	Partition       string
	PeerName        string
	TaggedAddresses map[string]string
	Meta            map[string]string
	Locality        *Locality
	RaftIndex
}

// Locality is where a node stands.
type Locality struct {
	Region string
	Zone   string
}

// NodeService is a service on a node.
type NodeService struct {
	Kind                       string
	ID                         string
	Service                    string
	Tags                       []string
	Address                    string
	TaggedAddresses            map[string]ServiceAddress
	Meta                       map[string]string
	Port                       int
	SocketPath                 string
	Weights                    *Weights
	EnableTagOverride          bool
	Locality                   *Locality
	Proxy                      ConnectProxyConfig
	Connect                    ServiceConnect
	LocallyRegisteredAsSidecar bool
	PeerName                   string
	RaftIndex
}

// ServiceAddress is a further address of a service.
type ServiceAddress struct {
	Address string
	Port    int
}

// Weights are an instance's share of requests.
type Weights struct {
	Passing int
	Warning int
}

// ServiceConnect ties a service to the mesh.
type ServiceConnect struct {
	Native         bool
	SidecarService *ServiceDefinition
	PeerMeta       *PeeringServiceMeta
}

// PeeringServiceMeta is how to reach a service of a peered cluster.
type PeeringServiceMeta struct {
	SNI      []string
	SpiffeID []string
	Protocol string
}

// ServiceDefinition is a service as an agent is told to register it.
type ServiceDefinition struct {
	Kind              string
	ID                string
	Name              string
	Tags              []string
	Address           string
	TaggedAddresses   map[string]ServiceAddress
	Meta              map[string]string
	Port              int
	SocketPath        string
	Check             CheckType
	Checks            []*CheckType
	Weights           *Weights
	Token             string
	EnableTagOverride bool
	Locality          *Locality
	Proxy             *ConnectProxyConfig
	Connect           *ServiceConnect
}

// CheckType is a check as an agent is told to run it.
type CheckType struct {
	CheckID                        string
	Name                           string
	Status                         string
	Notes                          string
	ScriptArgs                     []string
	HTTP                           string
	H2PING                         string
	H2PingUseTLS                   bool
	Header                         map[string][]string
	Method                         string
	Body                           string
	DisableRedirects               bool
	TCP                            string
	TCPUseTLS                      bool
	UDP                            string
	Interval                       time.Duration
	AliasNode                      string
	AliasService                   string
	DockerContainerID              string
	Shell                          string
	GRPC                           string
	GRPCUseTLS                     bool
	OSService                      string
	TLSServerName                  string
	TLSSkipVerify                  bool
	Timeout                        time.Duration
	TTL                            time.Duration
	SuccessBeforePassing           int
	FailuresBeforeWarning          int
	FailuresBeforeCritical         int
	ProxyHTTP                      string
	ProxyGRPC                      string
	DeregisterCriticalServiceAfter time.Duration
	OutputMaxSize                  int
}

// ConnectProxyConfig is what a proxy does.
type ConnectProxyConfig struct {
	EnvoyExtensions        []EnvoyExtension
	DestinationServiceName string
	DestinationServiceID   string
	LocalServiceAddress    string
	LocalServicePort       int
	LocalServiceSocketPath string
	Mode                   string
	Config                 map[string]any
	Upstreams              []Upstream
	MeshGateway            MeshGatewayConfig
	Expose                 ExposeConfig
	TransparentProxy       TransparentProxyConfig
	MutualTLSMode          string
	AccessLogs             AccessLogsConfig
}

// EnvoyExtension changes the generated Envoy configuration.
type EnvoyExtension struct {
	Name          string
	Required      bool
	Arguments     map[string]any
	ConsulVersion string
	EnvoyVersion  string
}

// Upstream is something that a proxy makes reachable.
type Upstream struct {
	DestinationType      string
	DestinationNamespace string
	DestinationPartition string
	DestinationPeer      string
	DestinationName      string
	Datacenter           string
	LocalBindAddress     string
	LocalBindPort        int
	LocalBindSocketPath  string
	LocalBindSocketMode  string
	Config               map[string]any
	MeshGateway          MeshGatewayConfig
	IngressHosts         []string
	CentrallyConfigured  bool
}

// MeshGatewayConfig is how traffic leaves its datacenter.
type MeshGatewayConfig struct {
	Mode string
}

// ExposeConfig is what a proxy lets through.
type ExposeConfig struct {
	Checks bool
	Paths  []ExposePath
}

// ExposePath is a path that is let through.
type ExposePath struct {
	ListenerPort    int
	Path            string
	LocalPathPort   int
	Protocol        string
	ParsedFromCheck bool
}

// TransparentProxyConfig is about traffic that is led to a proxy.
type TransparentProxyConfig struct {
	OutboundListenerPort int
	DialedDirectly       bool
}

// AccessLogsConfig is what a proxy logs.
type AccessLogsConfig struct {
	Enabled             bool
	DisableListenerLogs bool
	Type                string
	Path                string
	JSONFormat          string
	TextFormat          string
}

// HealthCheck is a check in the catalog.
type HealthCheck struct {
	Node        string
	CheckID     string
	Name        string
	Status      string
	Notes       string
	Output      string
	ServiceID   string
	ServiceName string
	ServiceTags []string
	Type        string
	Interval    string
	Timeout     string
	ExposedPort int
	PeerName    string
	Definition  HealthCheckDefinition
	RaftIndex
}

// HealthCheckDefinition is what a registered check tests.
type HealthCheckDefinition struct {
	HTTP                           string
	TLSServerName                  string
	TLSSkipVerify                  bool
	Header                         map[string][]string
	Method                         string
	Body                           string
	DisableRedirects               bool
	TCP                            string
	TCPUseTLS                      bool
	UDP                            string
	H2PING                         string
	OSService                      string
	H2PingUseTLS                   bool
	Interval                       time.Duration
	OutputMaxSize                  uint
	Timeout                        time.Duration
	DeregisterCriticalServiceAfter time.Duration
	ScriptArgs                     []string
	DockerContainerID              string
	Shell                          string
	GRPC                           string
	GRPCUseTLS                     bool
	AliasNode                      string
	AliasService                   string
	SessionName                    string
	TTL                            time.Duration
}
