// server is the least server that can be made of hashicorp/yamux and hashicorp/consul-net-rpc: the floor that a bench
// shows beside ours, and the peer that our own client is tested against.
//
// It serves type bytes 0 and 4 with Status.Ping, KVS.Get, KVS.List and KVS.Apply from a map, and the instances of services, as they
// are registered, by Catalog.ServiceNodes and Health.ServiceNodes. With a certificate, these run in TLS too: behind type byte 3 or 7,
// or by ALPN name where a ClientHello comes first. With -grpc-addr it serves gRPC beside them (grpc.go).
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

// handshakeTimeout bounds the wait for the first byte, a TLS handshake and the byte inside it, together.
const handshakeTimeout = 10 * time.Second

func main() {
	addr := flag.String("addr", "127.0.0.1:0", "address to listen on; port 0 takes a free one")
	grpcAddr := flag.String("grpc-addr", "", "address of gRPC: the floor of its benches; empty: none")
	var files tlsFiles
	flag.StringVar(&files.cert, "cert", "", "certificate, PEM: turns TLS on")
	flag.StringVar(&files.key, "key", "", "its key, PEM")
	flag.StringVar(&files.ca, "ca", "", "CA of the clients' certificates, PEM: turns TLS by ALPN name on")
	flag.BoolVar(&files.verify, "verify-incoming", false, "refuse plain connections, and demand a client certificate behind byte 3")
	flag.StringVar(&files.highest, "tls-max", "1.3", "highest TLS version: 1.2 or 1.3")
	flag.Parse()
	log.SetOutput(io.Discard) // net/rpc logs methods it does not export
	if err := run(*addr, *grpcAddr, files); err != nil {
		fmt.Fprintln(os.Stderr, "server:", err)
		os.Exit(1)
	}
}

func run(addr, grpcAddr string, files tlsFiles) error {
	configs, err := files.load()
	if err != nil {
		return err
	}
	srv := rpc.NewServer()
	if err := srv.Register(Status{}); err != nil {
		return err
	}
	if err := srv.Register(NewKVS()); err != nil {
		return err
	}
	catalog, health := NewCatalog()
	if err := errors.Join(srv.Register(catalog), srv.Register(health)); err != nil {
		return err
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	listening := fmt.Sprint("listening ", l.Addr())
	if grpcAddr != "" {
		at, err := serveGRPC(grpcAddr, configs.insecure)
		if err != nil {
			return err
		}
		listening += fmt.Sprint(" grpc ", at)
	}
	fmt.Println(listening)
	for {
		c, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return err
		}
		if err != nil { // out of descriptors, or a peer that is already gone
			time.Sleep(10 * time.Millisecond)
			continue
		}
		go serve(srv, c, &configs, files.verify)
	}
}

func serve(srv *rpc.Server, c net.Conn, configs *tlsConfigs, verify bool) {
	defer c.Close()
	c.SetReadDeadline(time.Now().Add(handshakeTimeout))
	first, inner, err := route(c, configs, verify)
	if err != nil {
		return
	}
	c.SetReadDeadline(time.Time{})
	switch first {
	case peer.ByteSingle:
		serveCalls(srv, inner)
	case peer.ByteYamux:
		serveSession(srv, inner)
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
