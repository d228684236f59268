package main

import (
	"crypto/tls"
	"errors"
	"flag"
	"net"
	"time"

	"proconsul.test/interop/peer"
)

// Ways of -tls.
const (
	tlsNone = "none"
	tlsByte = "byte"
	tlsALPN = "alpn"
)

// alpnNames say in a ClientHello what a type byte says.
var alpnNames = map[byte]string{peer.ByteSingle: peer.ALPNSingle, peer.ByteYamux: peer.ALPNYamux}

// secure is what the command line says of TLS.
type secure struct {
	how, name, cert, key string
	resume               bool
}

func (s *secure) flags() {
	flag.StringVar(&s.how, "tls", tlsNone, "none; byte: type byte 3, a handshake, the inner byte; alpn: a handshake with the route's name")
	flag.StringVar(&s.name, "tls-name", peer.ServerName, "the name in the ClientHello")
	flag.StringVar(&s.cert, "cert", "", "client certificate, PEM")
	flag.StringVar(&s.key, "key", "", "its key, PEM")
	flag.BoolVar(&s.resume, "resume", false, "resume the session of the connection before; it is an error if the server does not")
}

// dialer makes the connections of one worker.
type dialer struct {
	addr   string
	how    string
	config *tls.Config // without ALPN names
	resume bool
	dialed bool
}

// dialer gives a worker its own, with tickets of its own.
func (o options) dialer() (*dialer, error) {
	d := &dialer{addr: o.addr, how: o.tls.how, resume: o.tls.resume}
	if d.how == tlsNone {
		return d, nil
	}
	d.config = &tls.Config{
		ServerName: o.tls.name,
		// The server's work is what is measured. Its signature is checked all the same, the chain above it is not.
		InsecureSkipVerify: true,
		MinVersion:         tls.VersionTLS13,
		// What every server here has: a newer curve on one side only would compare curves.
		CurvePreferences: []tls.CurveID{tls.CurveP256},
	}
	if o.tls.cert != "" {
		pair, err := tls.LoadX509KeyPair(o.tls.cert, o.tls.key)
		if err != nil {
			return nil, err
		}
		d.config.Certificates = []tls.Certificate{pair}
	}
	if d.resume {
		d.config.ClientSessionCache = tls.NewLRUClientSessionCache(1)
	}
	return d, nil
}

// dial gives a connection on which the route of a type byte is agreed.
func (d *dialer) dial(first byte, from *net.TCPAddr) (net.Conn, error) {
	switch d.how {
	case tlsByte:
		raw, err := peer.Dial(d.addr, peer.ByteTLS, from)
		if err != nil {
			return nil, err
		}
		c, err := d.handshake(raw, d.config)
		if err == nil {
			_, err = c.Write([]byte{first})
		}
		if err != nil {
			raw.Close()
			return nil, err
		}
		return c, nil
	case tlsALPN:
		raw, err := peer.Connect(d.addr, from)
		if err != nil {
			return nil, err
		}
		config := d.config.Clone()
		config.NextProtos = []string{alpnNames[first]}
		c, err := d.handshake(raw, config)
		if err != nil {
			raw.Close()
			return nil, err
		}
		return c, nil
	}
	return peer.Dial(d.addr, first, from)
}

func (d *dialer) handshake(raw net.Conn, config *tls.Config) (net.Conn, error) {
	c := tls.Client(raw, config)
	raw.SetDeadline(time.Now().Add(answerLimit))
	if err := c.Handshake(); err != nil {
		return nil, err
	}
	raw.SetDeadline(time.Time{})
	if d.resume && d.dialed && !c.ConnectionState().DidResume {
		return nil, errors.New("the server did not resume the session")
	}
	d.dialed = true
	return c, nil
}

// dialOnce is for those who make one connection.
func (o options) dialOnce(first byte, from *net.TCPAddr) (net.Conn, error) {
	d, err := o.dialer()
	if err != nil {
		return nil, err
	}
	return d.dial(first, from)
}
