package peer

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/consul-net-rpc/go-msgpack/codec"
	msgpackrpc "github.com/hashicorp/consul-net-rpc/net-rpc-msgpackrpc"
	"github.com/hashicorp/consul-net-rpc/net/rpc"
	"github.com/hashicorp/yamux"
)

// The first byte of a connection to the server port.
const (
	ByteSingle   byte = 0
	ByteYamux    byte = 4
	ByteSnapshot byte = 5
)

// DialTimeout bounds one TCP connect.
const DialTimeout = 5 * time.Second

// Handle is the msgpack dialect, set as Consul's own handle is.
var Handle = &codec.MsgpackHandle{
	RawToString: true,
	BasicHandle: codec.BasicHandle{
		DecodeOptions: codec.DecodeOptions{MapType: reflect.TypeOf(map[string]interface{}{})},
	},
}

// Encode writes values one after another, as a request's header and body are.
func Encode(values ...any) []byte {
	var out bytes.Buffer
	enc := codec.NewEncoder(&out, Handle)
	for _, v := range values {
		if err := enc.Encode(v); err != nil {
			panic(fmt.Sprintf("a value of ours does not encode: %v", err))
		}
	}
	return out.Bytes()
}

// Request gives the bytes of a whole request.
func Request(seq uint64, method string, body any) []byte {
	return Encode(&rpc.Request{ServiceMethod: method, Seq: seq}, body)
}

// Connect opens a TCP connection. from is a loopback source address or nil.
func Connect(addr string, from *net.TCPAddr) (net.Conn, error) {
	d := net.Dialer{Timeout: DialTimeout, KeepAlive: -1}
	if from != nil {
		d.LocalAddr = from
	}
	return d.Dial("tcp", addr)
}

// Dial connects and writes the first byte, in TLS where Through is set. from is a loopback source address or nil.
func Dial(addr string, first byte, from *net.TCPAddr) (net.Conn, error) {
	if Through != nil {
		return Through.Dial(addr, first, from)
	}
	c, err := Connect(addr, from)
	if err != nil {
		return nil, err
	}
	if _, err := c.Write([]byte{first}); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// Source gives the i-th of 1,000 loopback source addresses, for loads that one address's ports or limit would stop.
func Source(i int) *net.TCPAddr {
	return &net.TCPAddr{IP: net.IPv4(127, 0, byte(1+i/250%4), byte(1+i%250))}
}

// Caller is one net/rpc connection: a whole TCP connection, or one yamux stream. It serves one call at a time.
type Caller struct {
	Conn  net.Conn
	codec *msgpackrpc.MsgpackCodec
	seq   uint64
}

// NewCaller speaks net/rpc on a connection whose type byte, if it needs one, has been written.
func NewCaller(c net.Conn) *Caller {
	return &Caller{Conn: c, codec: msgpackrpc.NewCodecFromHandle(true, true, c, Handle)}
}

// DialSingle opens a connection of type 0.
func DialSingle(addr string) (*Caller, error) {
	c, err := Dial(addr, ByteSingle, nil)
	if err != nil {
		return nil, err
	}
	return NewCaller(c), nil
}

// Call makes one call and waits for its answer. A reply of nil drops the body.
func (c *Caller) Call(method string, args, reply any) error {
	if err := c.Send(method, args); err != nil {
		return err
	}
	return c.Receive(reply)
}

// Send writes a request and does not wait.
func (c *Caller) Send(method string, args any) error {
	c.seq++
	return c.codec.WriteRequest(&rpc.Request{ServiceMethod: method, Seq: c.seq}, args)
}

// Receive reads the answer to the request sent last and checks that it names that request.
func (c *Caller) Receive(reply any) error {
	return c.ReceiveSeq(c.seq, reply)
}

// ReceiveSeq reads the next answer, which must be that of request seq.
func (c *Caller) ReceiveSeq(seq uint64, reply any) error {
	var head rpc.Response
	if err := c.codec.ReadResponseHeader(&head); err != nil {
		return err
	}
	if head.Seq != seq {
		return fmt.Errorf("answer to request %d where %d was due", head.Seq, seq)
	}
	if head.Error != "" {
		if err := c.codec.ReadResponseBody(nil); err != nil {
			return err
		}
		return rpc.ServerError(head.Error)
	}
	return c.codec.ReadResponseBody(reply)
}

// Close ends the connection or the stream.
func (c *Caller) Close() { c.Conn.Close() }

// Session is a yamux session of type 4 that keeps used streams for the next call, as Consul's pool does.
type Session struct {
	*yamux.Session
	mu   sync.Mutex
	free []*Caller
}

// DialSession opens a connection of type 4 with yamux's defaults, changed by tune where it is given.
func DialSession(addr string, tune func(*yamux.Config)) (*Session, error) {
	c, err := Dial(addr, ByteYamux, nil)
	if err != nil {
		return nil, err
	}
	return NewSession(c, tune)
}

// NewSession speaks yamux on a connection whose type byte has been written.
func NewSession(c net.Conn, tune func(*yamux.Config)) (*Session, error) {
	cfg := yamux.DefaultConfig()
	cfg.LogOutput = io.Discard
	if tune != nil {
		tune(cfg)
	}
	s, err := yamux.Client(c, cfg)
	if err != nil {
		c.Close()
		return nil, err
	}
	return &Session{Session: s}, nil
}

// OpenCaller opens a stream of its own.
func (s *Session) OpenCaller() (*Caller, error) {
	st, err := s.Session.Open()
	if err != nil {
		return nil, err
	}
	return NewCaller(st), nil
}

// Call makes one call on a kept or a new stream and keeps the stream when the call went well.
func (s *Session) Call(method string, args, reply any) error {
	c, err := s.take()
	if err != nil {
		return err
	}
	if err := c.Call(method, args, reply); err != nil {
		c.Close()
		return err
	}
	if st, ok := c.Conn.(*yamux.Stream); ok {
		st.Shrink()
	}
	s.mu.Lock()
	s.free = append(s.free, c)
	s.mu.Unlock()
	return nil
}

func (s *Session) take() (*Caller, error) {
	s.mu.Lock()
	if n := len(s.free); n > 0 {
		c := s.free[n-1]
		s.free = s.free[:n-1]
		s.mu.Unlock()
		return c, nil
	}
	s.mu.Unlock()
	return s.OpenCaller()
}

var serial atomic.Uint64

// Fresh gives a value that no earlier call gave: a write that changes nothing wakes nobody.
func Fresh() []byte {
	return fmt.Appendf(nil, "%d at %d", serial.Add(1), time.Now().UnixNano())
}
