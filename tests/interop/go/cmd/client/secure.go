package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"proconsul.test/interop/peer"
)

// What a TLS server of ours is asked, beside Go's client: both versions, both ways in, every name.

// names are all ALPN names of the server port.
var names = []string{
	peer.ALPNSingle, peer.ALPNYamux, "consul/raft", "consul/rpc-snapshot", "consul/rpc-gossip", "consul/rpc-grpc",
	"consul/raft-forwarding", "consul/wan-gossip/packet", "consul/wan-gossip/stream",
}

// disabledAutoEncrypt is what a server without auto_encrypt answers on byte 7.
const disabledAutoEncrypt = "AutoEncrypt.AllowTLS must be enabled in order to use this endpoint"

var versions = []struct {
	name   string
	number uint16
}{{"1.2", tls.VersionTLS12}, {"1.3", tls.VersionTLS13}}

// dialing says how one connection is made: a byte before the handshake or a name within it.
type dialing struct {
	start   byte
	alpn    string
	cert    string
	version uint16
	tune    func(*tls.Config)
}

func (t target) dial(d dialing) (*tls.Conn, error) {
	config, err := t.config(d)
	if err != nil {
		return nil, err
	}
	return peer.DialTLS(t.addr, d.start, nil, config)
}

func (t target) config(d dialing) (*tls.Config, error) {
	config, err := t.certs.Client(d.cert)
	if err != nil {
		return nil, err
	}
	config.MinVersion, config.MaxVersion = d.version, d.version
	if d.alpn != "" {
		config.NextProtos = []string{d.alpn}
	}
	if d.tune != nil {
		d.tune(config)
	}
	return config, nil
}

// single dials for calls in turn: with the type byte inside, or with the name that says the same.
func (t target) single(d dialing) (*peer.Caller, *tls.Conn, error) {
	c, err := t.dial(d)
	if err != nil {
		return nil, nil, err
	}
	if d.start == peer.ByteTLS {
		if _, err := c.Write([]byte{peer.ByteSingle}); err != nil {
			return nil, nil, err
		}
	}
	c.SetDeadline(time.Now().Add(promptly))
	return peer.NewCaller(c), c, nil
}

// ways are the two dialings that lead to calls in turn.
func ways(version uint16, cert string) map[string]dialing {
	return map[string]dialing{
		"byte-3": {start: peer.ByteTLS, cert: cert, version: version},
		"alpn":   {start: peer.ByteNone, alpn: peer.ALPNSingle, cert: cert, version: version},
	}
}

// tlsChecks are made where there are certificates.
func tlsChecks() []check {
	all := []check{
		{name: "tls/versions-before-1.2-are-refused", run: oldVersions},
		{name: "tls/1.3/another-curve-is-asked-for", run: helloRetry},
		{name: "tls/1.2/renegotiation-is-refused", run: renegotiation},
	}
	for _, suite := range []uint16{
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
		tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
		tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
	} {
		all = append(all, check{name: "tls/1.2/" + tls.CipherSuiteName(suite), run: func(t target) error {
			return t.pingWith(dialing{start: peer.ByteTLS, cert: "client", version: tls.VersionTLS12,
				tune: func(c *tls.Config) { c.CipherSuites = []uint16{suite} }})
		}})
	}
	for _, version := range versions {
		name := func(what string) string { return "tls/" + version.name + "/" + what }
		for way, d := range ways(version.number, "client") {
			all = append(all,
				check{name: name(way + "-serves-calls-in-turn"), run: func(t target) error { return t.turns(d) }},
				check{name: name(way + "-resumes"), run: func(t target) error { return t.resumes(d) }},
				check{name: name(way + "-answers-after-half-close"), run: func(t target) error { return t.halfClose(d) }},
				check{name: name(way + "-hello-in-pieces-of-one-byte"), run: func(t target) error { return t.inPieces(d) }},
			)
		}
		all = append(all,
			check{name: name("byte-3-serves-a-session"), run: func(t target) error {
				return t.session(dialing{start: peer.ByteTLS, cert: "client", version: version.number})
			}},
			check{name: name("alpn-serves-a-session"), run: func(t target) error {
				return t.session(dialing{start: peer.ByteNone, alpn: peer.ALPNYamux, cert: "client", version: version.number})
			}},
			check{name: name("every-alpn-name-is-agreed"), run: func(t target) error { return t.everyName(version.number) }},
			check{name: name("an-unknown-alpn-name-is-refused"), run: func(t target) error {
				_, err := t.dial(dialing{start: peer.ByteNone, alpn: "consul/other", cert: "client", version: version.number})
				return wantAlert(err, "no application protocol")
			}},
			check{name: name("without-an-alpn-name-it-ends"), run: func(t target) error {
				c, err := t.dial(dialing{start: peer.ByteNone, cert: "client", version: version.number})
				if err != nil {
					return err
				}
				defer c.Close()
				return wantEnd(c)
			}},
			check{name: name("byte-7-has-its-own-methods"), run: func(t target) error { return t.insecure(version.number) }},
			check{name: name("without-a-client-certificate"), run: func(t target) error { return t.stranger(version.number, "") }},
			check{name: name("with-a-foreign-client-certificate"), run: func(t target) error { return t.stranger(version.number, "rogue") }},
			check{name: name("a-client-that-trusts-another-authority-hurts-nobody"), run: func(t target) error {
				return t.distrust(version.number)
			}},
		)
	}
	return all
}

