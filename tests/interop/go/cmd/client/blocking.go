package main

import (
	"errors"
	"fmt"
	"time"

	"proconsul.test/interop/peer"
)

// parkTime lets a query sent before it reach the server and park.
const parkTime = 200 * time.Millisecond

// promptly is what a woken query may take.
const promptly = 3 * time.Second

var blockingChecks = []check{
	{name: "blocking/woken-by-a-write", run: onSession(func(_ target, s *peer.Session) error {
		p, err := park(s, "interop/blocking/woken", time.Minute)
		if err != nil {
			return err
		}
		return p.wake(s)
	})},
	{name: "blocking/woken-by-a-delete", run: onSession(func(_ target, s *peer.Session) error {
		p, err := park(s, "interop/blocking/deleted", time.Minute)
		if err != nil {
			return err
		}
		if err := remove(s, p.key); err != nil {
			return err
		}
		r, err := p.answer(promptly)
		if err != nil {
			return err
		}
		if len(r.Entries) != 0 || r.Index <= p.index {
			return fmt.Errorf("%d entries at index %d, parked at %d", len(r.Entries), r.Index, p.index)
		}
		return nil
	})},
	{name: "blocking/woken-by-creation", run: onSession(func(_ target, s *peer.Session) error {
		const key = "interop/blocking/created"
		if err := errors.Join(put(s, key, peer.Fresh()), remove(s, key)); err != nil { // so that the table has an index
			return err
		}
		_, index, err := get(s, key)
		if err != nil {
			return err
		}
		// The index of a key that is not there is its table's: a write beside it may answer the query, with nothing.
		for range 50 {
			p, err := parkAt(s, key, index, time.Minute)
			if err != nil {
				return err
			}
			if r, err := p.answer(0); err == nil && len(r.Entries) == 0 && r.Index > index {
				index = r.Index
				continue
			}
			return p.wakeLate(s)
		}
		return errors.New("answered with nothing, time and again")
	})},
	{name: "blocking/not-woken-by-another-key", run: onSession(func(_ target, s *peer.Session) error {
		p, err := park(s, "interop/blocking/still", time.Minute)
		if err != nil {
			return err
		}
		for range 20 {
			if err := put(s, "interop/blocking/still-other", peer.Fresh()); err != nil {
				return err
			}
		}
		if r, err := p.answer(parkTime); err == nil {
			return fmt.Errorf("answered at index %d, parked at %d", r.Index, p.index)
		}
		return p.wakeLate(s)
	})},
	{name: "blocking/list-woken-by-a-key-below", run: onSession(func(_ target, s *peer.Session) error {
		const prefix = "interop/blocking/below/"
		if err := put(s, prefix+"a", peer.Fresh()); err != nil {
			return err
		}
		var before peer.IndexedDirEntries
		if err := s.Call("KVS.List", peer.Get(prefix, 0, 0), &before); err != nil {
			return err
		}
		answer := make(chan error, 1)
		var woken peer.IndexedDirEntries
		go func() { answer <- s.Call("KVS.List", peer.Get(prefix, before.Index, time.Minute), &woken) }()
		time.Sleep(parkTime)
		if err := put(s, prefix+"z", peer.Fresh()); err != nil {
			return err
		}
		if err := within(promptly, func() error { return <-answer }); err != nil {
			return err
		}
		if len(woken.Entries) < 2 || woken.Index <= before.Index {
			return fmt.Errorf("%d entries at index %d, parked at %d", len(woken.Entries), woken.Index, before.Index)
		}
		return nil
	})},
	{name: "blocking/ends-when-its-time-is-over", run: onSession(func(_ target, s *peer.Session) error {
		started := time.Now()
		p, err := park(s, "interop/blocking/timed", time.Second)
		if err != nil {
			return err
		}
		r, err := p.answer(promptly)
		if err != nil {
			return err
		}
		if took := time.Since(started); took < time.Second || r.Index != p.index || len(r.Entries) != 1 {
			return fmt.Errorf("after %v: %d entries at index %d, parked at %d", took, len(r.Entries), r.Index, p.index)
		}
		return nil
	})},
	{name: "blocking/older-index-answers-at-once", run: onSession(func(_ target, s *peer.Session) error {
		const key = "interop/blocking/older"
		if err := put(s, key, peer.Fresh()); err != nil {
			return err
		}
		_, index, err := get(s, key)
		if err != nil {
			return err
		}
		return within(promptly, func() error {
			return s.Call("KVS.Get", peer.Get(key, index-1, time.Minute), nil)
		})
	})},
	{name: "blocking/does-not-hold-the-session", run: onSession(func(_ target, s *peer.Session) error {
		p, err := park(s, "interop/blocking/beside", time.Minute)
		if err != nil {
			return err
		}
		for range 100 {
			if err := within(promptly, func() error { return s.Call("Status.Ping", peer.Empty{}, nil) }); err != nil {
				return err
			}
		}
		return p.wake(s)
	})},
	{name: "blocking/1000-on-one-session-woken-by-one-write", run: onSession(func(_ target, s *peer.Session) error {
		const key = "interop/blocking/many"
		if err := put(s, key, peer.Fresh()); err != nil {
			return err
		}
		_, index, err := get(s, key)
		if err != nil {
			return err
		}
		var all []*parked
		for i := range 1000 {
			p, err := parkNow(s, key, index, time.Minute)
			if err != nil {
				return fmt.Errorf("query %d: %w", i, err)
			}
			all = append(all, p)
		}
		time.Sleep(parkTime)
		if err := put(s, key, peer.Fresh()); err != nil {
			return err
		}
		return parallel(len(all), func(i int) error {
			r, err := all[i].answer(promptly)
			if err == nil && r.Index <= index {
				err = fmt.Errorf("woken at index %d, parked at %d", r.Index, index)
			}
			return err
		})
	})},
	{name: "blocking/parked-past-the-stream-open-timeout", slow: true, run: onSession(func(t target, s *peer.Session) error {
		if t.longPark == 0 {
			return skipped("no -long-park")
		}
		p, err := park(s, "interop/blocking/long", 10*time.Minute)
		if err != nil {
			return err
		}
		time.Sleep(t.longPark)
		return p.wake(s)
	})},
}

