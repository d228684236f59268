package main

import (
	"fmt"

	"github.com/hashicorp/consul/api"

	"proconsul.test/interop/peer"
)

var txnChecks = []check{
	{name: "txn/steps-of-every-kind-take-place-together", run: onSession(func(_ target, s *peer.Session) error {
		const node, key = "interop-txn", "interop/txn/together"
		ops := []*peer.TxnOp{
			{Node: &api.NodeTxnOp{Verb: api.NodeSet, Node: api.Node{Node: node, Address: "10.1.2.3"}}},
			{Service: &api.ServiceTxnOp{Verb: api.ServiceSet, Node: node, Service: api.AgentService{ID: "t1", Service: node, Port: 80}}},
			{Check: &api.CheckTxnOp{Verb: api.CheckSet, Check: api.HealthCheck{Node: node, CheckID: "c", ServiceID: "t1", Status: api.HealthWarning}}},
			kvStep("set", key, "one"),
			kvStep("get", key, ""),
		}
		var r peer.TxnResponse
		if err := s.Call("Txn.Apply", peer.TxnRequest{Datacenter: peer.Datacenter, Ops: ops}, &r); err != nil {
			return err
		}
		if len(r.Errors) != 0 || len(r.Results) != len(ops) {
			return fmt.Errorf("%d results, errors %v", len(r.Results), r.Errors)
		}
		index := r.Results[0].Node.ModifyIndex
		switch {
		case index == 0 || r.Results[1].Service.ModifyIndex != index || r.Results[2].Check.ModifyIndex != index || r.Results[3].KV.ModifyIndex != index:
			return fmt.Errorf("they do not have one index: %d is the node's", index)
		case r.Results[2].Check.ServiceName != node || r.Results[2].Check.Status != api.HealthWarning:
			return fmt.Errorf("the check is %+v", r.Results[2].Check)
		case r.Results[3].KV.Value != nil || string(r.Results[4].KV.Value) != "one":
			return fmt.Errorf("set shows %q, get %q", r.Results[3].KV.Value, r.Results[4].KV.Value)
		}
		var read peer.TxnResponse
		ops = []*peer.TxnOp{
			kvStep("get", key, ""),
			{Service: &api.ServiceTxnOp{Verb: api.ServiceGet, Node: node, Service: api.AgentService{ID: "t1", Service: node}}},
		}
		if err := s.Call("Txn.Read", peer.TxnRequest{Datacenter: peer.Datacenter, Ops: ops}, &read); err != nil {
			return err
		}
		if len(read.Results) != 2 || read.Results[1].Service.Port != 80 || !read.KnownLeader {
			return fmt.Errorf("read %d results, errors %v", len(read.Results), read.Errors)
		}
		if err := deregister(s, "txn"); err != nil {
			return err
		}
		return remove(s, key)
	})},
	{name: "txn/one-step-that-fails-undoes-all", run: onSession(func(_ target, s *peer.Session) error {
		const first, second = "interop/txn/undone", "interop/txn/taken"
		if err := put(s, second, peer.Fresh()); err != nil {
			return err
		}
		ops := []*peer.TxnOp{kvStep("set", first, "x"), kvStep("check-not-exists", second, ""), kvStep("delete", second, "")}
		var r peer.TxnResponse
		if err := s.Call("Txn.Apply", peer.TxnRequest{Datacenter: peer.Datacenter, Ops: ops}, &r); err != nil {
			return err
		}
		if len(r.Results) != 0 || len(r.Errors) != 1 || r.Errors[0].OpIndex != 1 {
			return fmt.Errorf("%d results, errors %v", len(r.Results), r.Errors)
		}
		if err := refusedWith(fmt.Sprintf("key %q exists", second), fmt.Errorf("%s", r.Errors[0].What)); err != nil {
			return err
		}
		value, _, err := get(s, first)
		if err == nil && value != nil {
			err = fmt.Errorf("a step before it took place: %q", value)
		}
		if err != nil {
			return err
		}
		return remove(s, second)
	})},
	{name: "txn/steps-that-are-none-are-told-by-their-places", run: onSession(func(_ target, s *peer.Session) error {
		ops := []*peer.TxnOp{kvStep("get", "interop/txn/x", ""), {}, kvStep("GET", "interop/txn/x", ""), kvStep("set", "", "")}
		for _, method := range []string{"Txn.Apply", "Txn.Read"} {
			var r peer.TxnResponse
			if err := s.Call(method, peer.TxnRequest{Datacenter: peer.Datacenter, Ops: ops}, &r); err != nil {
				return err
			}
			told := ""
			for _, e := range r.Errors {
				told += fmt.Sprintf("%d %s; ", e.OpIndex, e.What)
			}
			if told != "1 unknown operation type; 2 unknown KV operation: GET; 3 Must provide key; " {
				return fmt.Errorf("%s: %s", method, told)
			}
		}
		return nil
	})},
	{name: "txn/wakes-a-blocking-query", run: onSession(func(_ target, s *peer.Session) error {
		const key = "interop/txn/waking"
		p, err := park(s, key, promptly)
		if err != nil {
			return err
		}
		ops := []*peer.TxnOp{kvStep("set", key, "by a transaction")}
		if err := s.Call("Txn.Apply", peer.TxnRequest{Datacenter: peer.Datacenter, Ops: ops}, nil); err != nil {
			return err
		}
		r, err := p.answer(promptly)
		if err != nil {
			return err
		}
		if len(r.Entries) != 1 || string(r.Entries[0].Value) != "by a transaction" {
			return fmt.Errorf("woken with %d entries", len(r.Entries))
		}
		return remove(s, key)
	})},
}

func kvStep(verb, key, value string) *peer.TxnOp {
	return &peer.TxnOp{KV: &peer.TxnKV{Verb: verb, DirEnt: peer.DirEntry{Key: key, Value: []byte(value)}}}
}
