package main

import (
	"fmt"
	"slices"
	"time"

	"proconsul.test/interop/peer"
)

var catalogChecks = []check{
	{name: "catalog/register-and-read-back/single", run: func(t target) error {
		c, err := peer.DialSingle(t.addr)
		if err != nil {
			return err
		}
		defer c.Close()
		return registerAndReadBack(c, "single")
	}},
	{name: "catalog/register-and-read-back/pooled", run: onSession(func(_ target, s *peer.Session) error {
		return registerAndReadBack(s, "pooled")
	})},
	{name: "catalog/node-and-service-are-listed", run: onSession(func(_ target, s *peer.Session) error {
		if err := s.Call("Catalog.Register", instance("listed", 8080), nil); err != nil {
			return err
		}
		var services peer.IndexedServices
		if err := s.Call("Catalog.ListServices", peer.DCSpecificRequest{Datacenter: peer.Datacenter}, &services); err != nil {
			return err
		}
		if tags := services.Services["interop-listed"]; !slices.Contains(tags, "primary") {
			return fmt.Errorf("the service's tags are %q", tags)
		}
		var nodes peer.IndexedNodes
		if err := s.Call("Catalog.ListNodes", peer.DCSpecificRequest{Datacenter: peer.Datacenter}, &nodes); err != nil {
			return err
		}
		if !slices.ContainsFunc(nodes.Nodes, func(n *peer.Node) bool { return n.Node == "interop-listed" && n.Address == "10.1.2.3" }) {
			return fmt.Errorf("the node is not among %d", len(nodes.Nodes))
		}
		var datacenters []string
		if err := s.Call("Catalog.ListDatacenters", peer.Empty{}, &datacenters); err != nil {
			return err
		}
		if !slices.Contains(datacenters, peer.Datacenter) {
			return fmt.Errorf("datacenters are %q", datacenters)
		}
		return deregister(s, "listed")
	})},
	{name: "catalog/tag-filter-chooses", run: onSession(func(_ target, s *peer.Session) error {
		if err := s.Call("Catalog.Register", instance("tagged", 8080), nil); err != nil {
			return err
		}
		for tag, want := range map[string]int{"primary": 1, "absent": 0} {
			q := serviceQuery("tagged")
			q.TagFilter, q.ServiceTags = true, []string{tag}
			var r peer.IndexedServiceNodes
			if err := s.Call("Catalog.ServiceNodes", q, &r); err != nil {
				return err
			}
			if len(r.ServiceNodes) != want {
				return fmt.Errorf("tag %q: %d instances, not %d", tag, len(r.ServiceNodes), want)
			}
		}
		return deregister(s, "tagged")
	})},
	{name: "catalog/registration-wakes-a-blocking-query", run: onSession(func(_ target, s *peer.Session) error {
		if err := s.Call("Catalog.Register", instance("waking", 8080), nil); err != nil {
			return err
		}
		var before peer.IndexedServiceNodes
		if err := s.Call("Catalog.ServiceNodes", serviceQuery("waking"), &before); err != nil {
			return err
		}
		q := serviceQuery("waking")
		q.MinQueryIndex, q.MaxQueryTime = before.Index, time.Minute
		var woken peer.IndexedServiceNodes
		answer := make(chan error, 1)
		go func() { answer <- s.Call("Catalog.ServiceNodes", q, &woken) }()
		time.Sleep(parkTime)
		if err := s.Call("Catalog.Register", instance("waking", 9090), nil); err != nil {
			return err
		}
		if err := within(promptly, func() error { return <-answer }); err != nil {
			return err
		}
		if len(woken.ServiceNodes) != 1 || woken.ServiceNodes[0].ServicePort != 9090 || woken.Index <= before.Index {
			return fmt.Errorf("woken at index %d (was %d) with %d instances", woken.Index, before.Index, len(woken.ServiceNodes))
		}
		return deregister(s, "waking")
	})},
}

func instance(name string, port int) peer.RegisterRequest {
	node, id := "interop-"+name, "interop-"+name+"-1"
	return peer.RegisterRequest{
		Datacenter: peer.Datacenter,
		Node:       node,
		Address:    "10.1.2.3",
		NodeMeta:   map[string]string{"rack": "r7"},
		Service: &peer.NodeService{
			ID: id, Service: "interop-" + name, Tags: []string{"v1", "primary"}, Address: "10.1.2.4", Port: port,
			Meta: map[string]string{"team": "edge"}, Weights: &peer.Weights{Passing: 3, Warning: 1},
		},
		Checks: []*peer.HealthCheck{{
			Node: node, CheckID: "service:" + id, Name: "http", Status: "passing", ServiceID: id, ServiceName: "interop-" + name,
		}},
	}
}

func serviceQuery(name string) peer.ServiceSpecificRequest {
	return peer.ServiceSpecificRequest{Datacenter: peer.Datacenter, ServiceName: "interop-" + name}
}

func deregister(c caller, name string) error {
	return c.Call("Catalog.Deregister", peer.DeregisterRequest{Datacenter: peer.Datacenter, Node: "interop-" + name}, nil)
}

func registerAndReadBack(c caller, name string) error {
	if err := c.Call("Catalog.Register", instance(name, 8080), nil); err != nil {
		return err
	}
	var r peer.IndexedServiceNodes
	if err := c.Call("Catalog.ServiceNodes", serviceQuery(name), &r); err != nil {
		return err
	}
	if len(r.ServiceNodes) != 1 || r.Index == 0 || !r.KnownLeader {
		return fmt.Errorf("%d instances, index %d, leader known: %v", len(r.ServiceNodes), r.Index, r.KnownLeader)
	}
	n := r.ServiceNodes[0]
	switch {
	case n.Node != "interop-"+name || n.Address != "10.1.2.3" || n.NodeMeta["rack"] != "r7":
		return fmt.Errorf("node %q at %q, meta %q", n.Node, n.Address, n.NodeMeta)
	case n.ServiceID != "interop-"+name+"-1" || n.ServiceAddress != "10.1.2.4" || n.ServicePort != 8080:
		return fmt.Errorf("instance %q at %s:%d", n.ServiceID, n.ServiceAddress, n.ServicePort)
	case !slices.Equal(n.ServiceTags, []string{"v1", "primary"}) || n.ServiceMeta["team"] != "edge":
		return fmt.Errorf("tags %q, meta %q", n.ServiceTags, n.ServiceMeta)
	case n.ServiceWeights != peer.Weights{Passing: 3, Warning: 1}:
		return fmt.Errorf("weights %+v", n.ServiceWeights)
	case n.CreateIndex == 0 || n.ModifyIndex < n.CreateIndex:
		return fmt.Errorf("indexes %+v", n.RaftIndex)
	}
	if err := deregister(c, name); err != nil {
		return err
	}
	var gone peer.IndexedServiceNodes
	if err := c.Call("Catalog.ServiceNodes", serviceQuery(name), &gone); err != nil {
		return err
	}
	if len(gone.ServiceNodes) != 0 {
		return fmt.Errorf("%d instances after the node was deregistered", len(gone.ServiceNodes))
	}
	return nil
}
