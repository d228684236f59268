package main

import (
	"errors"
	"fmt"
	"sort"
	"sync"
	"sync/atomic"
	"time"

	"proconsul.test/interop/peer"
)

// dialers is how many connections are opened side by side.
const dialers = 16

// idle opens yamux connections that rest after one answered yamux ping and, in idle-used-stream, after one call on a
// stream that stays open.
func idle(o options, r *result) error {
	r.Conns, r.Units = o.units, o.units
	ping := peer.Request(1, "Status.Ping", peer.Empty{})
	usedStream := o.scenario == "idle-used-stream"
	conns := make([]*rawConn, o.units)
	before := peer.RSS(o.pid)
	err := sharedOut(o.units, func(i int) error {
		c, err := dialRaw(o, peer.Source(i))
		if err != nil {
			return err
		}
		conns[i] = c
		c.buf = make([]byte, 512)
		done := !usedStream
		c.answered = func(*rawStream, time.Time) { done = true }
		c.out = frame(c.out, typePing, flagSYN, 0, 7)
		if usedStream {
			c.open(ping)
		}
		for c.pings == 0 || !done {
			c.SetReadDeadline(time.Now().Add(answerLimit))
			if err := c.turn(); err != nil {
				return err
			}
		}
		c.SetReadDeadline(time.Time{})
		go func() { // keeps answering the server's pings
			for c.turn() == nil {
			}
		}()
		return nil
	})
	r.RSSUnit = float64(settled(o.pid, o.settle)-before) / float64(o.units)
	for _, c := range conns {
		if c != nil {
			c.Close()
		}
	}
	return err
}

// sharedOut runs f(0) to f(n-1) on the dialers and gives the first error.
func sharedOut(n int, f func(i int) error) error {
	var next atomic.Int64
	var first error
	var once sync.Once
	var failed atomic.Bool
	var group sync.WaitGroup
	for range dialers {
		group.Add(1)
		go func() {
			defer group.Done()
			for i := int(next.Add(1)) - 1; i < n && !failed.Load(); i = int(next.Add(1)) - 1 {
				if err := f(i); err != nil {
					once.Do(func() { first = err })
					failed.Store(true)
				}
			}
		}()
	}
	group.Wait()
	return first
}

// parked parks queries on a few sessions and wakes them all with one write: of the one key that they all watch, or a
// delete of the tree that holds the key of each.
func parked(o options, r *result) error {
	per := o.units / o.conns
	units := per * o.conns
	r.Units, r.Inflight = units, per
	w, err := writer(o)
	if err != nil {
		return err
	}
	defer w.Close()
	key := func(int) string { return watchKey }
	wake := peer.Put(watchKey, peer.Fresh())
	written := 1
	if o.keys == keysDistinct {
		key = func(i int) string { return fmt.Sprintf("%s/%d", watchKey, i) }
		wake = peer.KVSRequest{Datacenter: peer.Datacenter, Op: peer.OpDeleteTree, DirEnt: peer.DirEntry{Key: watchKey + "/"}}
		written = units
	}
	for i := range written {
		if err := put(w, key(i), smallValue); err != nil {
			return err
		}
	}
	var newest peer.IndexedDirEntries
	if err := w.Call("KVS.Get", peer.Get(key(written-1), 0, 0), &newest); err != nil {
		return err
	}
	before := settled(o.pid, 0)

	lots := make([]lot, o.conns)
	var woken atomic.Bool
	var parked, done sync.WaitGroup
	for k := range lots {
		parked.Add(1)
		done.Add(1)
		go func() {
			defer done.Done()
			lots[k].err = lots[k].run(o, per, &woken, parked.Done, func(i int) []byte {
				return peer.Request(1, "KVS.Get", peer.Get(key(k*per+i), newest.Index, 10*time.Minute))
			})
		}()
	}
	parked.Wait()
	r.RSSUnit = float64(settled(o.pid, o.settle)-before) / float64(units)

	if err := writeOthers(o, w, r); err != nil {
		return err
	}
	woken.Store(true)
	cpu, at := peer.CPU(o.pid), time.Now()
	if err := w.Call("KVS.Apply", wake, nil); err != nil {
		return err
	}
	done.Wait()
	var took []time.Duration
	var errs []error
	for _, l := range lots {
		errs = append(errs, l.err)
		for _, t := range l.answers {
			took = append(took, t.Sub(at))
		}
	}
	time.Sleep(300 * time.Millisecond) // what the server does after the last answer counts too
	if len(took) > 0 {
		sort.Slice(took, func(i, j int) bool { return took[i] < took[j] })
		r.Ops = int64(len(took))
		r.WakeMs, r.WakeP50 = milliseconds(took[len(took)-1]), milliseconds(took[len(took)/2])
		r.WakeCPU = float64((peer.CPU(o.pid) - cpu).Microseconds()) / float64(len(took))
	}
	return errors.Join(errs...)
}

// writeOthers makes writes that concern none of the parked queries. One that is answered nevertheless is an error: see lot.run.
func writeOthers(o options, w *peer.Caller, r *result) error {
	if o.others == 0 {
		return nil
	}
	cpu := peer.CPU(o.pid)
	for range o.others {
		if err := put(w, otherKey, peer.Fresh()); err != nil {
			return err
		}
	}
	r.OtherCPU = float64((peer.CPU(o.pid) - cpu).Microseconds()) / float64(o.others)
	return nil
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// lot is the parked queries of one session.
type lot struct {
	answers []time.Time
	err     error
}

func (l *lot) run(o options, n int, woken *atomic.Bool, parked func(), request func(int) []byte) error {
	release := sync.OnceFunc(parked)
	defer release()
	c, err := dialRaw(o, nil)
	if err != nil {
		return err
	}
	defer c.Close()
	l.answers = make([]time.Time, 0, n)
	c.answered = func(_ *rawStream, now time.Time) {
		if !woken.Load() {
			c.trouble = errors.New("a query was answered before the write")
		}
		l.answers = append(l.answers, now)
	}
	for i := range n {
		c.open(request(i))
		if err := c.settleAcks(unackedMax); err != nil {
			return err
		}
	}
	if err := c.flush(); err != nil {
		return err
	}
	if err := c.settleAcks(0); err != nil {
		return err
	}
	release()
	for len(l.answers) < n {
		c.SetReadDeadline(time.Now().Add(2 * time.Minute))
		if err := c.turn(); err != nil {
			return err
		}
	}
	return nil
}
