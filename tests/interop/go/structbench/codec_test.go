package structbench

import (
	"bufio"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/hashicorp/consul-net-rpc/go-msgpack/codec"

	"proconsul.test/interop/peer"
)

// fixturesVar names the folder that the Rust example `codec_fixtures` has written its bytes to.
const fixturesVar = "PROCONSUL_CODEC_FIXTURES"

func fixture(b *testing.B, name string) []byte {
	folder := os.Getenv(fixturesVar)
	if folder == "" {
		b.Skipf("%s names no folder: run `cargo xtask bench --only structs`", fixturesVar)
	}
	bytes, err := os.ReadFile(filepath.Join(folder, name+".msgpack"))
	if err != nil {
		b.Fatal(err)
	}
	return bytes
}

// again is a connection on which the same bytes come over and over.
type again struct {
	bytes []byte
	at    int
}

func (a *again) Read(to []byte) (int, error) {
	n := copy(to, a.bytes[a.at:])
	a.at = (a.at + n) % len(a.bytes)
	return n, nil
}

// decode reads into a new value each time. A connection has one decoder, with a buffered reader, as net-rpc-msgpackrpc has.
func decode[T any](b *testing.B, name string) {
	bytes := fixture(b, name)
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			reply := new(T)
			if err := codec.NewDecoderBytes(bytes, peer.Handle).Decode(reply); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("decode-stream", func(b *testing.B) {
		b.ReportAllocs()
		dec := codec.NewDecoder(bufio.NewReader(&again{bytes: bytes}), peer.Handle)
		for b.Loop() {
			reply := new(T)
			if err := dec.Decode(reply); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// encode writes one value over and over: into a slice that is there already, and to a connection.
func encode[T any](b *testing.B, name string) {
	reply := new(T)
	bytes := fixture(b, name)
	if err := codec.NewDecoderBytes(bytes, peer.Handle).Decode(reply); err != nil {
		b.Fatal(err)
	}
	b.Run("encode", func(b *testing.B) {
		b.ReportAllocs()
		out := make([]byte, 0, 2*len(bytes))
		for b.Loop() {
			to := out
			if err := codec.NewEncoderBytes(&to, peer.Handle).Encode(reply); err != nil {
				b.Fatal(err)
			}
			if len(to) != len(bytes) {
				b.Fatalf("%d bytes, not the %d that were read", len(to), len(bytes))
			}
		}
	})
	b.Run("encode-stream", func(b *testing.B) {
		b.ReportAllocs()
		to := bufio.NewWriter(io.Discard)
		enc := codec.NewEncoder(to, peer.Handle)
		for b.Loop() {
			if err := enc.Encode(reply); err != nil {
				b.Fatal(err)
			}
			to.Flush()
		}
	})
}

func BenchmarkStructs(b *testing.B) {
	b.Run("service-nodes", func(b *testing.B) {
		encode[IndexedCheckServiceNodes](b, "service-nodes")
		decode[IndexedCheckServiceNodes](b, "service-nodes")
	})
	b.Run("keys", func(b *testing.B) {
		encode[IndexedDirEntries](b, "keys")
		decode[IndexedDirEntries](b, "keys")
	})
}
