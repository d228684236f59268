package main

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"proconsul.test/interop/peer"
)

// stats are one connection's.
type stats struct {
	ops atomic.Int64
	hist
	_ [64]byte // keeps the counters of neighbours apart
}

// phase tells the workers what to do with a call.
type phase struct{ measuring, over atomic.Bool }

// calls keeps so many calls in flight on each connection, each sent when the one before it is answered.
func calls(o options, r *result) error {
	r.Client, r.Inflight = o.client, o.inflight
	if err := prepare(o); err != nil {
		return err
	}
	worker := rawLoop
	if o.client == clientHashicorp {
		worker = hashicorpLoop
	}
	if grpcScenarios[o.scenario] != nil {
		worker, r.Client = grpcLoop, "grpc-go"
	}
	var p phase
	all := make([]*stats, o.conns)
	ended := make(chan error, o.conns)
	for i := range all {
		all[i] = &stats{}
		go func() { ended <- worker(o, i, all[i], &p) }()
	}
	measure(o, r, &p, all)
	var errs []error
	for range all {
		errs = append(errs, <-ended)
	}
	quantiles(r, all)
	return errors.Join(errs...)
}

func prepare(o options) error {
	if grpcScenarios[o.scenario] != nil {
		return nil
	}
	w, err := writer(o)
	if err != nil {
		return err
	}
	defer w.Close()
	switch o.scenario {
	case "kv-get":
		return put(w, smallKey, smallValue)
	case "kv-get-64k":
		return put(w, largeKey, largeValue)
	case "service-nodes", "health":
		for i := range serviceInstances {
			if err := w.Call("Catalog.Register", instance(i), nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// instance is one of the service's, with a check of its own and its node's.
func instance(i int) peer.RegisterRequest {
	node := fmt.Sprintf("bench-%03d", i)
	check := func(id, service string) *peer.HealthCheck {
		return &peer.HealthCheck{Node: node, CheckID: id, Name: id, Status: "passing", ServiceID: service, ServiceName: service}
	}
	return peer.RegisterRequest{
		Datacenter: peer.Datacenter,
		Node:       node,
		Address:    fmt.Sprintf("10.77.0.%d", i),
		NodeMeta:   map[string]string{"rack": fmt.Sprint(i % 8)},
		Service: &peer.NodeService{
			ID: serviceName, Service: serviceName, Tags: []string{"primary", "v1"}, Port: 8000,
			Meta: map[string]string{"version": "1"}, Weights: &peer.Weights{Passing: 1, Warning: 1},
		},
		Checks: []*peer.HealthCheck{check("serfHealth", ""), check("service", serviceName)},
	}
}

// measure warms up, opens and closes the window, and ends the load.
func measure(o options, r *result, p *phase, all []*stats) {
	sum := func() (n int64) {
		for _, s := range all {
			n += s.ops.Load()
		}
		return n
	}
	time.Sleep(o.warmup)
	p.measuring.Store(true)
	w := open(o.pid, sum())
	time.Sleep(o.duration)
	w.close(sum(), r)
	p.measuring.Store(false)
	p.over.Store(true)
}

func quantiles(r *result, all []*stats) {
	var h hist
	for _, s := range all {
		h.merge(&s.hist)
	}
	r.P50us, r.P99us, r.MaxUs = h.micros(.5), h.micros(.99), float64(h.max)/1000
}
