package main

import (
	"sync"

	"proconsul.test/interop/peer"
	"proconsul.test/interop/structbench"
)

// catalog is the least that answers for a service's instances: its answers are there before they are asked for, and all that a
// read does is write them.
type catalog struct {
	mu     sync.RWMutex
	index  uint64
	nodes  map[string]*structbench.IndexedCheckServiceNodes
	static map[string]*IndexedServiceNodes
}

// Catalog is what net/rpc serves under that name.
type Catalog struct{ *catalog }

// Health likewise.
type Health struct{ *catalog }

// NewCatalog makes both over one empty catalog.
func NewCatalog() (Catalog, Health) {
	c := &catalog{index: 1, nodes: map[string]*structbench.IndexedCheckServiceNodes{}, static: map[string]*IndexedServiceNodes{}}
	return Catalog{c}, Health{c}
}

// ServiceNode is an instance as Consul's catalog gives it, with every field: they are written whether or not they say anything.
type ServiceNode struct {
	ID                       string
	Node                     string
	Address                  string
	Datacenter               string
	TaggedAddresses          map[string]string
	NodeMeta                 map[string]string
	ServiceKind              string
	ServiceID                string
	ServiceName              string
	ServiceTags              []string
	ServiceAddress           string
	ServiceTaggedAddresses   map[string]structbench.ServiceAddress
	ServiceWeights           structbench.Weights
	ServiceMeta              map[string]string
	ServicePort              int
	ServiceSocketPath        string
	ServiceEnableTagOverride bool
	ServiceProxy             structbench.ConnectProxyConfig
	ServiceConnect           structbench.ServiceConnect
	ServiceLocality          *structbench.Locality
	PeerName                 string
	structbench.RaftIndex
}

// IndexedServiceNodes answers Catalog.ServiceNodes.
type IndexedServiceNodes struct {
	ServiceNodes []*ServiceNode
	structbench.QueryMeta
}

// Register adds an instance, or puts it in the place of the node's former one.
func (c Catalog) Register(args *peer.RegisterRequest, _ *peer.Empty) error {
	if args.Service == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.index++
	at := structbench.RaftIndex{CreateIndex: c.index, ModifyIndex: c.index}
	name := args.Service.Service
	service := &structbench.NodeService{
		ID: args.Service.ID, Service: name, Tags: args.Service.Tags, Address: args.Service.Address,
		Meta: args.Service.Meta, Port: args.Service.Port, Weights: &structbench.Weights{Passing: 1, Warning: 1}, RaftIndex: at,
	}
	node := &structbench.Node{
		ID: args.ID, Node: args.Node, Address: args.Address, Datacenter: peer.Datacenter, Meta: args.NodeMeta, RaftIndex: at,
	}
	var checks []*structbench.HealthCheck
	for _, check := range args.Checks {
		checks = append(checks, &structbench.HealthCheck{
			Node: args.Node, CheckID: check.CheckID, Name: check.Name, Status: check.Status, ServiceID: check.ServiceID,
			ServiceName: check.ServiceName, RaftIndex: at,
		})
	}
	static := &ServiceNode{
		ID: args.ID, Node: args.Node, Address: args.Address, Datacenter: peer.Datacenter, NodeMeta: args.NodeMeta,
		ServiceID: service.ID, ServiceName: name, ServiceTags: service.Tags, ServiceAddress: service.Address,
		ServiceWeights: *service.Weights, ServiceMeta: service.Meta, ServicePort: service.Port, RaftIndex: at,
	}
	health, catalog := &structbench.IndexedCheckServiceNodes{}, &IndexedServiceNodes{}
	if old := c.nodes[name]; old != nil { // copied: somebody may be writing the old ones
		for i, instance := range old.Nodes {
			if instance.Node.Node != args.Node {
				health.Nodes = append(health.Nodes, instance)
				catalog.ServiceNodes = append(catalog.ServiceNodes, c.static[name].ServiceNodes[i])
			}
		}
	}
	health.Nodes = append(health.Nodes, structbench.CheckServiceNode{Node: node, Service: service, Checks: checks})
	catalog.ServiceNodes = append(catalog.ServiceNodes, static)
	meta := structbench.QueryMeta{Index: c.index, KnownLeader: true, ConsistencyLevel: "leader"}
	health.QueryMeta, catalog.QueryMeta = meta, meta
	c.nodes[name], c.static[name] = health, catalog
	return nil
}

// ServiceNodes gives the instances of a service.
func (c Catalog) ServiceNodes(args *peer.ServiceSpecificRequest, reply *IndexedServiceNodes) error {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if answer := c.static[args.ServiceName]; answer != nil {
		*reply = *answer
	}
	return nil
}

// ServiceNodes gives the instances of a service with their nodes and checks.
func (h Health) ServiceNodes(args *peer.ServiceSpecificRequest, reply *structbench.IndexedCheckServiceNodes) error {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if answer := h.nodes[args.ServiceName]; answer != nil {
		*reply = *answer
	}
	return nil
}
