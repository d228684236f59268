package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/consul/api"

	"proconsul.test/interop/peer"
)

// What is read here was registered by instance: a node, a service and its passing check, all called after the check.
var healthChecks = []check{
	{name: "catalog/a-node-shows-its-services", run: withInstance("shown", func(s *peer.Session) error {
		q := peer.NodeSpecificRequest{Datacenter: peer.Datacenter, Node: "interop-shown"}
		var byID peer.IndexedNodeServices
		if err := s.Call("Catalog.NodeServices", q, &byID); err != nil {
			return err
		}
		if byID.NodeServices == nil || byID.NodeServices.Node.Address != "10.1.2.3" {
			return fmt.Errorf("the node is %+v", byID.NodeServices)
		}
		if own := byID.NodeServices.Services["interop-shown-1"]; own == nil || own.Service != "interop-shown" || own.Port != 8080 || own.Weights.Passing != 3 {
			return fmt.Errorf("the service is %+v", own)
		}
		var list peer.IndexedNodeServiceList
		if err := s.Call("Catalog.NodeServiceList", q, &list); err != nil {
			return err
		}
		if len(list.NodeServices.Services) != 1 || list.NodeServices.Services[0].ID != "interop-shown-1" {
			return fmt.Errorf("the list has %d services", len(list.NodeServices.Services))
		}
		var names peer.IndexedServiceList
		if err := s.Call("Catalog.ServiceList", peer.DCSpecificRequest{Datacenter: peer.Datacenter}, &names); err != nil {
			return err
		}
		if !slices.Contains(names.Services, peer.ServiceName{Name: "interop-shown"}) {
			return fmt.Errorf("it is not among %d names", len(names.Services))
		}
		var absent peer.IndexedNodeServices
		q.Node = "interop-nowhere"
		if err := s.Call("Catalog.NodeServices", q, &absent); err != nil || absent.NodeServices != nil || absent.Index == 0 {
			return fmt.Errorf("of no node: %+v at %d, %v", absent.NodeServices, absent.Index, err)
		}
		return nil
	})},
	{name: "catalog/filters-choose-and-bad-ones-are-refused", run: withInstance("chosen", func(s *peer.Session) error {
		for filter, want := range map[string]int{
			`ServiceMeta.team == edge and "v1" in ServiceTags`: 1,
			`ServicePort != 8080`:                              0,
			`NodeMeta.rack matches "^r[0-9]$"`:                 1,
			`not (ServiceTags is empty)`:                       1,
		} {
			q := serviceQuery("chosen")
			q.Filter = filter
			var r peer.IndexedServiceNodes
			if err := s.Call("Catalog.ServiceNodes", q, &r); err != nil {
				return fmt.Errorf("%s: %w", filter, err)
			}
			if len(r.ServiceNodes) != want {
				return fmt.Errorf("%s: %d instances, not %d", filter, len(r.ServiceNodes), want)
			}
		}
		for filter, text := range map[string]string{
			`ServicePort ==`:   "Failed to create boolean expression evaluator",
			`NoSuchField == x`: `Selector "NoSuchField" is not valid`,
		} {
			q := serviceQuery("chosen")
			q.Filter = filter
			if err := refusedWith(text, s.Call("Catalog.ServiceNodes", q, nil)); err != nil {
				return fmt.Errorf("%s: %w", filter, err)
			}
		}
		return nil
	})},
	{name: "catalog/a-service-is-deregistered-alone", run: withInstance("alone", func(s *peer.Session) error {
		gone := peer.DeregisterRequest{Datacenter: peer.Datacenter, Node: "interop-alone", ServiceID: "interop-alone-1"}
		if err := s.Call("Catalog.Deregister", gone, nil); err != nil {
			return err
		}
		var left peer.IndexedNodeServices
		q := peer.NodeSpecificRequest{Datacenter: peer.Datacenter, Node: "interop-alone"}
		if err := s.Call("Catalog.NodeServices", q, &left); err != nil {
			return err
		}
		if left.NodeServices == nil || len(left.NodeServices.Services) != 0 {
			return fmt.Errorf("left is %+v", left.NodeServices)
		}
		var checks peer.IndexedHealthChecks
		if err := s.Call("Health.NodeChecks", q, &checks); err != nil || len(checks.HealthChecks) != 0 {
			return fmt.Errorf("%d checks are left: %v", len(checks.HealthChecks), err)
		}
		return nil
	})},
	{name: "catalog/what-is-no-registration-is-refused", run: onSession(func(_ target, s *peer.Session) error {
		for text, r := range map[string]peer.RegisterRequest{
			"Must provide node":     {Address: "10.1.2.3"},
			"Must provide address":  {Node: "interop-nothing"},
			"Bad node ID":           {Node: "interop-nothing", Address: "10.1.2.3", ID: "1"},
			"No path to datacenter": {Datacenter: "elsewhere", Node: "interop-nothing", Address: "10.1.2.3"},
		} {
			if err := refusedWith(text, s.Call("Catalog.Register", r, nil)); err != nil {
				return err
			}
		}
		return nil
	})},
	{name: "health/instances-come-with-their-checks", run: withInstance("checked", func(s *peer.Session) error {
		var r peer.IndexedCheckServiceNodes
		if err := s.Call("Health.ServiceNodes", serviceQuery("checked"), &r); err != nil {
			return err
		}
		if len(r.Nodes) != 1 || r.Nodes[0].Node.Node != "interop-checked" || r.Nodes[0].Service.ID != "interop-checked-1" {
			return fmt.Errorf("%d instances: %+v", len(r.Nodes), r.Nodes)
		}
		if status := r.Nodes[0].Checks.AggregatedStatus(); len(r.Nodes[0].Checks) != 1 || status != api.HealthPassing {
			return fmt.Errorf("%d checks, %s", len(r.Nodes[0].Checks), status)
		}
		for filter, want := range map[string]int{
			`Checks.Status == critical`: 0, `Checks.Status == passing`: 1, `Node.Meta.rack == r7 and Service.Port == 8080`: 1,
		} {
			q := serviceQuery("checked")
			q.Filter = filter
			var chosen peer.IndexedCheckServiceNodes
			if err := s.Call("Health.ServiceNodes", q, &chosen); err != nil || len(chosen.Nodes) != want {
				return fmt.Errorf("%s: %d instances, %v", filter, len(chosen.Nodes), err)
			}
		}
		return nil
	})},
	{name: "health/checks-are-read-by-node-service-and-state", run: withInstance("states", func(s *peer.Session) error {
		q := peer.ChecksInStateRequest{Datacenter: peer.Datacenter, State: api.HealthPassing}
		for method, query := range map[string]any{
			"Health.NodeChecks":    peer.NodeSpecificRequest{Datacenter: peer.Datacenter, Node: "interop-states"},
			"Health.ServiceChecks": serviceQuery("states"),
			"Health.ChecksInState": q,
		} {
			var r peer.IndexedHealthChecks
			if err := s.Call(method, query, &r); err != nil {
				return err
			}
			at := slices.IndexFunc(r.HealthChecks, func(c *api.HealthCheck) bool { return c.CheckID == "service:interop-states-1" })
			if at < 0 || r.HealthChecks[at].ServiceName != "interop-states" || r.HealthChecks[at].Status != api.HealthPassing {
				return fmt.Errorf("%s: it is not among %d checks", method, len(r.HealthChecks))
			}
		}
		q.State, q.Filter = api.HealthCritical, `Node == "interop-states"`
		var r peer.IndexedHealthChecks
		if err := s.Call("Health.ChecksInState", q, &r); err != nil || len(r.HealthChecks) != 0 {
			return fmt.Errorf("%d are critical, %v", len(r.HealthChecks), err)
		}
		return nil
	})},
	{name: "health/a-check-that-fails-wakes-every-kind-of-read", run: withInstance("failing", func(s *peer.Session) error {
		node := peer.NodeSpecificRequest{Datacenter: peer.Datacenter, Node: "interop-failing"}
		state := peer.ChecksInStateRequest{Datacenter: peer.Datacenter, State: api.HealthCritical}
		state.Filter = `Node == "interop-failing"`
		service := serviceQuery("failing")
		var all []*waiting
		for _, w := range []*waiting{
			{method: "Health.NodeChecks", options: &node.QueryOptions, query: &node},
			{method: "Health.ServiceChecks", options: &service.QueryOptions, query: &service},
			{method: "Health.ChecksInState", options: &state.QueryOptions, query: &state},
		} {
			if err := w.park(s); err != nil {
				return fmt.Errorf("%s: %w", w.method, err)
			}
			all = append(all, w)
		}
		failing := instance("failing", 8080)
		failing.Checks[0].Status = api.HealthCritical
		if err := s.Call("Catalog.Register", failing, nil); err != nil {
			return err
		}
		for _, w := range all {
			if err := within(promptly, func() error { return <-w.done }); err != nil {
				return fmt.Errorf("%s, parked at %d, has %d checks at %d: %w", w.method, w.index, len(w.reply.HealthChecks), w.reply.Index, err)
			}
		}
		return nil
	})},
	{name: "health/another-service-wakes-nobody", run: withInstance("steady", func(s *peer.Session) error {
		q := serviceQuery("steady")
		// The only read in this list whose index is not its table's, so that nobody else's checks answer it.
		w := &waiting{method: "Health.ServiceNodes", options: &q.QueryOptions, query: &q, any: true}
		if err := w.park(s); err != nil {
			return err
		}
		for port := range 20 {
			if err := s.Call("Catalog.Register", instance("restless", 8000+port), nil); err != nil {
				return err
			}
		}
		select {
		case err := <-w.done:
			return fmt.Errorf("answered at index %d, parked at %d: %v", w.reply.Index, w.index, err)
		case <-time.After(parkTime):
		}
		return deregister(s, "restless")
	})},
}

