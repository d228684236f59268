package peer

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"
)

// The type bytes after which a TLS handshake follows: with a client certificate where the server demands one, and without.
const (
	ByteTLS         byte = 3
	ByteTLSInsecure byte = 7
	// ByteNone is written as nothing: native TLS, by ClientHello.
	ByteNone byte = 0xff
)

// The names by which native TLS says what a type byte says.
const (
	ALPNSingle = "consul/rpc-single"
	ALPNYamux  = "consul/rpc-multi"
)

// ServerName is in every server's certificate.
const ServerName = "server." + Datacenter + ".consul"

// HandshakeTimeout bounds one TLS handshake.
const HandshakeTimeout = 10 * time.Second

// Through is how Dial connects: in TLS after type byte 3, or, when nil, in clear.
var Through *Secure

// Secure dials in TLS.
type Secure struct{ Config *tls.Config }

// Dial does a handshake after type byte 3 and writes the first byte inside.
func (s *Secure) Dial(addr string, first byte, from *net.TCPAddr) (net.Conn, error) {
	c, err := DialTLS(addr, ByteTLS, from, s.Config)
	if err != nil {
		return nil, err
	}
	if _, err := c.Write([]byte{first}); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// DialTLS connects, writes the byte that the handshake follows, and shakes hands.
func DialTLS(addr string, start byte, from *net.TCPAddr, config *tls.Config) (*tls.Conn, error) {
	raw, err := Connect(addr, from)
	if err != nil {
		return nil, err
	}
	if start != ByteNone {
		if _, err := raw.Write([]byte{start}); err != nil {
			raw.Close()
			return nil, err
		}
	}
	return Handshake(raw, config)
}

// Handshake makes TLS of a connection, or closes it.
func Handshake(raw net.Conn, config *tls.Config) (*tls.Conn, error) {
	c := tls.Client(raw, config)
	raw.SetDeadline(time.Now().Add(HandshakeTimeout))
	if err := c.Handshake(); err != nil {
		raw.Close()
		return nil, err
	}
	raw.SetDeadline(time.Time{})
	return c, nil
}

// TCP gives what is below a connection's TLS, if it has any.
func TCP(c net.Conn) *net.TCPConn {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	return c.(*net.TCPConn)
}

// Certs is a folder of certificates: ca.pem, and pairs NAME.pem and NAME-key.pem.
type Certs string

// Pair reads the certificate and key of a name.
func (d Certs) Pair(name string) (tls.Certificate, error) {
	return tls.LoadX509KeyPair(d.File(name), d.File(name+"-key"))
}

// File is the path of a name's file.
func (d Certs) File(name string) string { return filepath.Join(string(d), name+".pem") }

// Authority reads ca.pem.
func (d Certs) Authority() (*x509.CertPool, error) {
	pem, err := os.ReadFile(d.File("ca"))
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s has no certificate", d.File("ca"))
	}
	return pool, nil
}

// Client is a config that verifies the server's name, and presents the certificate called name, or none where that is
// empty. It is presented whoever signed it: a server that does not like it has to say so.
func (d Certs) Client(name string) (*tls.Config, error) {
	pool, err := d.Authority()
	if err != nil {
		return nil, err
	}
	config := &tls.Config{RootCAs: pool, ServerName: ServerName}
	if name == "" {
		return config, nil
	}
	pair, err := d.Pair(name)
	if err != nil {
		return nil, err
	}
	config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
	return config, nil
}
