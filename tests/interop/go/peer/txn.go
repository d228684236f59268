package peer

import "github.com/hashicorp/consul/api"

// TxnKV is a step on a key, as it is on the wire: over HTTP it is flat.
type TxnKV struct {
	Verb   string
	DirEnt DirEntry
}

// TxnOp is one step of a transaction: exactly one of these.
type TxnOp struct {
	KV      *TxnKV
	Node    *api.NodeTxnOp
	Service *api.ServiceTxnOp
	Check   *api.CheckTxnOp
}

// TxnRequest is a transaction, with steps that write or only with such that read.
type TxnRequest struct {
	Datacenter string
	Ops        []*TxnOp
	QueryOptions
}

// TxnResult is what one step gave.
type TxnResult struct {
	KV      *DirEntry
	Node    *api.Node
	Service *api.AgentService
	Check   *api.HealthCheck
}

// TxnResponse answers a TxnRequest: with results, or with what is wrong.
type TxnResponse struct {
	Results []*TxnResult
	Errors  []*api.TxnError
	QueryMeta
}