func (t target) pingWith(d dialing) error {
	c, conn, err := t.single(d)
	if err != nil {
		return err
	}
	defer conn.Close()
	return c.Call("Status.Ping", peer.Empty{}, nil)
}

func (t target) turns(d dialing) error {
	c, conn, err := t.single(d)
	if err != nil {
		return err
	}
	defer conn.Close()
	for i := range 100 {
		if err := c.Call("Status.Ping", peer.Empty{}, nil); err != nil {
			return fmt.Errorf("call %d: %w", i, err)
		}
	}
	// More than a record holds, both ways.
	return roundTrip(c, fmt.Sprintf("interop/tls/%x/%s/%d", d.start, d.alpn, d.version), 400<<10)
}

func (t target) session(d dialing) error {
	c, err := t.dial(d)
	if err != nil {
		return err
	}
	if d.start == peer.ByteTLS {
		if _, err := c.Write([]byte{peer.ByteYamux}); err != nil {
			return err
		}
	}
	s, err := peer.NewSession(c, nil)
	if err != nil {
		return err
	}
	defer s.Close()
	return parallel(50, func(i int) error {
		return roundTrip(s, fmt.Sprintf("interop/tls/%x/%d/%d", d.start, d.version, i), 20_000)
	})
}

// resumes dials a few times with the tickets of the connection before.
func (t target) resumes(d dialing) error {
	cache := tls.NewLRUClientSessionCache(4)
	d.tune = func(c *tls.Config) { c.ClientSessionCache = cache }
	for i := range 4 {
		c, conn, err := t.single(d)
		if err != nil {
			return fmt.Errorf("connection %d: %w", i, err)
		}
		// The answer's records come after the tickets, so reading it reads them too.
		err = c.Call("Status.Ping", peer.Empty{}, nil)
		resumed := conn.ConnectionState().DidResume
		conn.Close()
		if err != nil {
			return fmt.Errorf("connection %d (resumed: %v): %w", i, resumed, err)
		}
		if resumed != (i > 0) {
			return fmt.Errorf("connection %d resumed: %v", i, resumed)
		}
	}
	return nil
}

func (t target) halfClose(d dialing) error {
	c, conn, err := t.single(d)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := c.Send("Status.Ping", peer.Empty{}); err != nil {
		return err
	}
	if err := conn.CloseWrite(); err != nil {
		return err
	}
	if err := c.Receive(nil); err != nil {
		return err
	}
	return wantEnd(conn)
}

// crumbs writes every byte by itself.
type crumbs struct{ net.Conn }

func (c crumbs) Write(p []byte) (int, error) {
	for i := range p {
		if _, err := c.Conn.Write(p[i : i+1]); err != nil {
			return i, err
		}
	}
	return len(p), nil
}

