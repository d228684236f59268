package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/consul-net-rpc/net/rpc"

	"proconsul.test/interop/peer"
)

var errorChecks = []check{
	{name: "errors/method-error-keeps-the-stream", run: onSession(func(_ target, s *peer.Session) error {
		c, err := s.OpenCaller()
		if err != nil {
			return err
		}
		return errorThenPing(c)
	})},
	{name: "errors/method-error-keeps-the-connection", run: func(t target) error {
		c, err := peer.DialSingle(t.addr)
		if err != nil {
			return err
		}
		defer c.Close()
		return errorThenPing(c)
	}},
	{name: "errors/unknown-method-closes-the-stream", run: onSession(func(_ target, s *peer.Session) error {
		return answersAndCloses(s, "KVS.Nothing", "rpc: can't find method KVS.Nothing")
	})},
	{name: "errors/unknown-service-closes-the-stream", run: onSession(func(_ target, s *peer.Session) error {
		return answersAndCloses(s, "Nobody.Ping", "rpc: can't find service Nobody.Ping")
	})},
	{name: "errors/name-without-dot-closes-the-stream", run: onSession(func(_ target, s *peer.Session) error {
		return answersAndCloses(s, "Nobody", "rpc: service/method request ill-formed: Nobody")
	})},
	{name: "errors/undecodable-body-is-answered-and-closes-the-stream", run: onSession(func(_ target, s *peer.Session) error {
		c, err := s.OpenCaller()
		if err != nil {
			return err
		}
		if err := c.Send("KVS.Get", "a text where a struct belongs"); err != nil {
			return err
		}
		var answered rpc.ServerError
		if err := c.Receive(nil); !errors.As(err, &answered) {
			return fmt.Errorf("answered with %v", err)
		}
		return streamEnds(s, c)
	})},
	{name: "errors/undecodable-header-closes-the-stream-unanswered", run: onSession(func(_ target, s *peer.Session) error {
		c, err := s.OpenCaller()
		if err != nil {
			return err
		}
		if _, err := c.Conn.Write([]byte{0xc1, 0xc1, 0xc1}); err != nil {
			return err
		}
		return streamEnds(s, c)
	})},
	{name: "errors/one-stream-in-error-leaves-the-others", run: onSession(func(_ target, s *peer.Session) error {
		p, err := park(s, "interop/errors/beside", promptly*10)
		if err != nil {
			return err
		}
		for range 50 {
			if err := answersAndCloses(s, "KVS.Nothing", "rpc: can't find method"); err != nil {
				return err
			}
		}
		return p.wake(s)
	})},
}

func errorThenPing(c *peer.Caller) error {
	for range 3 {
		err := c.Call("KVS.Apply", peer.Put("", nil), nil)
		if err := wantError(err, "Must provide key"); err != nil {
			return err
		}
		if err := c.Call("Status.Ping", peer.Empty{}, nil); err != nil {
			return fmt.Errorf("ping after an error: %w", err)
		}
	}
	return nil
}

func answersAndCloses(s *peer.Session, method, text string) error {
	c, err := s.OpenCaller()
	if err != nil {
		return err
	}
	if err := wantError(c.Call(method, peer.Empty{}, nil), text); err != nil {
		return err
	}
	return streamEnds(s, c)
}

func wantError(err error, text string) error {
	var answered rpc.ServerError
	if !errors.As(err, &answered) {
		return fmt.Errorf("answered with %v, not with an error of the method", err)
	}
	if !strings.Contains(string(answered), text) {
		return fmt.Errorf("answered with %q, which lacks %q", string(answered), text)
	}
	return nil
}

// streamEnds checks that the server has closed the stream, and that its session still serves.
func streamEnds(s *peer.Session, c *peer.Caller) error {
	if err := wantEnd(c.Conn); err != nil {
		return err
	}
	c.Close()
	return s.Call("Status.Ping", peer.Empty{}, nil)
}
