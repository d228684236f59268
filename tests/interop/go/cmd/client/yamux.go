package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/hashicorp/yamux"

	"proconsul.test/interop/peer"
)

// serverKeepAlive is how often a server of HashiCorp's defaults pings an idle connection.
const serverKeepAlive = 30 * time.Second

// yamuxChecks are what HashiCorp's yamux holds a server to.
var yamuxChecks = []check{
	{name: "yamux/streams-are-acknowledged-at-once", run: func(t target) error {
		// The module stops at its 257th stream without an acknowledgement, and gives the session up when one stays so.
		s, err := peer.DialSession(t.addr, func(c *yamux.Config) { c.StreamOpenTimeout = 2 * time.Second })
		if err != nil {
			return err
		}
		defer s.Close()
		opened := 0
		if err := within(5*time.Second, func() error {
			for ; opened < 600; opened++ {
				if _, err := s.Open(); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return fmt.Errorf("%d silent streams opened, then: %w", opened, err)
		}
		time.Sleep(3 * time.Second)
		if s.IsClosed() {
			return errors.New("the session gave up on a stream that was not acknowledged")
		}
		return within(promptly, func() error { return s.Call("Status.Ping", peer.Empty{}, nil) })
	}},
	{name: "yamux/silent-stream-does-not-hold-the-session", run: onSession(func(_ target, s *peer.Session) error {
		silent, err := s.OpenCaller()
		if err != nil {
			return err
		}
		for range 20 {
			if err := within(promptly, func() error { return s.Call("Status.Ping", peer.Empty{}, nil) }); err != nil {
				return err
			}
		}
		return within(promptly, func() error { return silent.Call("Status.Ping", peer.Empty{}, nil) })
	})},
	{name: "yamux/half-a-request-does-not-hold-the-session", run: onSession(func(_ target, s *peer.Session) error {
		st, err := s.Open()
		if err != nil {
			return err
		}
		request := peer.Request(1, "Status.Ping", peer.Empty{})
		if _, err := st.Write(request[:len(request)/2]); err != nil {
			return err
		}
		if err := within(promptly, func() error { return s.Call("Status.Ping", peer.Empty{}, nil) }); err != nil {
			return err
		}
		if _, err := st.Write(request[len(request)/2:]); err != nil {
			return err
		}
		return within(promptly, func() error { return peer.NewCaller(st).ReceiveSeq(1, nil) })
	})},
	{name: "yamux/go-away-of-the-client-leaves-streams-in-flight", run: func(t target) error {
		s, err := plain(t.addr)
		if err != nil {
			return err
		}
		defer s.Close()
		writer, err := plain(t.addr)
		if err != nil {
			return err
		}
		defer writer.Close()
		p, err := park(s, "interop/yamux/go-away", time.Minute)
		if err != nil {
			return err
		}
		if err := s.GoAway(); err != nil {
			return err
		}
		time.Sleep(parkTime)
		if err := p.wake(writer); err != nil {
			return err
		}
		return within(promptly, func() error { return p.Call("Status.Ping", peer.Empty{}, nil) })
	}},
	{name: "yamux/stream-over-the-limit-is-reset-alone", run: func(t target) error {
		if t.streamLimit == 0 {
			return skipped("the server's limit is not known")
		}
		s, err := peer.DialSession(t.addr, backlog(t.streamLimit+64))
		if err != nil {
			return err
		}
		defer s.Close()
		return overTheLimit(s, t.streamLimit)
	}},
	{name: "yamux/keepalive-pings-are-answered", run: func(t target) error {
		s, err := peer.DialSession(t.addr, func(c *yamux.Config) {
			c.EnableKeepAlive, c.KeepAliveInterval, c.ConnectionWriteTimeout = true, 100*time.Millisecond, time.Second
		})
		if err != nil {
			return err
		}
		defer s.Close()
		time.Sleep(3 * time.Second)
		if s.IsClosed() {
			return errors.New("the session gave up on a ping without an answer")
		}
		return parallel(100, func(int) error { _, err := s.Ping(); return err })
	}},
	{name: "yamux/server-pings-an-idle-connection", slow: true, timeout: serverKeepAlive * 2, run: func(t target) error {
		s, watched, err := tapped(t.addr, func(c *yamux.Config) { c.EnableKeepAlive = false })
		if err != nil {
			return err
		}
		defer s.Close()
		if err := eventually(serverKeepAlive+5*time.Second, func() error {
			if watched.pings.Load() == 0 {
				return errors.New("no ping came from the server")
			}
			return nil
		}); err != nil {
			return err
		}
		return s.Call("Status.Ping", peer.Empty{}, nil)
	}},
	{name: "yamux/silent-client-is-given-up", slow: true, timeout: serverKeepAlive * 3, run: func(t target) error {
		c, err := peer.Dial(t.addr, peer.ByteYamux, nil)
		if err != nil {
			return err
		}
		defer c.Close()
		// It never answers the server's ping: keepalive and write timeout together bound its stay.
		c.SetReadDeadline(time.Now().Add(serverKeepAlive + 20*time.Second))
		_, err = io.Copy(io.Discard, c)
		if errors.Is(err, yamux.ErrTimeout) || isTimeout(err) {
			return errors.New("the connection stayed open though no ping was answered")
		}
		return nil
	}},
	{name: "yamux/values-of-700-KiB-in-default-windows", run: onSession(func(_ target, s *peer.Session) error {
		for i := range 4 { // each time around, on the same stream: windows must come back
			if err := roundTrip(s, "interop/yamux/large", 700<<10); err != nil {
				return fmt.Errorf("time %d: %w", i, err)
			}
		}
		return nil
	})},
	{name: "yamux/frames-as-large-as-the-window", run: func(t target) error {
		const window = 4 << 20
		s, watched, err := tapped(t.addr, func(c *yamux.Config) { c.MaxStreamWindowSize = window })
		if err != nil {
			return err
		}
		defer s.Close()
		for i := range 4 {
			if err := roundTrip(s, "interop/yamux/window", 700<<10); err != nil {
				return fmt.Errorf("time %d: %w", i, err)
			}
		}
		if n := watched.largest.Load(); n > window {
			return fmt.Errorf("a frame of %d bytes in a window of %d", n, window)
		}
		return nil
	}},
	{name: "yamux/answer-after-client-half-close", run: onSession(func(_ target, s *peer.Session) error {
		const key = "interop/yamux/half"
		value := bytes.Repeat([]byte("h"), 100<<10)
		if err := put(s, key, value); err != nil {
			return err
		}
		st, err := s.OpenStream()
		if err != nil {
			return err
		}
		request := peer.Request(1, "KVS.Get", peer.Get(key, 0, 0))
		if _, err := st.Write(request); err != nil {
			return err
		}
		if err := st.Close(); err != nil { // sends FIN; what comes is still delivered
			return err
		}
		var r peer.IndexedDirEntries
		if err := peer.NewCaller(&patient{Stream: st}).ReceiveSeq(1, &r); err != nil {
			return err
		}
		if len(r.Entries) != 1 || !bytes.Equal(r.Entries[0].Value, value) {
			return fmt.Errorf("%d entries", len(r.Entries))
		}
		return eventually(promptly, func() error {
			if n := s.NumStreams(); n > 1 { // one is kept by the session for its next call
				return fmt.Errorf("the server did not close its half: %d streams", n)
			}
			return nil
		})
	})},
	{name: "yamux/server-half-close-ends-with-the-client's", run: onSession(func(_ target, s *peer.Session) error {
		if err := answersAndCloses(s, "KVS.Nothing", "rpc: can't find method"); err != nil {
			return err
		}
		return eventually(promptly, func() error {
			if n := s.NumStreams(); n > 1 {
				return fmt.Errorf("%d streams are left", n)
			}
			return nil
		})
	})},
	{name: "yamux/closing-a-stream-cancels-its-parked-query", run: onSession(func(_ target, s *peer.Session) error {
		for range 50 {
			p, err := park1(s, "interop/yamux/cancelled")
			if err != nil {
				return err
			}
			p.Close()
		}
		return within(promptly, func() error { return s.Call("Status.Ping", peer.Empty{}, nil) })
	})},
}

// park1 parks without a pause.
func park1(s *peer.Session, key string) (*parked, error) {
	if err := put(s, key, peer.Fresh()); err != nil {
		return nil, err
	}
	_, index, err := get(s, key)
	if err != nil {
		return nil, err
	}
	return parkNow(s, key, index, time.Minute)
}

// tapped is a session whose frames are watched.
func tapped(addr string, tune func(*yamux.Config)) (*peer.Session, *tap, error) {
	c, err := peer.Dial(addr, peer.ByteYamux, nil)
	if err != nil {
		return nil, nil, err
	}
	t := newTap(c)
	s, err := peer.NewSession(t, tune)
	return s, t, err
}

// patient reads a stream that this side has closed: the module then says EOF whenever nothing has come yet.
type patient struct{ *yamux.Stream }

func (p *patient) Read(b []byte) (n int, err error) {
	err = eventually(promptly, func() error {
		n, err = p.Stream.Read(b)
		return err
	})
	return n, err
}

func isTimeout(err error) bool {
	var timed interface{ Timeout() bool }
	return errors.As(err, &timed) && timed.Timeout()
}

// overTheLimit fills a session with streams, opens one more, and checks that it alone is reset.
func overTheLimit(s *peer.Session, limit int) error {
	streams := make([]*peer.Caller, limit)
	for i := range streams {
		c, err := s.OpenCaller()
		if err != nil {
			return fmt.Errorf("stream %d: %w", i, err)
		}
		streams[i] = c
	}
	last := streams[limit-1]
	if err := within(promptly, func() error { return last.Call("Status.Ping", peer.Empty{}, nil) }); err != nil {
		return fmt.Errorf("the last stream within the limit: %w", err)
	}
	extra, err := s.OpenCaller()
	if err != nil {
		return err
	}
	err = within(promptly, func() error { return extra.Call("Status.Ping", peer.Empty{}, nil) })
	if !errors.Is(err, yamux.ErrConnectionReset) {
		return fmt.Errorf("the stream over the limit ended with %v, not with a reset", err)
	}
	for _, i := range []int{0, limit / 2, limit - 1} {
		if err := within(promptly, func() error { return streams[i].Call("Status.Ping", peer.Empty{}, nil) }); err != nil {
			return fmt.Errorf("stream %d after the reset of another: %w", i, err)
		}
	}
	streams[0].Close()
	return eventually(promptly, func() error {
		again, err := s.OpenCaller()
		if err != nil {
			return err
		}
		return within(promptly, func() error { return again.Call("Status.Ping", peer.Empty{}, nil) })
	})
}
