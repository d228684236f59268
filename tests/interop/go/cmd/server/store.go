package main

import (
	"errors"
	"sort"
	"strings"
	"sync"
	"time"

	"proconsul.test/interop/peer"
)

// defaultWait is what a blocking query without a time of its own waits.
const defaultWait = 5 * time.Minute

// Status answers that the server is there.
type Status struct{}

// Ping does nothing.
func (Status) Ping(args peer.Empty, reply *peer.Empty) error { return nil }

// KVS is a key/value store in a map. Its exported methods are what net/rpc serves.
type KVS struct {
	mu      sync.Mutex
	entries map[string]*peer.DirEntry
	index   uint64
	// What is closed when a key changes, made by the first who waits for it.
	watches map[string]chan struct{}
	// The same for any change at all: lists wait for it.
	anyWatch chan struct{}
}

// NewKVS makes an empty store.
func NewKVS() *KVS {
	return &KVS{entries: map[string]*peer.DirEntry{}, index: 1, watches: map[string]chan struct{}{}}
}

// Get reads one key and blocks while it is not newer than asked.
func (k *KVS) Get(args *peer.KeyRequest, reply *peer.IndexedDirEntries) error {
	return k.block(&args.QueryOptions, &reply.QueryMeta, func() (uint64, *chan struct{}) {
		reply.Entries = nil
		index := k.index
		if e := k.entries[args.Key]; e != nil {
			reply.Entries, index = []*peer.DirEntry{e}, e.ModifyIndex
		}
		watch := k.watches[args.Key]
		if watch == nil && args.MinQueryIndex > 0 {
			watch = make(chan struct{})
			k.watches[args.Key] = watch
		}
		return index, &watch
	})
}

// List reads all keys below a prefix and blocks while none of them is newer than asked.
func (k *KVS) List(args *peer.KeyRequest, reply *peer.IndexedDirEntries) error {
	return k.block(&args.QueryOptions, &reply.QueryMeta, func() (uint64, *chan struct{}) {
		reply.Entries = nil
		var index uint64
		for key, e := range k.entries {
			if strings.HasPrefix(key, args.Key) {
				reply.Entries, index = append(reply.Entries, e), max(index, e.ModifyIndex)
			}
		}
		if index == 0 {
			index = k.index
		}
		sort.Slice(reply.Entries, func(i, j int) bool { return reply.Entries[i].Key < reply.Entries[j].Key })
		if k.anyWatch == nil {
			k.anyWatch = make(chan struct{})
		}
		return index, &k.anyWatch
	})
}

// block runs a read, under the lock, until its index passes the asked one or the time is over.
func (k *KVS) block(opts *peer.QueryOptions, meta *peer.QueryMeta, read func() (uint64, *chan struct{})) error {
	wait := opts.MaxQueryTime
	if wait <= 0 {
		wait = defaultWait
	}
	timer := (<-chan time.Time)(nil)
	expired := false
	for {
		k.mu.Lock()
		index, watch := read()
		changed := *watch
		k.mu.Unlock()
		if opts.MinQueryIndex == 0 || index > opts.MinQueryIndex || expired {
			meta.Index, meta.KnownLeader, meta.ConsistencyLevel = index, true, "leader"
			return nil
		}
		if timer == nil {
			t := time.NewTimer(wait)
			defer t.Stop()
			timer = t.C
		}
		select {
		case <-changed:
		case <-timer:
			expired = true
		}
	}
}

// Apply makes one write and wakes those who wait for it. The reply means something for check-and-set only, as Consul's.
func (k *KVS) Apply(args *peer.KVSRequest, reply *bool) error {
	key := args.DirEnt.Key
	if key == "" && args.Op != peer.OpDeleteTree {
		return errors.New("Must provide key")
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	old := k.entries[key]
	asked := args.DirEnt.ModifyIndex
	switch args.Op {
	case peer.OpSet:
		k.set(args.DirEnt)
	case peer.OpCAS:
		if *reply = (old == nil && asked == 0) || (old != nil && old.ModifyIndex == asked); *reply {
			k.set(args.DirEnt)
		}
	case peer.OpDelete:
		k.remove(key)
	case peer.OpDeleteCAS:
		if *reply = old == nil || old.ModifyIndex == asked; *reply {
			k.remove(key)
		}
	case peer.OpDeleteTree:
		for name := range k.entries {
			if strings.HasPrefix(name, key) {
				k.remove(name)
			}
		}
	default:
		return errors.New("Invalid KVS operation '" + args.Op + "'")
	}
	return nil
}

func (k *KVS) set(e peer.DirEntry) {
	k.index++
	e.CreateIndex, e.ModifyIndex = k.index, k.index
	if old := k.entries[e.Key]; old != nil {
		e.CreateIndex = old.CreateIndex
	}
	k.entries[e.Key] = &e
	k.wake(e.Key)
}

func (k *KVS) remove(key string) {
	if k.entries[key] == nil {
		return
	}
	k.index++
	delete(k.entries, key)
	k.wake(key)
}

func (k *KVS) wake(key string) {
	if watch := k.watches[key]; watch != nil {
		close(watch)
		delete(k.watches, key)
	}
	if k.anyWatch != nil {
		close(k.anyWatch)
		k.anyWatch = nil
	}
}
