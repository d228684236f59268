package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	"proconsul.test/interop/peer"
)

// lastByte is the highest byte that names a route: what is above it may be a ClientHello.
const lastByte byte = 9

// tlsFiles are the command line's. Without a certificate there is no TLS.
type tlsFiles struct {
	cert, key, ca string
	verify        bool
	highest       string
}

// tlsConfigs are those of the port's handshakes; a nil one cannot be served.
type tlsConfigs struct {
	byteFirst *tls.Config // byte 3: a client certificate if the command line says so
	insecure  *tls.Config // byte 7: never
	native    *tls.Config // by ClientHello and ALPN name: always, as Consul has it
}

// load reads the files. The configs are made once, so that tickets of one connection are good for the next.
func (f tlsFiles) load() (tlsConfigs, error) {
	var c tlsConfigs
	if f.cert == "" {
		if f.key != "" || f.ca != "" || f.verify {
			return c, errors.New("-key, -ca and -verify-incoming mean something with -cert only")
		}
		return c, nil
	}
	pair, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil {
		return c, err
	}
	base := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	switch f.highest {
	case "1.2":
		base.MaxVersion = tls.VersionTLS12
	case "1.3":
	default:
		return c, fmt.Errorf("-tls-max %s is neither 1.2 nor 1.3", f.highest)
	}
	c.insecure = base.Clone()
	c.byteFirst = base.Clone()
	if f.ca == "" {
		if f.verify {
			return c, errors.New("-verify-incoming needs -ca")
		}
		return c, nil
	}
	pem, err := os.ReadFile(f.ca)
	if err != nil {
		return c, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return c, fmt.Errorf("%s has no certificate", f.ca)
	}
	c.byteFirst.ClientCAs = pool
	if f.verify {
		c.byteFirst.ClientAuth = tls.RequireAndVerifyClientCert
	}
	c.native = base.Clone()
	c.native.ClientCAs, c.native.ClientAuth = pool, tls.RequireAndVerifyClientCert
	c.native.NextProtos = []string{peer.ALPNSingle, peer.ALPNYamux}
	return c, nil
}

// handshake makes TLS of a connection. Its deadline is the caller's, and stays.
func handshake(c net.Conn, config *tls.Config) (*tls.Conn, error) {
	if config == nil {
		return nil, errors.New("no certificate")
	}
	t := tls.Server(c, config)
	return t, t.Handshake()
}

// route gives the type byte of what runs inside a connection, and the connection as it is to be read from then on. The
// three handshakes' time is one: that of the caller's deadline.
func route(c net.Conn, configs *tlsConfigs, verify bool) (byte, net.Conn, error) {
	first, err := readByte(c)
	if err != nil {
		return 0, c, err
	}
	var config *tls.Config
	switch {
	case first == peer.ByteTLS:
		config = configs.byteFirst
	case first == peer.ByteTLSInsecure:
		config = configs.insecure
	case first > lastByte && configs.native != nil:
		t, err := handshake(&replay{Conn: c, first: []byte{first}}, configs.native)
		if err != nil {
			return 0, c, err
		}
		switch name := t.ConnectionState().NegotiatedProtocol; name {
		case peer.ALPNSingle:
			return peer.ByteSingle, t, nil
		case peer.ALPNYamux:
			return peer.ByteYamux, t, nil
		default:
			return 0, t, fmt.Errorf("nothing is behind ALPN %q", name)
		}
	case verify:
		return 0, c, errors.New("plain, where TLS is demanded")
	default:
		return first, c, nil
	}
	t, err := handshake(c, config)
	if err != nil || first == peer.ByteTLSInsecure {
		return peer.ByteSingle, t, err // nothing is inside but calls in turn
	}
	inner, err := readByte(t)
	return inner, t, err
}

func readByte(c net.Conn) (byte, error) {
	var b [1]byte
	_, err := io.ReadFull(c, b[:])
	return b[0], err
}

// replay gives back what was read ahead before it reads on.
type replay struct {
	net.Conn
	first []byte
}

func (r *replay) Read(p []byte) (int, error) {
	if len(r.first) > 0 {
		n := copy(p, r.first)
		r.first = r.first[n:]
		return n, nil
	}
	return r.Conn.Read(p)
}
