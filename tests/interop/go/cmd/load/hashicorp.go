package main

import (
	"errors"
	"sync"
	"time"

	"proconsul.test/interop/peer"
)

// hashicorpLoop drives the modules that Consul's own pool uses: one stream and one codec for each call in flight.
func hashicorpLoop(o options, conn int, st *stats, p *phase) error {
	c, err := o.dialOnce(peer.ByteYamux, nil)
	if err != nil {
		return err
	}
	s, err := peer.NewSession(c, nil)
	if err != nil {
		return err
	}
	defer s.Close()
	var mu sync.Mutex
	errs := make(chan error, o.inflight)
	for i := range o.inflight {
		method, args := request(o, conn*o.inflight+i)
		go func() {
			errs <- func() error {
				c, err := s.OpenCaller()
				if err != nil {
					return err
				}
				defer c.Close()
				return repeat(&mu, st, p, func() error { return c.Call(method, args, nil) })
			}()
		}()
	}
	var all []error
	for range o.inflight {
		all = append(all, <-errs)
	}
	return errors.Join(all...)
}

// repeat makes one call after another, and notes how long those took that are measured.
func repeat(mu *sync.Mutex, st *stats, p *phase, call func() error) error {
	for !p.over.Load() {
		started := time.Now()
		if err := call(); err != nil {
			return err
		}
		took := int64(time.Since(started))
		if p.measuring.Load() {
			mu.Lock()
			st.add(took)
			mu.Unlock()
		}
		st.ops.Add(1)
	}
	return nil
}

func put(c *peer.Caller, key string, value []byte) error {
	return c.Call("KVS.Apply", peer.Put(key, value), nil)
}
