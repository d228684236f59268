package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/hashicorp/consul-net-rpc/go-msgpack/codec"

	"proconsul.test/interop/peer"
)

// kvRecord is the byte in front of a key in a snapshot's state.
const kvRecord = 2

// They take the whole store back in time, so that nothing else may run beside them.
var snapshotChecks = []check{
	{name: "snapshot/what-is-saved-is-an-archive-of-records", lone: true, run: onSession(func(t target, s *peer.Session) error {
		const key = "interop/snapshot/saved"
		if err := put(s, key, []byte("kept")); err != nil {
			return err
		}
		answer, file, err := peer.Snapshot(t.addr, saving(), nil)
		if err != nil {
			return err
		}
		if answer.Error != "" || answer.Index == 0 || !answer.KnownLeader {
			return fmt.Errorf("answered %+v", answer)
		}
		meta, state, err := unpack(file)
		if err != nil {
			return err
		}
		if meta.Version != 1 || meta.Index != answer.Index || meta.Size != int64(len(state)) {
			return fmt.Errorf("its metadata is %+v, for %d bytes at index %d", meta, len(state), answer.Index)
		}
		keys, err := keysIn(state)
		if err != nil {
			return err
		}
		if string(keys[key]) != "kept" {
			return fmt.Errorf("of %d keys, this has %q", len(keys), keys[key])
		}
		return remove(s, key)
	})},
	{name: "snapshot/what-is-restored-is-all-there-is", lone: true, run: onSession(func(t target, s *peer.Session) error {
		const kept, later = "interop/snapshot/kept", "interop/snapshot/later"
		if err := errors.Join(put(s, kept, []byte("before")), s.Call("Catalog.Register", instance("restored", 8080), nil)); err != nil {
			return err
		}
		_, file, err := peer.Snapshot(t.addr, saving(), nil)
		if err != nil {
			return err
		}
		if err := errors.Join(put(s, kept, []byte("after")), put(s, later, nil), deregister(s, "restored")); err != nil {
			return err
		}
		p, err := parkAt(s, kept, lastIndex(s, kept), time.Minute)
		if err != nil {
			return err
		}
		if answer, behind, err := peer.Snapshot(t.addr, restoring(), bytes.NewReader(file)); err != nil || answer.Error != "" || len(behind) != 0 {
			return fmt.Errorf("answered %+v and %d bytes: %v", answer, len(behind), err)
		}
		if _, err := p.answer(promptly); err != nil {
			return fmt.Errorf("who waits is not told: %w", err)
		}
		if value, _, err := get(s, kept); err != nil || string(value) != "before" {
			return fmt.Errorf("it is %q: %v", value, err)
		}
		if value, _, err := get(s, later); err != nil || value != nil {
			return fmt.Errorf("what came later is %q: %v", value, err)
		}
		var r peer.IndexedServiceNodes
		if err := s.Call("Catalog.ServiceNodes", serviceQuery("restored"), &r); err != nil || len(r.ServiceNodes) != 1 {
			return fmt.Errorf("%d instances are back: %v", len(r.ServiceNodes), err)
		}
		return errors.Join(deregister(s, "restored"), remove(s, kept))
	})},
	{name: "snapshot/a-broken-file-is-refused-and-changes-nothing", lone: true, run: onSession(func(t target, s *peer.Session) error {
		const key = "interop/snapshot/unharmed"
		_, file, err := peer.Snapshot(t.addr, saving(), nil)
		if err != nil {
			return err
		}
		if err := put(s, key, []byte("still")); err != nil {
			return err
		}
		flipped := bytes.Clone(file)
		flipped[len(file)/2] ^= 0x10
		for name, broken := range map[string][]byte{
			"nothing": {}, "cut": file[:len(file)/2], "a little cut": file[:len(file)-1], "flipped": flipped, "text": []byte("no snapshot"),
		} {
			answer, _, err := peer.Snapshot(t.addr, restoring(), bytes.NewReader(broken))
			if err != nil || answer.Error == "" {
				return fmt.Errorf("%s: answered %+v, %v", name, answer, err)
			}
		}
		if value, _, err := get(s, key); err != nil || string(value) != "still" {
			return fmt.Errorf("it is %q: %v", value, err)
		}
		return remove(s, key)
	})},
	{name: "snapshot/what-is-no-request-is-refused-by-its-text", lone: true, run: func(t target) error {
		for text, request := range map[string]peer.SnapshotRequest{
			"No path to datacenter":         {Datacenter: "elsewhere"},
			"stale not allowed for restore": {Datacenter: peer.Datacenter, AllowStale: true, Op: peer.SnapshotRestore},
			`unrecognized snapshot op '\t'`: {Datacenter: peer.Datacenter, Op: 9},
		} {
			answer, behind, err := peer.Snapshot(t.addr, request, nil)
			if err != nil {
				return err
			}
			if answer.Error != text || len(behind) != 0 {
				return fmt.Errorf("answered %q and %d bytes, not %q", answer.Error, len(behind), text)
			}
		}
		return nil
	}},
}

func saving() peer.SnapshotRequest { return peer.SnapshotRequest{Datacenter: peer.Datacenter} }

func restoring() peer.SnapshotRequest {
	return peer.SnapshotRequest{Datacenter: peer.Datacenter, Op: peer.SnapshotRestore}
}

func lastIndex(s *peer.Session, key string) uint64 {
	_, index, _ := get(s, key)
	return index
}

// metadata is what an archive says of itself.
type metadata struct {
	Version int
	Index   uint64
	Size    int64
}

// unpack reads an archive and holds its parts to the sums in it.
func unpack(file []byte) (meta metadata, state []byte, err error) {
	plain, err := gzip.NewReader(bytes.NewReader(file))
	if err != nil {
		return meta, nil, err
	}
	parts := map[string][]byte{}
	for archive := tar.NewReader(plain); ; {
		header, err := archive.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return meta, nil, err
		}
		if parts[header.Name], err = io.ReadAll(archive); err != nil {
			return meta, nil, err
		}
	}
	for _, name := range []string{"meta.json", "state.bin"} {
		sum := sha256.Sum256(parts[name])
		if line := hex.EncodeToString(sum[:]) + "  " + name; !strings.Contains(string(parts["SHA256SUMS"]), line) {
			return meta, nil, fmt.Errorf("the sums do not have %q", line)
		}
	}
	return meta, parts["state.bin"], json.Unmarshal(parts["meta.json"], &meta)
}

// keysIn reads a state to its end: a header, then a byte and a value for each record.
func keysIn(state []byte) (map[string][]byte, error) {
	from := bytes.NewReader(state)
	dec := codec.NewDecoder(from, peer.Handle)
	var header struct{ LastIndex uint64 }
	if err := dec.Decode(&header); err != nil {
		return nil, err
	}
	keys := map[string][]byte{}
	for {
		kind, err := from.ReadByte()
		if err == io.EOF {
			return keys, nil
		}
		var entry peer.DirEntry
		var other any
		if kind == kvRecord {
			err = dec.Decode(&entry)
			keys[entry.Key] = entry.Value
		} else {
			err = dec.Decode(&other)
		}
		if err != nil {
			return nil, fmt.Errorf("a record of type %d: %w", kind, err)
		}
	}
}
