package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"proconsul.test/interop/peer"
)

const (
	// readRate is how many reads a second are timed.
	readRate = 1000
	// lateMax is how many calls may be unanswered on a connection before the server has failed to keep up.
	lateMax = 8192
	// tick is how long calls that are due wait for others that will be.
	tick = time.Millisecond
)

// readsAndWrites times reads of one key while others are written, as many as there are writes in flight at once. Both come at their rates whether or not the ones before are
// answered, so that a server that stalls is seen to stall.
func readsAndWrites(o options, r *result) error {
	w, err := writer(o)
	if err != nil {
		return err
	}
	defer w.Close()
	if err := put(w, smallKey, smallValue); err != nil {
		return err
	}
	var p phase
	reads, writes := &stats{}, &stats{}
	value := append([]byte(serialMark), smallValue[len(serialMark):]...)
	ended := make(chan error, 2)
	go func() {
		ended <- paced(o, o.rate, &p, writes, func(stream int) []byte {
			return peer.Request(1, "KVS.Apply", peer.Put(fmt.Sprintf("bench/paced/%d", stream), value))
		})
	}()
	go func() {
		ended <- paced(o, readRate, &p, reads, func(int) []byte {
			return peer.Request(1, "KVS.Get", peer.Get(smallKey, 0, 0))
		})
	}()
	measure(o, r, &p, []*stats{reads, writes})
	err = errors.Join(<-ended, <-ended)
	r.WritesPS = float64(writes.n) / r.Seconds
	quantiles(r, []*stats{reads})
	return err
}

// paced makes so many calls a second on one connection until the load is over, and then waits for the last answers.
func paced(o options, rate int, p *phase, st *stats, request func(stream int) []byte) error {
	c, err := dialRaw(o, nil)
	if err != nil {
		return err
	}
	defer c.Close()
	var free []*rawStream
	var late int
	c.answered = func(s *rawStream, now time.Time) {
		if p.measuring.Load() {
			st.add(int64(now.Sub(s.sent)))
		}
		st.ops.Add(1)
		late--
		free = append(free, s)
	}
	began := time.Now()
	for sent := 0; !p.over.Load() || late > 0; {
		now := time.Now()
		due := int(now.Sub(began).Seconds() * float64(rate))
		for ; sent < due && !p.over.Load() && c.unacked < unackedMax; sent++ {
			if late++; late > lateMax {
				return fmt.Errorf("%d calls were not answered yet when further ones were due, %d a second", late, rate)
			}
			var s *rawStream
			if n := len(free); n > 0 {
				s, free = free[n-1], free[:n-1]
				c.send(s)
			} else {
				s = c.open(request(len(c.streams)))
			}
			s.sent = now
		}
		c.SetReadDeadline(now.Add(tick))
		if err := c.turn(); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
		if late > 0 && time.Since(began) > o.warmup+o.duration+answerLimit {
			return fmt.Errorf("%d calls were not answered within %v", late, answerLimit)
		}
	}
	return nil
}
