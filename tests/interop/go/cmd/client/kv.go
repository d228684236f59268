package main

import (
	"bytes"
	"fmt"
	"slices"

	"proconsul.test/interop/peer"
)

var kvChecks = []check{
	{name: "kv/write-and-read/single", run: func(t target) error {
		c, err := peer.DialSingle(t.addr)
		if err != nil {
			return err
		}
		defer c.Close()
		return writeAndRead(c, "interop/kv/single")
	}},
	{name: "kv/write-and-read/pooled", run: onSession(func(_ target, s *peer.Session) error {
		return writeAndRead(s, "interop/kv/pooled")
	})},
	{name: "kv/missing-key-has-an-index-and-no-entry", run: onSession(func(_ target, s *peer.Session) error {
		if err := put(s, "interop/kv/present", peer.Fresh()); err != nil { // so that the table has an index
			return err
		}
		value, index, err := get(s, "interop/kv/absent")
		if err != nil {
			return err
		}
		if value != nil || index == 0 {
			return fmt.Errorf("value %q, index %d", value, index)
		}
		return nil
	})},
	{name: "kv/list-is-sorted-and-bounded-by-prefix", run: onSession(func(_ target, s *peer.Session) error {
		want := []string{"interop/list/a", "interop/list/b", "interop/list/b/c"}
		for _, key := range []string{want[2], "interop/listless", want[0], want[1]} {
			if err := put(s, key, []byte(key)); err != nil {
				return err
			}
		}
		var r peer.IndexedDirEntries
		if err := s.Call("KVS.List", peer.Get("interop/list/", 0, 0), &r); err != nil {
			return err
		}
		var keys []string
		for _, e := range r.Entries {
			keys = append(keys, e.Key)
		}
		if !slices.Equal(keys, want) {
			return fmt.Errorf("listed %q", keys)
		}
		return remove(s, "interop/listless")
	})},
	{name: "kv/list-keys-folds-at-the-separator", run: onSession(func(_ target, s *peer.Session) error {
		for _, key := range []string{"interop/keys/a", "interop/keys/b/1", "interop/keys/b/2"} {
			if err := put(s, key, nil); err != nil {
				return err
			}
		}
		q := peer.KeyListRequest{Datacenter: peer.Datacenter, Prefix: "interop/keys/", Seperator: "/"}
		var r peer.IndexedKeyList
		if err := s.Call("KVS.ListKeys", q, &r); err != nil {
			return err
		}
		if !slices.Equal(r.Keys, []string{"interop/keys/a", "interop/keys/b/"}) {
			return fmt.Errorf("listed %q", r.Keys)
		}
		return nil
	})},
	{name: "kv/check-and-set", run: onSession(func(_ target, s *peer.Session) error {
		const key = "interop/kv/cas"
		if err := remove(s, key); err != nil {
			return err
		}
		cas := func(index uint64) (done bool, err error) {
			e := peer.DirEntry{Key: key, Value: peer.Fresh(), RaftIndex: peer.RaftIndex{ModifyIndex: index}}
			err = s.Call("KVS.Apply", peer.KVSRequest{Datacenter: peer.Datacenter, Op: peer.OpCAS, DirEnt: e}, &done)
			return done, err
		}
		if done, err := cas(0); err != nil || !done {
			return fmt.Errorf("create: %v, %v", done, err)
		}
		_, index, err := get(s, key)
		if err != nil {
			return err
		}
		if done, err := cas(0); err != nil || done {
			return fmt.Errorf("create again: %v, %v", done, err)
		}
		if done, err := cas(index); err != nil || !done {
			return fmt.Errorf("set at its index: %v, %v", done, err)
		}
		if done, err := cas(index); err != nil || done {
			return fmt.Errorf("set at its former index: %v, %v", done, err)
		}
		return remove(s, key)
	})},
	{name: "kv/delete-tree", run: onSession(func(_ target, s *peer.Session) error {
		for _, key := range []string{"interop/tree/a", "interop/tree/b/c", "interop/tree-not"} {
			if err := put(s, key, []byte("x")); err != nil {
				return err
			}
		}
		op := peer.KVSRequest{Datacenter: peer.Datacenter, Op: peer.OpDeleteTree, DirEnt: peer.DirEntry{Key: "interop/tree/"}}
		if err := s.Call("KVS.Apply", op, nil); err != nil {
			return err
		}
		var r peer.IndexedDirEntries
		if err := s.Call("KVS.List", peer.Get("interop/tree", 0, 0), &r); err != nil {
			return err
		}
		if len(r.Entries) != 1 || r.Entries[0].Key != "interop/tree-not" {
			return fmt.Errorf("%d keys are left", len(r.Entries))
		}
		return remove(s, "interop/tree-not")
	})},
}

func writeAndRead(c caller, key string) error {
	value := append(peer.Fresh(), 0, 0xff, 0xc1) // bytes, not text
	e := peer.DirEntry{Key: key, Value: value, Flags: 1 << 40}
	if err := c.Call("KVS.Apply", peer.KVSRequest{Datacenter: peer.Datacenter, Op: peer.OpSet, DirEnt: e}, nil); err != nil {
		return err
	}
	var r peer.IndexedDirEntries
	if err := c.Call("KVS.Get", peer.Get(key, 0, 0), &r); err != nil {
		return err
	}
	if len(r.Entries) != 1 {
		return fmt.Errorf("%d entries after the write", len(r.Entries))
	}
	got := r.Entries[0]
	switch {
	case !bytes.Equal(got.Value, value) || got.Flags != e.Flags || got.Key != key:
		return fmt.Errorf("read back %+v", got)
	case got.CreateIndex == 0 || got.ModifyIndex < got.CreateIndex || r.Index != got.ModifyIndex:
		return fmt.Errorf("indexes %+v in an answer of index %d", got.RaftIndex, r.Index)
	case !r.KnownLeader:
		return fmt.Errorf("the leader is not known")
	}
	if err := remove(c, key); err != nil {
		return err
	}
	if left, _, err := get(c, key); err != nil || left != nil {
		return fmt.Errorf("after the delete: %q, %v", left, err)
	}
	return nil
}
