package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"time"

	"proconsul.test/interop/peer"
)

// authority signs certificates with Consul's names.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// makeCerts fills a folder with pairs: ca, a server's, a client's, and rogue, a client's that another authority signed.
func makeCerts(dir peer.Certs) error {
	ca, err := newAuthority(dir, "ca")
	if err != nil {
		return err
	}
	other, err := newAuthority(dir, "other-ca")
	if err != nil {
		return err
	}
	if err := ca.issue(dir, "server", peer.ServerName); err != nil {
		return err
	}
	if err := ca.issue(dir, "client", "client.dc1.consul"); err != nil {
		return err
	}
	return other.issue(dir, "rogue", "client.dc1.consul")
}

func newAuthority(dir peer.Certs, name string) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := template("Interop " + name)
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &authority{cert, key}, writePair(dir, name, der, key)
}

// loadAuthority reads what makeCerts made.
func loadAuthority(dir peer.Certs) (*authority, error) {
	pair, err := dir.Pair("ca")
	if err != nil {
		return nil, err
	}
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("the authority's key is a %T", pair.PrivateKey)
	}
	return &authority{pair.Leaf, key}, nil
}

// issue makes a certificate and its key.
func (a *authority) issue(dir peer.Certs, file, name string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := template(name)
	template.DNSNames = []string{name, "localhost"}
	template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	if err != nil {
		return err
	}
	return writePair(dir, file, der, key)
}

// writePair replaces a name's two files, one after the other.
func writePair(dir peer.Certs, file string, der []byte, key *ecdsa.PrivateKey) error {
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	if err := writePEM(dir.File(file+"-key"), "PRIVATE KEY", secret); err != nil {
		return err
	}
	return writePEM(dir.File(file), "CERTIFICATE", der)
}

func template(name string) *x509.Certificate {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 100))
	if err != nil {
		panic(fmt.Sprintf("no randomness: %v", err))
	}
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(24 * time.Hour),
	}
}

// writePEM replaces a file at once, so that nobody reads half of it.
func writePEM(path, kind string, der []byte) error {
	next := path + ".next"
	if err := os.WriteFile(next, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		return err
	}
	return os.Rename(next, path)
}
