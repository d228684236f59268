package main

import (
	"fmt"
	"net"
	"time"

	"github.com/hashicorp/yamux"

	"proconsul.test/interop/peer"
)

// plain is a session with yamux's defaults.
func plain(addr string) (*peer.Session, error) { return peer.DialSession(addr, nil) }

// onSession makes a check of what needs one session.
func onSession(run func(target, *peer.Session) error) func(target) error {
	return func(t target) error {
		s, err := plain(t.addr)
		if err != nil {
			return err
		}
		defer s.Close()
		return run(t, s)
	}
}

var pooledChecks = []check{
	{name: "pooled/ping", run: onSession(func(_ target, s *peer.Session) error {
		return s.Call("Status.Ping", peer.Empty{}, nil)
	})},
	{name: "pooled/leader-is-an-address", run: onSession(func(_ target, s *peer.Session) error {
		var leader string
		if err := s.Call("Status.Leader", peer.Empty{}, &leader); err != nil {
			return err
		}
		if _, _, err := net.SplitHostPort(leader); err != nil {
			return fmt.Errorf("the leader is %q: %w", leader, err)
		}
		var peers []string
		if err := s.Call("Status.Peers", peer.Empty{}, &peers); err != nil {
			return err
		}
		if len(peers) != 1 || peers[0] != leader {
			return fmt.Errorf("a lone server says leader %q, peers %q", leader, peers)
		}
		return nil
	})},
	{name: "pooled/one-stream-serves-many-calls", run: onSession(func(_ target, s *peer.Session) error {
		for i := range 500 {
			if err := s.Call("Status.Ping", peer.Empty{}, nil); err != nil {
				return fmt.Errorf("call %d: %w", i, err)
			}
		}
		if n := s.NumStreams(); n != 1 {
			return fmt.Errorf("%d streams are open after calls in turn, not 1", n)
		}
		return nil
	})},
	{name: "pooled/1000-streams-at-once", run: onSession(func(_ target, s *peer.Session) error {
		return thousandStreams(s)
	})},
	{name: "pooled/1000-streams-in-turn-leave-none-open", run: onSession(func(_ target, s *peer.Session) error {
		for i := range 1000 {
			c, err := s.OpenCaller()
			if err != nil {
				return fmt.Errorf("stream %d: %w", i, err)
			}
			if err := c.Call("Status.Ping", peer.Empty{}, nil); err != nil {
				return fmt.Errorf("stream %d: %w", i, err)
			}
			c.Close()
		}
		return noStreamLeft(s)
	})},
	{name: "pooled/20-sessions-side-by-side", run: func(t target) error {
		return parallel(20, func(i int) error {
			return onSession(func(_ target, s *peer.Session) error {
				return parallel(10, func(j int) error {
					return roundTrip(s, fmt.Sprintf("interop/sessions/%d/%d", i, j), 1000)
				})
			})(t)
		})
	}},
}

// thousandStreams opens 1,000 streams, calls on every one, and calls on every one again while all are open.
func thousandStreams(s *peer.Session) error {
	const streams = 1000
	var all [streams]*peer.Caller
	if err := parallel(streams, func(i int) (err error) {
		if all[i], err = s.OpenCaller(); err != nil {
			return err
		}
		return roundTrip(all[i], fmt.Sprintf("interop/streams/%d", i), 100)
	}); err != nil {
		return err
	}
	if n := s.NumStreams(); n != streams {
		return fmt.Errorf("%d streams are open, not %d", n, streams)
	}
	if err := parallel(streams, func(i int) error {
		defer all[i].Close()
		return all[i].Call("Status.Ping", peer.Empty{}, nil)
	}); err != nil {
		return fmt.Errorf("second call: %w", err)
	}
	return noStreamLeft(s)
}

// noStreamLeft waits until the server has closed its half of every stream.
func noStreamLeft(s *peer.Session) error {
	return eventually(3*time.Second, func() error {
		if n := s.NumStreams(); n != 0 {
			return fmt.Errorf("%d streams are half open: the server did not close its half", n)
		}
		return nil
	})
}

// backlog lets a session have so many streams waiting for their acknowledgement.
func backlog(n int) func(*yamux.Config) { return func(c *yamux.Config) { c.AcceptBacklog = n } }
