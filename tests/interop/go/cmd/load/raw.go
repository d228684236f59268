package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"proconsul.test/interop/peer"
)

// A yamux client with requests encoded beforehand, one call in flight on each stream, one reader and no allocation per
// call: the generator must cost less than the server.

const (
	frameHead = 12
	// windowTurn is how much a stream may take before its window is given back.
	windowTurn = 128 << 10
	// unackedMax keeps this client within what HashiCorp's own would have waiting for acknowledgement.
	unackedMax = 128
	// readBuffer is what one read may bring.
	readBuffer = 256 << 10
	// answerLimit is how long any answer may take.
	answerLimit = 20 * time.Second
)

const (
	typeData = iota
	typeWindow
	typePing
	typeGoAway
)

const (
	flagSYN = 1 << iota
	flagACK
	flagFIN
	flagRST
)

// serialMark stands in a request where a number is to be that is another each time: in a key or a value, or, as eight bytes, in a
// field for integers.
const serialMark = "########"

// serials counts what was put in such places, over all connections.
var serials atomic.Uint64

// noError is how the header of an answer without error begins its fields.
var noError = []byte("\xa5Error\xa0")

func frame(b []byte, kind byte, flags uint16, id, n uint32) []byte {
	b = binary.BigEndian.AppendUint16(append(b, 0, kind), flags)
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(b, id), n)
}

type rawStream struct {
	frame   []byte // the request, in its data frame
	serial  []byte // the part of it that is another each time, if any
	walker  walker
	head    [96]byte // how the answer begins
	headLen int
	sent    time.Time
	taken   uint32 // bytes since the window was given back
	acked   bool
	waiting bool
}

type rawConn struct {
	net.Conn
	buf     []byte
	filled  int
	left    uint32     // bytes of the present data frame still to come
	current *rawStream // whose they are; nil: nobody's
	id      uint32
	out     []byte
	streams []*rawStream // by (id-1)/2
	unacked int
	pings   int
	trouble error // the first that was seen
	// Called with each answered stream.
	answered func(*rawStream, time.Time)
}

func dialRaw(o options, from *net.TCPAddr) (*rawConn, error) {
	c, err := o.dialOnce(peer.ByteYamux, from)
	if err != nil {
		return nil, err
	}
	return &rawConn{Conn: c}, nil
}

// open queues a new stream and its first request.
func (c *rawConn) open(request []byte) *rawStream {
	id := uint32(2*len(c.streams) + 1)
	s := &rawStream{frame: append(frame(nil, typeData, 0, id, uint32(len(request))), request...)}
	if at := bytes.Index(s.frame, []byte(serialMark)); at >= 0 {
		s.serial = s.frame[at : at+len(serialMark)]
	}
	c.streams = append(c.streams, s)
	c.out = frame(c.out, typeWindow, flagSYN, id, 0)
	c.unacked++
	c.send(s)
	return s
}

// send queues a stream's request once more.
func (c *rawConn) send(s *rawStream) {
	s.walker.await(2) // header and body
	s.headLen, s.waiting = 0, true
	for n, i := serials.Add(1), len(s.serial)-1; i >= 0; i-- {
		s.serial[i] = '0' + byte(n%10)
		n /= 10
	}
	c.out = append(c.out, s.frame...)
}

func (c *rawConn) flush() error {
	if len(c.out) == 0 {
		return nil
	}
	_, err := c.Write(c.out)
	c.out = c.out[:0]
	return err
}

// turn writes what is queued, reads once and handles every frame that came.
func (c *rawConn) turn() error {
	if err := c.flush(); err != nil {
		return err
	}
	if c.buf == nil {
		c.buf = make([]byte, readBuffer)
	}
	n, err := c.Read(c.buf[c.filled:])
	if err != nil {
		return err
	}
	now, p := time.Now(), c.buf[:c.filled+n]
	for {
		if c.left > 0 && len(p) > 0 {
			n := min(uint32(len(p)), c.left)
			c.data(p[:n], now)
			p, c.left = p[n:], c.left-n
			continue
		}
		if len(p) < frameHead {
			break
		}
		if err := c.frame(p); err != nil {
			return err
		}
		p = p[frameHead:]
	}
	c.filled = copy(c.buf, p)
	return c.trouble
}

func (c *rawConn) frame(p []byte) error {
	kind, flags := p[1], binary.BigEndian.Uint16(p[2:])
	id, n := binary.BigEndian.Uint32(p[4:]), binary.BigEndian.Uint32(p[8:])
	switch kind {
	case typeData, typeWindow:
		var s *rawStream
		if i := int(id-1) / 2; i < len(c.streams) {
			s = c.streams[i]
		}
		if s == nil {
			return fmt.Errorf("a frame of stream %d, which was not opened", id)
		}
		if flags&flagACK != 0 && !s.acked {
			s.acked = true
			c.unacked--
		}
		if flags&(flagFIN|flagRST) != 0 {
			return fmt.Errorf("the server ended stream %d, flags %#x", id, flags)
		}
		if kind == typeData {
			c.current, c.id, c.left = s, id, n
		}
	case typePing:
		if flags&flagSYN != 0 {
			c.out = frame(c.out, typePing, flagACK, 0, n)
		} else {
			c.pings++
		}
	case typeGoAway:
		return fmt.Errorf("the server says go away, code %d", n)
	default:
		return fmt.Errorf("a frame of type %d", kind)
	}
	return nil
}

func (c *rawConn) data(p []byte, now time.Time) {
	s := c.current
	if s.taken += uint32(len(p)); s.taken >= windowTurn {
		c.out = frame(c.out, typeWindow, 0, c.id, s.taken)
		s.taken = 0
	}
	for len(p) > 0 {
		if !s.waiting {
			c.trouble = fmt.Errorf("%d bytes after an answer", len(p))
			return
		}
		s.headLen += copy(s.head[s.headLen:], p)
		used, done := s.walker.feed(p)
		p = p[used:]
		if !done {
			return
		}
		s.waiting = false
		if !bytes.Contains(s.head[:s.headLen], noError) {
			c.trouble = fmt.Errorf("answered with %q", s.head[:s.headLen])
		}
		c.answered(s, now)
	}
}

// settleAcks turns until so few streams wait for their acknowledgement.
func (c *rawConn) settleAcks(most int) error {
	for c.unacked > most {
		c.SetReadDeadline(time.Now().Add(answerLimit))
		if err := c.turn(); err != nil {
			return err
		}
	}
	return nil
}

// rawLoop keeps a connection's streams busy until the load is over.
func rawLoop(o options, conn int, st *stats, p *phase) error {
	c, err := dialRaw(o, nil)
	if err != nil {
		return err
	}
	defer c.Close()
	busy := o.inflight
	c.answered = func(s *rawStream, now time.Time) {
		if p.measuring.Load() {
			st.add(int64(now.Sub(s.sent)))
		}
		st.ops.Add(1)
		if p.over.Load() {
			busy--
			return
		}
		s.sent = now // written with the rest of this turn: a turn of the generator counts against the server
		c.send(s)
	}
	for i := range o.inflight {
		method, args := request(o, conn*o.inflight+i)
		c.open(peer.Request(1, method, args)).sent = time.Now()
		if err := c.settleAcks(unackedMax); err != nil {
			return err
		}
	}
	for busy > 0 {
		c.SetReadDeadline(time.Now().Add(answerLimit))
		if err := c.turn(); err != nil {
			return err
		}
	}
	c.out = frame(c.out[:0], typeGoAway, 0, 0, 0)
	return c.flush()
}
