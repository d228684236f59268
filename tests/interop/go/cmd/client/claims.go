package main

import (
	"fmt"
	"time"

	"proconsul.test/interop/peer"
)

var claimChecks = []check{
	{name: "claims/a-lock-is-held-by-one-session", run: onSession(func(_ target, s *peer.Session) error {
		const key = "interop/claims/held"
		return withNode(s, "held", func(node string) error {
			one, err := claim(s, peer.Claim{Node: node, TTL: "30s"})
			if err != nil {
				return err
			}
			two, err := claim(s, peer.Claim{Node: node})
			if err != nil {
				return err
			}
			for _, step := range []struct {
				op, session string
				want        bool
			}{
				{peer.OpLock, one, true}, {peer.OpLock, two, false}, {peer.OpUnlock, two, false},
				{peer.OpLock, one, true}, {peer.OpUnlock, one, true}, {peer.OpLock, two, true},
			} {
				done, err := lock(s, step.op, key, step.session)
				if err != nil {
					return err
				}
				if done != step.want {
					return fmt.Errorf("%+v: %v", step, done)
				}
			}
			var renewed peer.IndexedSessions
			q := peer.SessionSpecificRequest{Datacenter: peer.Datacenter, SessionID: one}
			if err := s.Call("Session.Renew", q, &renewed); err != nil {
				return err
			}
			if len(renewed.Sessions) != 1 || renewed.Sessions[0].TTL != "30s" || renewed.Sessions[0].Behavior != "release" {
				return fmt.Errorf("renewed %+v", renewed.Sessions)
			}
			return remove(s, key)
		})
	})},
	{name: "claims/a-lock-is-free-when-the-node-of-its-session-goes", run: onSession(func(_ target, s *peer.Session) error {
		const key = "interop/claims/freed"
		answer := make(chan error, 1)
		var woken peer.IndexedDirEntries
		err := withNode(s, "freed", func(node string) error {
			id, err := claim(s, peer.Claim{Node: node, LockDelay: time.Minute})
			if err != nil {
				return err
			}
			if done, err := lock(s, peer.OpLock, key, id); err != nil || !done {
				return fmt.Errorf("locked: %v, %v", done, err)
			}
			var before peer.IndexedDirEntries
			if err := s.Call("KVS.Get", peer.Get(key, 0, 0), &before); err != nil {
				return err
			}
			if before.Entries[0].Session != id || before.Entries[0].LockIndex != 1 {
				return fmt.Errorf("locked %+v", before.Entries[0])
			}
			go func() { answer <- s.Call("KVS.Get", peer.Get(key, before.Index, time.Minute), &woken) }()
			time.Sleep(parkTime)
			return nil
		})
		if err != nil {
			return err
		}
		if err := within(promptly, func() error { return <-answer }); err != nil {
			return err
		}
		if len(woken.Entries) != 1 || woken.Entries[0].Session != "" {
			return fmt.Errorf("freed %+v", woken.Entries)
		}
		// Nobody may have it yet.
		return withNode(s, "freed", func(node string) error {
			id, err := claim(s, peer.Claim{Node: node})
			if err != nil {
				return err
			}
			if done, err := lock(s, peer.OpLock, key, id); err != nil || done {
				return fmt.Errorf("locked within the delay: %v, %v", done, err)
			}
			return remove(s, key)
		})
	})},
}

// withNode registers a node for as long as run takes; its sessions go with it.
func withNode(s *peer.Session, name string, run func(node string) error) error {
	node := "interop-" + name
	r := peer.RegisterRequest{Datacenter: peer.Datacenter, Node: node, Address: "10.1.2.3"}
	if err := s.Call("Catalog.Register", r, nil); err != nil {
		return err
	}
	err := run(node)
	if gone := deregister(s, name); err == nil {
		err = gone
	}
	return err
}

func claim(s *peer.Session, c peer.Claim) (id string, err error) {
	err = s.Call("Session.Apply", peer.SessionRequest{Datacenter: peer.Datacenter, Op: "create", Session: c}, &id)
	if err == nil && len(id) != 36 {
		err = fmt.Errorf("the session's id is %q", id)
	}
	return id, err
}

func lock(s *peer.Session, op, key, session string) (done bool, err error) {
	e := peer.DirEntry{Key: key, Session: session}
	err = s.Call("KVS.Apply", peer.KVSRequest{Datacenter: peer.Datacenter, Op: op, DirEnt: e}, &done)
	return done, err
}
