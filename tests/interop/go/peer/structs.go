// Package peer is what the programs of this module share: the request and reply shapes of the few methods they use,
// and connections made of HashiCorp's own modules, put together as a Consul agent's pool does.
package peer

import "time"

// Datacenter is the one that a dev server answers for.
const Datacenter = "dc1"

// Empty is the argument or reply of a method that has none.
type Empty struct{}

// QueryOptions travel with every read. The codec flattens embedded structs only when their names are exported.
type QueryOptions struct {
	Token                    string
	MinQueryIndex            uint64
	MaxQueryTime             time.Duration
	AllowStale               bool
	RequireConsistent        bool
	UseCache                 bool
	MaxStaleDuration         time.Duration
	MaxAge                   time.Duration
	MustRevalidate           bool
	StaleIfError             time.Duration
	Filter                   string
	AllowNotModifiedResponse bool
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

// RaftIndex says when a record was made and last changed.
type RaftIndex struct {
	CreateIndex uint64
	ModifyIndex uint64
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

// KVSRequest is a write to the key/value store.
type KVSRequest struct {
	Datacenter string
	Op         string
	DirEnt     DirEntry
	Token      string
}

// The operations of a KVSRequest. Those that lock need a session.
const (
	OpSet        = "set"
	OpCAS        = "cas"
	OpDelete     = "delete"
	OpDeleteCAS  = "delete-cas"
	OpDeleteTree = "delete-tree"
	OpLock       = "lock"
	OpUnlock     = "unlock"
)

// Claim is a session as the store has it: a claim on keys.
type Claim struct {
	ID         string
	Name       string
	Node       string
	LockDelay  time.Duration
	Behavior   string
	TTL        string
	NodeChecks []string
	RaftIndex
}

// SessionRequest makes or ends a session.
type SessionRequest struct {
	Datacenter string
	Op         string
	Session    Claim
	Token      string
}

// SessionSpecificRequest reads or renews one session.
type SessionSpecificRequest struct {
	Datacenter string
	SessionID  string
	QueryOptions
}

// IndexedSessions answers a SessionSpecificRequest.
type IndexedSessions struct {
	Sessions []*Claim
	QueryMeta
}

// KeyRequest reads one key, or all keys below it.
type KeyRequest struct {
	Datacenter string
	Key        string
	QueryOptions
}

// KeyListRequest reads key names. The separator is misspelt on the wire.
type KeyListRequest struct {
	Datacenter string
	Prefix     string
	Seperator  string
	QueryOptions
}

// IndexedDirEntries answers a KeyRequest.
type IndexedDirEntries struct {
	Entries []*DirEntry
	QueryMeta
}

// IndexedKeyList answers a KeyListRequest.
type IndexedKeyList struct {
	Keys []string
	QueryMeta
}

// DCSpecificRequest asks for something of a datacenter.
type DCSpecificRequest struct {
	Datacenter      string
	NodeMetaFilters map[string]string
	QueryOptions
}

// ServiceSpecificRequest asks for the instances of one service.
type ServiceSpecificRequest struct {
	Datacenter      string
	NodeMetaFilters map[string]string
	ServiceName     string
	ServiceTags     []string
	TagFilter       bool
	QueryOptions
}

// Weights are a service instance's share of traffic.
type Weights struct {
	Passing int
	Warning int
}

// NodeService is a service instance as it is registered.
type NodeService struct {
	ID      string
	Service string
	Tags    []string
	Address string
	Meta    map[string]string
	Port    int
	Weights *Weights
}

// HealthCheck is a check as it is registered.
type HealthCheck struct {
	Node        string
	CheckID     string
	Name        string
	Status      string
	Output      string
	ServiceID   string
	ServiceName string
}

// RegisterRequest puts a node, a service instance and its checks into the catalog.
type RegisterRequest struct {
	Datacenter string
	ID         string
	Node       string
	Address    string
	NodeMeta   map[string]string
	Service    *NodeService
	Checks     []*HealthCheck
}

// DeregisterRequest takes a check, an instance or a whole node out of the catalog.
type DeregisterRequest struct {
	Datacenter string
	Node       string
	ServiceID  string
	CheckID    string
}

// ServiceNode is a service instance as it is read back.
type ServiceNode struct {
	ID             string
	Node           string
	Address        string
	Datacenter     string
	NodeMeta       map[string]string
	ServiceID      string
	ServiceName    string
	ServiceTags    []string
	ServiceAddress string
	ServiceMeta    map[string]string
	ServiceWeights Weights
	ServicePort    int
	RaftIndex
}

// IndexedServiceNodes answers Catalog.ServiceNodes.
type IndexedServiceNodes struct {
	ServiceNodes []*ServiceNode
	QueryMeta
}

// IndexedServices answers Catalog.ListServices: tags by service name.
type IndexedServices struct {
	Services map[string][]string
	QueryMeta
}

// Node is a node of the catalog.
type Node struct {
	ID      string
	Node    string
	Address string
	Meta    map[string]string
	RaftIndex
}

// IndexedNodes answers Catalog.ListNodes.
type IndexedNodes struct {
	Nodes []*Node
	QueryMeta
}

// Get is a read of one key. With an index it blocks until the key is newer, at most for wait.
func Get(key string, index uint64, wait time.Duration) KeyRequest {
	return KeyRequest{Datacenter: Datacenter, Key: key, QueryOptions: QueryOptions{MinQueryIndex: index, MaxQueryTime: wait}}
}

// Put is a write of one key.
func Put(key string, value []byte) KVSRequest {
	return KVSRequest{Datacenter: Datacenter, Op: OpSet, DirEnt: DirEntry{Key: key, Value: value}}
}
