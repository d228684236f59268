// server is the least server that can be made of hashicorp/yamux and hashicorp/consul-net-rpc: the floor that a bench
// shows beside ours, and the peer that our own client is tested against.
//
// It serves type bytes 0 and 4 with Status.Ping, KVS.Get, KVS.List and KVS.Apply from a map.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"time"

	msgpackrpc "github.com/hashicorp/consul-net-rpc/net-rpc-msgpackrpc"
	"github.com/hashicorp/consul-net-rpc/net/rpc"
	"github.com/hashicorp/yamux"

	"proconsul.test/interop/peer"
)

// handshakeTimeout bounds the wait for the first byte.
const handshakeTimeout = 10 * time.Second

func main() {
	addr := flag.String("addr", "127.0.0.1:0", "address to listen on; port 0 takes a free one")
	flag.Parse()
	log.SetOutput(io.Discard) // net/rpc logs methods it does not export
	if err := run(*addr); err != nil {
		fmt.Fprintln(os.Stderr, "server:", err)
		os.Exit(1)
	}
}

func run(addr string) error {
	srv := rpc.NewServer()
	if err := srv.Register(Status{}); err != nil {
		return err
	}
	if err := srv.Register(NewKVS()); err != nil {
		return err
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	fmt.Println("listening", l.Addr())
	for {
		c, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return err
		}
		if err != nil { // out of descriptors, or a peer that is already gone
			time.Sleep(10 * time.Millisecond)
			continue
		}
		go serve(srv, c)
	}
}

func serve(srv *rpc.Server, c net.Conn) {
	defer c.Close()
	var first [1]byte
	c.SetReadDeadline(time.Now().Add(handshakeTimeout))
	if _, err := io.ReadFull(c, first[:]); err != nil {
		return
	}
	c.SetReadDeadline(time.Time{})
	switch first[0] {
	case peer.ByteSingle:
		serveCalls(srv, c)
	case peer.ByteYamux:
		serveSession(srv, c)
	}
}

func serveSession(srv *rpc.Server, c net.Conn) {
	cfg := yamux.DefaultConfig()
	cfg.LogOutput = io.Discard
	session, err := yamux.Server(c, cfg)
	if err != nil {
		return
	}
	defer session.Close()
	for {
		stream, err := session.Accept()
		if err != nil {
			return
		}
		go serveCalls(srv, stream)
	}
}

// serveCalls answers one call after another until the peer stops or a request cannot be understood.
func serveCalls(srv *rpc.Server, c net.Conn) {
	defer c.Close()
	codec := msgpackrpc.NewCodecFromHandle(true, true, c, peer.Handle)
	for srv.ServeRequest(codec) == nil {
	}
}
