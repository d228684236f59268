package main

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"proconsul.test/interop/peer"
)

// Go's client never asks for renegotiation, so the asking is done by hand: the records after the handshake are sealed
// here, with the keys that the library logs.

const (
	recordHandshake   = 22
	recordApplication = 23
	recordHead        = 5
)

// renegotiation asks for a second handshake within a connection: the server may say no and serve on, or end it; it must
// not shake hands again, and must not be kept busy by asking.
func renegotiation(t target) error {
	keys := &bytes.Buffer{}
	config, err := t.config(dialing{cert: "client", version: tls.VersionTLS12, tune: func(c *tls.Config) {
		c.CipherSuites = []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}
		c.KeyLogWriter = keys
	}})
	if err != nil {
		return err
	}
	plain, err := peer.Connect(t.addr, nil)
	if err != nil {
		return err
	}
	defer plain.Close()
	raw := &watched{Conn: plain}
	if _, err := raw.Write([]byte{peer.ByteTLS}); err != nil {
		return err
	}
	c, err := peer.Handshake(raw, config)
	if err != nil {
		return err
	}
	if _, err := c.Write([]byte{peer.ByteSingle}); err != nil {
		return err
	}
	out, err := newSealer(raw, keys.String())
	if err != nil {
		return err
	}
	before := len(raw.records())
	if err := out.send(recordHandshake, secondHello()); err != nil {
		return err
	}
	if err := out.send(recordApplication, peer.Request(1, "Status.Ping", peer.Empty{})); err != nil {
		return err
	}
	c.SetDeadline(time.Now().Add(promptly))
	answer := peer.NewCaller(c).ReceiveSeq(1, nil)
	if errors.Is(answer, net.ErrClosed) || isTimeout(answer) {
		return fmt.Errorf("after asking once: %w", answer)
	}
	for range 100 {
		if err := out.send(recordHandshake, secondHello()); err != nil {
			break // it is over
		}
	}
	if _, err := io.Copy(io.Discard, c); isTimeout(err) {
		return errors.New("the server goes on with a client that asks a hundred times")
	}
	for _, kind := range raw.records()[before:] {
		if kind == recordHandshake {
			return errors.New("the server began a second handshake")
		}
	}
	return t.pingWith(dialing{start: peer.ByteTLS, cert: "client"})
}

// secondHello is a ClientHello, as a message.
func secondHello() []byte {
	body := append([]byte{3, 3}, bytes.Repeat([]byte{0x5a}, 32)...)
	body = append(body, 0, 0, 2, 0xc0, 0x2b, 1, 0)
	return append([]byte{1, 0, 0, byte(len(body))}, body...)
}

// watched keeps what was read.
type watched struct {
	net.Conn
	mu   sync.Mutex
	read []byte
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	w.mu.Lock()
	w.read = append(w.read, p[:n]...)
	w.mu.Unlock()
	return n, err
}

// records are the types of the records read so far.
func (w *watched) records() []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	var kinds []byte
	for rest := w.read; len(rest) >= recordHead; {
		kinds = append(kinds, rest[0])
		rest = rest[min(len(rest), recordHead+int(binary.BigEndian.Uint16(rest[3:]))):]
	}
	return kinds
}

// serverRandom is in the first message of the first record.
func (w *watched) serverRandom() ([]byte, error) {
	const at, length = recordHead + 4 + 2, 32
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.read) < at+length || w.read[0] != recordHandshake || w.read[recordHead] != 2 {
		return nil, errors.New("the server did not begin with a ServerHello")
	}
	return w.read[at : at+length], nil
}

// sealer writes records of a TLS 1.2 client, AES-128-GCM, from the one after the handshake and the type byte on.
type sealer struct {
	to   io.Writer
	aead cipher.AEAD
	salt []byte
	seq  uint64
}

func newSealer(raw *watched, keyLog string) (*sealer, error) {
	fields := strings.Fields(keyLog)
	if len(fields) != 3 || fields[0] != "CLIENT_RANDOM" {
		return nil, fmt.Errorf("the key log is %q", keyLog)
	}
	clientRandom, err := hex.DecodeString(fields[1])
	if err != nil {
		return nil, err
	}
	master, err := hex.DecodeString(fields[2])
	if err != nil {
		return nil, err
	}
	serverRandom, err := raw.serverRandom()
	if err != nil {
		return nil, err
	}
	const key, salt = 16, 4
	seed := append(append([]byte("key expansion"), serverRandom...), clientRandom...)
	block := prf(master, seed, 2*(key+salt))
	aes, err := aes.NewCipher(block[:key])
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(aes)
	if err != nil {
		return nil, err
	}
	return &sealer{to: raw, aead: aead, salt: block[2*key : 2*key+salt], seq: 2}, nil // after Finished and the type byte
}

func (s *sealer) send(kind byte, content []byte) error {
	explicit := binary.BigEndian.AppendUint64(nil, s.seq)
	more := append(append([]byte{}, explicit...), kind, 3, 3, byte(len(content)>>8), byte(len(content)))
	sealed := s.aead.Seal(explicit, append(append([]byte{}, s.salt...), explicit...), content, more)
	s.seq++
	_, err := s.to.Write(append([]byte{kind, 3, 3, byte(len(sealed) >> 8), byte(len(sealed))}, sealed...))
	return err
}

// prf is TLS 1.2's P_SHA256.
func prf(secret, seed []byte, length int) []byte {
	mac := func(parts ...[]byte) []byte {
		h := hmac.New(sha256.New, secret)
		for _, part := range parts {
			h.Write(part)
		}
		return h.Sum(nil)
	}
	var out []byte
	for a := mac(seed); len(out) < length; a = mac(a) {
		out = append(out, mac(a, seed)...)
	}
	return out[:length]
}
