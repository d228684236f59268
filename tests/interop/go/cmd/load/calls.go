package main

import (
	"errors"
	"sync/atomic"
	"time"
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
	}
	return nil
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
