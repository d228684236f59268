package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"proconsul.test/interop/peer"
)

var singleChecks = []check{
	{name: "single/ping", run: func(t target) error {
		c, err := peer.DialSingle(t.addr)
		if err != nil {
			return err
		}
		defer c.Close()
		return c.Call("Status.Ping", peer.Empty{}, nil)
	}},
	{name: "single/many-calls-on-one-connection", run: func(t target) error {
		c, err := peer.DialSingle(t.addr)
		if err != nil {
			return err
		}
		defer c.Close()
		for i := range 500 {
			if err := c.Call("Status.Ping", peer.Empty{}, nil); err != nil {
				return fmt.Errorf("call %d: %w", i, err)
			}
		}
		return nil
	}},
	{name: "single/requests-sent-ahead-are-answered-in-order", run: func(t target) error {
		c, err := peer.DialSingle(t.addr)
		if err != nil {
			return err
		}
		defer c.Close()
		const ahead = 50
		for range ahead {
			if err := c.Send("Status.Ping", peer.Empty{}); err != nil {
				return err
			}
		}
		for seq := uint64(1); seq <= ahead; seq++ {
			if err := c.ReceiveSeq(seq, nil); err != nil {
				return err
			}
		}
		return nil
	}},
	{name: "single/request-in-pieces-of-one-byte", run: func(t target) error {
		c, err := peer.Dial(t.addr, peer.ByteSingle, nil)
		if err != nil {
			return err
		}
		defer c.Close()
		for _, b := range peer.Request(1, "Status.Ping", peer.Empty{}) {
			if _, err := c.Write([]byte{b}); err != nil {
				return err
			}
			time.Sleep(time.Millisecond)
		}
		return peer.NewCaller(c).ReceiveSeq(1, nil)
	}},
	{name: "single/answer-after-client-half-close", run: func(t target) error {
		c, err := peer.DialSingle(t.addr)
		if err != nil {
			return err
		}
		defer c.Close()
		if err := c.Send("Status.Ping", peer.Empty{}); err != nil {
			return err
		}
		if err := c.Conn.(halfCloser).CloseWrite(); err != nil {
			return err
		}
		if err := c.Receive(nil); err != nil {
			return err
		}
		return wantEnd(c.Conn)
	}},
	{name: "single/first-byte-of-nobody-closes", run: func(t target) error {
		c, err := peer.Dial(t.addr, 0x21, nil)
		if err != nil {
			return err
		}
		defer c.Close()
		return wantEnd(c)
	}},
	{name: "single/values-of-512-KiB-both-ways", run: func(t target) error {
		c, err := peer.DialSingle(t.addr)
		if err != nil {
			return err
		}
		defer c.Close()
		return roundTrip(c, "interop/single/large", 512<<10)
	}},
}

// halfCloser is a connection, plain or TLS, whose writing half can end by itself.
type halfCloser interface{ CloseWrite() error }

// caller is what a call can be made on: a connection, a stream or a session.
type caller interface {
	Call(method string, args, reply any) error
}

// roundTrip writes a value of so many bytes and reads it back.
func roundTrip(c caller, key string, size int) error {
	value := bytes.Repeat([]byte("proconsul"), size/9+1)[:size]
	if err := put(c, key, value); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	got, _, err := get(c, key)
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	if !bytes.Equal(got, value) {
		return fmt.Errorf("read %d bytes that are not the %d written", len(got), size)
	}
	return remove(c, key)
}

// put writes a key. Only check-and-set answers with a meaning: a plain write is answered with false.
func put(c caller, key string, value []byte) error {
	return c.Call("KVS.Apply", peer.Put(key, value), nil)
}

func remove(c caller, key string) error {
	return c.Call("KVS.Apply", peer.KVSRequest{Datacenter: peer.Datacenter, Op: peer.OpDelete, DirEnt: peer.DirEntry{Key: key}}, nil)
}

// get reads a key: its value, nil where there is none, and the index of the answer.
func get(c caller, key string) ([]byte, uint64, error) {
	var r peer.IndexedDirEntries
	if err := c.Call("KVS.Get", peer.Get(key, 0, 0), &r); err != nil {
		return nil, 0, err
	}
	if len(r.Entries) == 0 {
		return nil, r.Index, nil
	}
	if len(r.Entries) != 1 || r.Entries[0].Key != key {
		return nil, 0, fmt.Errorf("asked for %q, got %d entries", key, len(r.Entries))
	}
	return r.Entries[0].Value, r.Index, nil
}

// wantEnd reads until the peer has closed; bytes before that, or silence, are errors.
func wantEnd(c net.Conn) error {
	c.SetReadDeadline(time.Now().Add(5 * time.Second))
	rest, err := io.ReadAll(io.LimitReader(c, 4096))
	var timeout net.Error
	switch {
	case errors.As(err, &timeout) && timeout.Timeout():
		return errors.New("the connection stayed open")
	case len(rest) > 0:
		return fmt.Errorf("%d bytes came before the end: %q", len(rest), rest)
	}
	return nil // an end or a reset: peers do not tell them apart
}