func (t target) inPieces(d dialing) error {
	config, err := t.config(d)
	if err != nil {
		return err
	}
	raw, err := peer.Connect(t.addr, nil)
	if err != nil {
		return err
	}
	defer raw.Close()
	if d.start != peer.ByteNone {
		if _, err := raw.Write([]byte{d.start}); err != nil {
			return err
		}
	}
	c, err := peer.Handshake(crumbs{raw}, config)
	if err != nil {
		return err
	}
	if d.start != peer.ByteNone {
		if _, err := c.Write([]byte{peer.ByteSingle}); err != nil {
			return err
		}
	}
	return peer.NewCaller(c).Call("Status.Ping", peer.Empty{}, nil)
}

func (t target) everyName(version uint16) error {
	for _, name := range names {
		c, err := t.dial(dialing{start: peer.ByteNone, alpn: name, cert: "client", version: version})
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		agreed := c.ConnectionState().NegotiatedProtocol
		c.Close()
		if agreed != name {
			return fmt.Errorf("%q was agreed, not %q", agreed, name)
		}
	}
	return nil
}

// insecure asks what is behind byte 7, where nobody is asked for a certificate.
func (t target) insecure(version uint16) error {
	for method, expected := range map[string]string{
		"Status.Ping":      "rpc: can't find service Status.Ping",
		"AutoEncrypt.Sign": disabledAutoEncrypt,
	} {
		c, conn, err := t.single(dialing{start: peer.ByteTLSInsecure, version: version})
		if err != nil {
			return err
		}
		err = c.Call(method, map[string]string{"Datacenter": peer.Datacenter, "CSR": "x"}, nil)
		conn.Close()
		if err == nil || err.Error() != expected {
			return fmt.Errorf("%s: %v", method, err)
		}
	}
	return nil
}

// stranger comes without a certificate that the server's authority signed: byte 3 takes it where none is demanded, names never.
func (t target) stranger(version uint16, cert string) error {
	for way, d := range ways(version, cert) {
		err := t.pingWith(d)
		switch {
		case way == "byte-3" && !t.demands:
			if err != nil {
				return fmt.Errorf("%s: %w", way, err)
			}
		default:
			if err := wantAlert(err, ""); err != nil {
				return fmt.Errorf("%s: %w", way, err)
			}
		}
	}
	return nil
}

// distrust does not take the server's certificate, and says so in the middle of the handshake.
func (t target) distrust(version uint16) error {
	for range 20 {
		_, err := t.dial(dialing{start: peer.ByteTLS, cert: "client", version: version, tune: func(c *tls.Config) {
			c.RootCAs = x509.NewCertPool()
		}})
		var unknown x509.UnknownAuthorityError
		if !errors.As(err, &unknown) {
			return fmt.Errorf("the handshake ended with %v", err)
		}
	}
	return t.pingWith(dialing{start: peer.ByteTLS, cert: "client", version: version})
}

func oldVersions(t target) error {
	for _, version := range []uint16{tls.VersionTLS10, tls.VersionTLS11} {
		for way, d := range ways(version, "client") {
			_, err := t.dial(d)
			if err := wantAlert(err, "protocol version not supported"); err != nil {
				return fmt.Errorf("%s, %s: %w", way, tls.VersionName(version), err)
			}
		}
	}
	return nil
}

// helloRetry offers a share of a curve, or one of a kind that the server may not have and the name of a curve.
func helloRetry(t target) error {
	for _, curve := range []tls.CurveID{tls.X25519, tls.CurveP256, tls.CurveP384} {
		for way, d := range ways(tls.VersionTLS13, "client") {
			for _, first := range []tls.CurveID{curve, tls.X25519MLKEM768} {
				d.tune = func(c *tls.Config) { c.CurvePreferences = []tls.CurveID{first, curve} }
				if err := t.pingWith(d); err != nil {
					return fmt.Errorf("%s, %v beside %v: %w", way, curve, first, err)
				}
			}
		}
	}
	return nil
}

// wantAlert is for what must be refused: with an alert that holds the text, not by silence or a bare end.
func wantAlert(err error, text string) error {
	var alert *net.OpError
	switch {
	case err == nil:
		return errors.New("it was not refused")
	case !errors.As(err, &alert) || alert.Op != "remote error":
		return fmt.Errorf("it was not refused by an alert: %w", err)
	case !strings.Contains(err.Error(), text):
		return fmt.Errorf("refused otherwise: %w", err)
	}
	return nil
}
