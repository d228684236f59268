package main

import (
	"errors"
	"time"

	"proconsul.test/interop/peer"
)

// kvLoad writes so many keys of 64 bytes and reads what they take in memory.
func kvLoad(o options, r *result) error {
	w, err := writer(o)
	if err != nil {
		return err
	}
	defer w.Close()
	r.Units, r.Inflight = o.units, o.inflight
	before := settled(o.pid, 0)
	window := open(o.pid, 0)
	if err := fill(o); err != nil {
		return err
	}
	window.close(int64(o.units), r)
	r.RSSUnit = float64(settled(o.pid, o.settle)-before) / float64(o.units)
	return empty(w)
}

// fill writes the keys, with so many writes in flight on each connection.
func fill(o options) error {
	serials.Store(0)
	ended := make(chan error, o.conns)
	for i := range o.conns {
		share := o.units / o.conns
		if i < o.units%o.conns {
			share++
		}
		go func() { ended <- fillShare(o, share) }()
	}
	var errs []error
	for range o.conns {
		errs = append(errs, <-ended)
	}
	return errors.Join(errs...)
}

func fillShare(o options, share int) error {
	c, err := dialRaw(o, nil)
	if err != nil {
		return err
	}
	defer c.Close()
	request := peer.Request(1, "KVS.Apply", peer.Put(loadTree+serialMark, smallValue))
	sent, done := 0, 0
	c.answered = func(s *rawStream, _ time.Time) {
		if done++; sent < share {
			sent++
			c.send(s)
		}
	}
	for range min(o.inflight, share) {
		sent++
		c.open(request)
		if err := c.settleAcks(unackedMax); err != nil {
			return err
		}
	}
	for done < share {
		c.SetReadDeadline(time.Now().Add(answerLimit))
		if err := c.turn(); err != nil {
			return err
		}
	}
	return nil
}

// empty takes away what fill wrote: the server may serve others after us.
func empty(w *peer.Caller) error {
	return w.Call("KVS.Apply", peer.KVSRequest{Datacenter: peer.Datacenter, Op: peer.OpDeleteTree, DirEnt: peer.DirEntry{Key: loadTree}}, nil)
}
