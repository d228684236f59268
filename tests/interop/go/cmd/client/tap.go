package main

import (
	"encoding/binary"
	"net"
	"sync"
	"sync/atomic"
)

// Frames of yamux as they cross the wire: what the module does not show.
const (
	frameHead = 12
	typeData  = 0
	typePing  = 2
	flagSYN   = 1
)

// tap watches the frames that the server sends, and can stop reading them.
type tap struct {
	net.Conn
	pings     atomic.Int64 // pings that the server sent of its own
	largest   atomic.Int64 // bytes of the largest data frame
	stopped   atomic.Bool
	closed    chan struct{}
	closeOnce sync.Once
	head      []byte // of the frame that is coming
	left      int64  // bytes of the present data frame
}

func newTap(c net.Conn) *tap { return &tap{Conn: c, closed: make(chan struct{})} }

// Read passes bytes on and follows the frames in them.
func (t *tap) Read(b []byte) (int, error) {
	if t.stopped.Load() {
		<-t.closed
		return 0, net.ErrClosed
	}
	n, err := t.Conn.Read(b)
	t.follow(b[:n])
	return n, err
}

// Close also lets a stopped reader go.
func (t *tap) Close() error {
	t.closeOnce.Do(func() { close(t.closed) })
	return t.Conn.Close()
}

func (t *tap) follow(b []byte) {
	for len(b) > 0 {
		if t.left > 0 {
			n := min(t.left, int64(len(b)))
			t.left -= n
			b = b[n:]
			continue
		}
		n := min(frameHead-len(t.head), len(b))
		t.head = append(t.head, b[:n]...)
		b = b[n:]
		if len(t.head) < frameHead {
			return
		}
		length := int64(binary.BigEndian.Uint32(t.head[8:]))
		switch t.head[1] {
		case typeData:
			t.left = length
			t.largest.Store(max(t.largest.Load(), length))
		case typePing:
			if binary.BigEndian.Uint16(t.head[2:])&flagSYN != 0 {
				t.pings.Add(1)
			}
		}
		t.head = t.head[:0]
	}
}
