package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/hashicorp/yamux"

	"proconsul.test/interop/peer"
)

// strainChecks are bad peers: the server's memory stays bounded and its other clients notice nothing.
var strainChecks = []check{
	{name: "strain/session-that-never-reads", lone: true, run: neverReads},
	{name: "strain/parked-clients-vanish", lone: true, run: parkedVanish},
	{name: "strain/connections-over-the-limit", lone: true, run: connectionsOverTheLimit},
	{name: "strain/silent-connections-hold-nobody", lone: true, run: func(t target) error {
		for i := range 500 {
			c, err := net.DialTCP("tcp", peer.Source(i), mustAddr(t.addr))
			if err != nil {
				return err
			}
			defer c.Close()
		}
		return othersNotice(t, time.Second)
	}},
}

// neverReads asks for much and reads nothing of it.
func neverReads(t target) error {
	other, err := plain(t.addr)
	if err != nil {
		return err
	}
	defer other.Close()
	const key, size = "interop/strain/large", 256 << 10
	if err := put(other, key, bytes.Repeat([]byte("n"), size)); err != nil {
		return err
	}
	before := peer.RSS(t.pid)
	s, gate, err := tapped(t.addr, func(c *yamux.Config) { c.EnableKeepAlive, c.AcceptBacklog = false, 4096 })
	if err != nil {
		return err
	}
	defer s.Close()
	gate.stopped.Store(true)
	// Every stream may fill its own window: this many windows are what the server could be made to hold.
	const streams = 1000
	sent := make(chan int, 1)
	go func() {
		for i := range streams {
			c, err := s.OpenCaller()
			if err == nil {
				err = c.Send("KVS.Get", peer.Get(key, 0, 0))
			}
			if err != nil {
				sent <- i
				return
			}
		}
		sent <- streams
	}()
	if err := othersNotice(t, 6*time.Second); err != nil {
		return err
	}
	grown := peer.RSS(t.pid) - before
	if t.pid != 0 && grown > t.memoryBound {
		return fmt.Errorf("the server grew by %d KiB for a client that reads nothing", grown>>10)
	}
	return within(promptly, func() error { return s.Close() })
}

// parkedVanish parks queries, resets their connections, and does it again: what is left behind would add up.
func parkedVanish(t target) error {
	const rounds, sessions, each = 5, 10, 500
	writer, err := plain(t.addr)
	if err != nil {
		return err
	}
	defer writer.Close()
	idle := peer.Descriptors(t.pid)
	var first int64
	for round := range rounds {
		index := uint64(0)
		if err := put(writer, "interop/strain/any", peer.Fresh()); err != nil {
			return err
		}
		if _, index, err = get(writer, "interop/strain/any"); err != nil {
			return err
		}
		if err := parallel(sessions, func(i int) error {
			c, err := peer.Dial(t.addr, peer.ByteYamux, nil)
			if err != nil {
				return err
			}
			defer c.Close()
			s, err := peer.NewSession(c, nil)
			if err != nil {
				return err
			}
			for j := range each {
				if _, err := parkNow(s, fmt.Sprintf("interop/strain/%d/%d", i, j), index, 10*time.Minute); err != nil {
					return err
				}
			}
			time.Sleep(parkTime)
			return peer.TCP(c).SetLinger(0) // closing now resets
		}); err != nil {
			return err
		}
		if err := eventually(time.Second, func() error {
			if now := peer.Descriptors(t.pid); now > idle {
				return fmt.Errorf("%d descriptors were open, %d are one second after the clients vanished", idle, now)
			}
			return nil
		}); err != nil {
			return err
		}
		time.Sleep(time.Second)
		switch now := peer.RSS(t.pid); round {
		case 0: // the server's buffers and allocator have seen this load once
		case 1:
			first = now
		case rounds - 1:
			const bound = 4 << 20
			if now-first > bound {
				return fmt.Errorf("%d KiB more after %d queries vanished, %d KiB after twice as many",
					(now-first)>>10, sessions*each*(rounds-2), bound>>10)
			}
		}
		if err := othersNotice(t, 200*time.Millisecond); err != nil {
			return err
		}
	}
	if t.pid == 0 {
		return skipped("vanished without harm; the server's process is not known, so its memory was not looked at")
	}
	return nil
}

// connectionsOverTheLimit opens more connections than one address may have: some are refused, others' are not.
func connectionsOverTheLimit(t target) error {
	if t.connLimit == 0 {
		return skipped("the server's limit is not known")
	}
	greedy := &net.TCPAddr{IP: net.IPv4(127, 0, 7, 7)}
	var refused int
	for range t.connLimit + 50 {
		c, err := peer.Dial(t.addr, peer.ByteSingle, greedy)
		if err != nil {
			refused++
			continue
		}
		defer c.Close()
		c.SetDeadline(time.Now().Add(promptly))
		if err := peer.NewCaller(c).Call("Status.Ping", peer.Empty{}, nil); err != nil {
			refused++
		}
	}
	if refused != 50 {
		return fmt.Errorf("%d of %d connections were refused, the limit is %d", refused, t.connLimit+50, t.connLimit)
	}
	return othersNotice(t, 200*time.Millisecond)
}

// othersNotice calls from elsewhere for a while: every call must be answered promptly.
func othersNotice(t target, during time.Duration) error {
	return within(during+2*promptly, func() error {
		s, err := plain(t.addr)
		if err != nil {
			return err
		}
		defer s.Close()
		for end := time.Now().Add(during); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
			started := time.Now()
			if err := s.Call("Status.Ping", peer.Empty{}, nil); err != nil {
				return fmt.Errorf("another client: %w", err)
			}
			if took := time.Since(started); took > time.Second {
				return fmt.Errorf("another client waited %v for its answer", took)
			}
		}
		return nil
	})
}

func mustAddr(addr string) *net.TCPAddr {
	a, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		panic(errors.Join(errors.New("-addr is no address"), err))
	}
	return a
}
