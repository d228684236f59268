package main

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/hashicorp/consul-net-rpc/go-msgpack/codec"

	"proconsul.test/interop/peer"
)

// Operations of a snapshotRequest.
const (
	opSave = iota
	opRestore
)

// snapshotLimit is how long a snapshot may take either way.
const snapshotLimit = 5 * time.Minute

// snapshotRequest stands first on a connection of type 5.
type snapshotRequest struct {
	Datacenter string
	Token      string
	AllowStale bool
	Op         int
}

type snapshotResponse struct {
	Error string
	peer.QueryMeta
}

// snapshot writes so many keys, saves the store and restores what was saved. Megabytes are those of the state, unpacked.
func snapshot(o options, r *result) error {
	w, err := writer(o)
	if err != nil {
		return err
	}
	defer w.Close()
	r.Units = o.units
	if err := fill(o); err != nil {
		return err
	}
	var file bytes.Buffer
	save, saveCPU, err := timed(o, func() error { return exchange(o, opSave, nil, &file) })
	if err != nil {
		return err
	}
	if r.File = int64(file.Len()); r.File == 0 {
		return errors.New("the snapshot is empty")
	}
	if r.State, err = stateBytes(file.Bytes()); err != nil {
		return err
	}
	restore, restoreCPU, err := timed(o, func() error { return exchange(o, opRestore, file.Bytes(), io.Discard) })
	if err != nil {
		return err
	}
	perSecond := func(took time.Duration) float64 { return float64(r.State) / 1e6 / took.Seconds() }
	r.SaveMB, r.SaveCPU = perSecond(save), milliseconds(saveCPU)
	r.RestMB, r.RestCPU = perSecond(restore), milliseconds(restoreCPU)
	var last peer.IndexedDirEntries
	key := fmt.Sprintf("%s%08d", loadTree, o.units)
	if err := w.Call("KVS.Get", peer.Get(key, 0, 0), &last); err != nil {
		return err
	}
	if len(last.Entries) != 1 {
		return fmt.Errorf("%s is not there after the restore", key)
	}
	return empty(w)
}

func timed(o options, work func() error) (took, cpu time.Duration, err error) {
	before, began := peer.CPU(o.pid), time.Now()
	err = work()
	return time.Since(began), peer.CPU(o.pid) - before, err
}

// exchange asks, sends what there is to send, and keeps what comes behind the answer.
func exchange(o options, op int, send []byte, keep io.Writer) error {
	c, err := o.dialOnce(peer.ByteSnapshot, nil)
	if err != nil {
		return err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(snapshotLimit))
	request := peer.Encode(&snapshotRequest{Datacenter: peer.Datacenter, Op: op})
	if _, err := c.Write(append(request, send...)); err != nil {
		return err
	}
	half, ok := c.(interface{ CloseWrite() error })
	if !ok {
		return fmt.Errorf("a connection that cannot be closed by half: %T", c)
	}
	if err := half.CloseWrite(); err != nil {
		return err
	}
	// One reader for both: the decoder must not take what is behind the answer.
	from := bufio.NewReaderSize(c, 256<<10)
	var answer snapshotResponse
	if err := codec.NewDecoder(from, peer.Handle).Decode(&answer); err != nil {
		return err
	}
	if answer.Error != "" {
		return errors.New(answer.Error)
	}
	_, err = io.Copy(keep, from)
	return err
}

// stateBytes is the size of the state in a snapshot file.
func stateBytes(file []byte) (int64, error) {
	unpacked, err := gzip.NewReader(bytes.NewReader(file))
	if err != nil {
		return 0, err
	}
	for parts := tar.NewReader(unpacked); ; {
		part, err := parts.Next()
		if err != nil {
			return 0, err
		}
		if part.Name == "state.bin" {
			return part.Size, nil
		}
	}
}