// parked is a blocking query that waits on a stream of its own.
type parked struct {
	*peer.Caller
	key   string
	index uint64
	reply chan result
}

type result struct {
	peer.IndexedDirEntries
	err error
}

// park writes the key and waits for its next change.
func park(s *peer.Session, key string, wait time.Duration) (*parked, error) {
	if err := put(s, key, peer.Fresh()); err != nil {
		return nil, err
	}
	_, index, err := get(s, key)
	if err != nil {
		return nil, err
	}
	return parkAt(s, key, index, wait)
}

// parkAt waits for a change of the key after an index, and returns once the query is surely at the server.
func parkAt(s *peer.Session, key string, index uint64, wait time.Duration) (*parked, error) {
	p, err := parkNow(s, key, index, wait)
	if err == nil {
		time.Sleep(parkTime)
	}
	return p, err
}

// parkNow is parkAt without the pause.
func parkNow(s *peer.Session, key string, index uint64, wait time.Duration) (*parked, error) {
	c, err := s.OpenCaller()
	if err != nil {
		return nil, err
	}
	if err := c.Send("KVS.Get", peer.Get(key, index, wait)); err != nil {
		return nil, err
	}
	p := &parked{Caller: c, key: key, index: index, reply: make(chan result, 1)}
	go func() {
		var r result
		r.err = c.Receive(&r.IndexedDirEntries)
		p.reply <- r
	}()
	return p, nil
}

// answer waits for the query's answer.
func (p *parked) answer(limit time.Duration) (result, error) {
	select {
	case r := <-p.reply:
		return r, r.err
	case <-time.After(limit):
		return result{}, fmt.Errorf("not answered within %v", limit)
	}
}

// wake checks that nothing has answered yet, writes the key, and checks the answer.
func (p *parked) wake(c caller) error {
	if r, err := p.answer(0); err == nil {
		return fmt.Errorf("answered at index %d before the write, parked at %d", r.Index, p.index)
	}
	return p.wakeLate(c)
}

func (p *parked) wakeLate(c caller) error {
	value := peer.Fresh()
	if err := put(c, p.key, value); err != nil {
		return err
	}
	r, err := p.answer(promptly)
	if err != nil {
		return err
	}
	if len(r.Entries) != 1 || string(r.Entries[0].Value) != string(value) || r.Index <= p.index {
		return fmt.Errorf("woken at index %d (parked at %d) with %d entries", r.Index, p.index, len(r.Entries))
	}
	return nil
}
