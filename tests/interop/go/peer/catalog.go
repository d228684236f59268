package peer

import "github.com/hashicorp/consul/api"

// NodeSpecificRequest asks for something of one node.
type NodeSpecificRequest struct {
	Datacenter string
	Node       string
	QueryOptions
}

// ChecksInStateRequest asks for the checks in one state, or with "any" for all.
type ChecksInStateRequest struct {
	Datacenter      string
	NodeMetaFilters map[string]string
	State           string
	QueryOptions
}

// NodeServices are a node's services by their ids.
type NodeServices struct {
	Node     *api.Node
	Services map[string]*api.AgentService
}

// IndexedNodeServices answers Catalog.NodeServices; nil where there is no such node.
type IndexedNodeServices struct {
	NodeServices *NodeServices
	QueryMeta
}

// IndexedNodeServiceList answers Catalog.NodeServiceList.
type IndexedNodeServiceList struct {
	NodeServices struct {
		Node     *api.Node
		Services []*api.AgentService
	}
	QueryMeta
}

// ServiceName names a service.
type ServiceName struct{ Name string }

// IndexedServiceList answers Catalog.ServiceList.
type IndexedServiceList struct {
	Services []ServiceName
	QueryMeta
}

// IndexedHealthChecks answers reads of checks.
type IndexedHealthChecks struct {
	HealthChecks []*api.HealthCheck
	QueryMeta
}

// IndexedCheckServiceNodes answers Health.ServiceNodes.
type IndexedCheckServiceNodes struct {
	Nodes []*api.ServiceEntry
	QueryMeta
}

// CoordinateUpdateRequest says where a node is.
type CoordinateUpdateRequest struct {
	Datacenter string
	api.CoordinateEntry
}

// IndexedCoordinates answers reads of coordinates.
type IndexedCoordinates struct {
	Coordinates []*api.CoordinateEntry
	QueryMeta
}