// withInstance makes a check of what needs an instance and its node; they are gone afterwards.
func withInstance(name string, run func(s *peer.Session) error) func(target) error {
	return onSession(func(_ target, s *peer.Session) error {
		if err := s.Call("Catalog.Register", instance(name, 8080), nil); err != nil {
			return err
		}
		err := run(s)
		if gone := deregister(s, name); err == nil {
			err = gone
		}
		return err
	})
}

// refusedWith tells whether a call was refused, with this in the text.
func refusedWith(text string, err error) error {
	if err == nil || !strings.Contains(err.Error(), text) {
		return fmt.Errorf("the answer is %v, not %q", err, text)
	}
	return nil
}

// waiting is a read of checks that waits until one of them is critical, or for any answer. Options point into the query.
type waiting struct {
	method  string
	options *peer.QueryOptions
	query   any
	any     bool
	index   uint64
	reply   peer.IndexedHealthChecks
	done    chan error
}

// park reads, and then waits behind the index of what it read. It waits again where that index is the table's, and other checks
// beside this one write there.
func (w *waiting) park(s *peer.Session) error {
	if err := s.Call(w.method, w.query, &w.reply); err != nil {
		return err
	}
	w.index, w.options.MaxQueryTime = w.reply.Index, time.Minute
	w.done = make(chan error, 1)
	go func() {
		for {
			w.options.MinQueryIndex = w.reply.Index
			w.reply = peer.IndexedHealthChecks{}
			err := s.Call(w.method, w.query, &w.reply)
			failing := func(c *api.HealthCheck) bool { return c.Status == api.HealthCritical }
			if err != nil || w.any || slices.ContainsFunc(w.reply.HealthChecks, failing) {
				w.done <- err
				return
			}
		}
	}()
	time.Sleep(parkTime)
	return nil
}
