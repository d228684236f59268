package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"proconsul.test/interop/peer"
)

const (
	// reloadBound is what a server may take to show a new certificate once it was told to.
	reloadBound = 10 * time.Second
	// watchBound is what it may take to find new files by itself.
	watchBound = 45 * time.Second
)

// rotationChecks replace the server's certificates while there is load on it. They run one after another: each leaves
// the server as the next one finds it.
func rotationChecks(t target) <-chan outcome {
	out := make(chan outcome)
	go func() {
		defer close(out)
		r, err := startRotation(t)
		if err != nil {
			out <- outcome{"rotation/load", err}
			return
		}
		for _, step := range []struct {
			name string
			run  func() error
		}{
			{"a-reload-shows-the-new-certificate", func() error { return r.replaced(true) }},
			{"tickets-from-before-are-no-harm", r.oldTickets},
			{"sessions-from-before-go-on", r.oldSession},
			{"a-key-that-does-not-fit-changes-nothing", r.misfit},
			{"new-files-are-found-without-a-signal", func() error { return r.replaced(false) }},
			{"no-call-and-no-handshake-failed-meanwhile", r.unharmed},
			{"another-authority-takes-over", r.newAuthority},
			{"clients-of-the-former-authority-are-refused", r.formerClients},
		} {
			out <- outcome{"rotation/" + step.name, within(checkTimeout+watchBound, step.run)}
		}
	}()
	return out
}

// rotation is the load, and what was made before the first change.
type rotation struct {
	t       target
	calls   *load
	dials   *dials
	session *peer.Session                     // opened before any change
	tickets map[string]tls.ClientSessionCache // filled before any change, by way
	former  map[string]*tls.Config            // configs that hold what the first authority signed, with those tickets
}

func startRotation(t target) (*rotation, error) {
	if t.pid == 0 || t.certs == "" {
		return nil, errors.New("it needs -certs and -server-pid")
	}
	r := &rotation{t: t, tickets: map[string]tls.ClientSessionCache{}, former: map[string]*tls.Config{}}
	var err error
	if r.session, err = plain(t.addr); err != nil {
		return nil, err
	}
	for way, d := range ways(tls.VersionTLS13, "client") {
		r.tickets[way] = tls.NewLRUClientSessionCache(16)
		d.tune = func(c *tls.Config) { c.ClientSessionCache = r.tickets[way] }
		if err := t.pingWith(d); err != nil {
			return nil, err
		}
		if r.former[way], err = t.config(d); err != nil {
			return nil, err
		}
	}
	r.calls, r.dials = startLoad(t.addr), startDials(t)
	return r, errors.Join(r.calls.served(promptly), r.dials.served(promptly))
}

// serial is that of the certificate which a handshake without tickets shows now.
func (r *rotation) serial() (string, error) {
	c, err := r.t.dial(dialing{start: peer.ByteTLS, cert: "client"})
	if err != nil {
		return "", err
	}
	defer c.Close()
	return c.ConnectionState().PeerCertificates[0].SerialNumber.String(), nil
}

func (r *rotation) signal() error { return syscall.Kill(r.t.pid, syscall.SIGHUP) }

// replaced puts a new certificate of the server there, and waits until handshakes show it.
func (r *rotation) replaced(tell bool) error {
	before, err := r.serial()
	if err != nil {
		return err
	}
	signer, err := loadAuthority(r.t.certs)
	if err != nil {
		return err
	}
	if err := signer.issue(r.t.certs, "server", peer.ServerName); err != nil {
		return err
	}
	limit := watchBound
	if tell {
		limit = reloadBound
		if err := r.signal(); err != nil {
			return err
		}
	}
	err = eventually(limit, func() error {
		now, err := r.serial()
		if err == nil && now == before {
			err = errors.New("the former certificate is still shown")
		}
		return err
	})
	if err != nil {
		return err
	}
	// Every listener and every way changes at once.
	fresh, err := r.serial()
	if err != nil {
		return err
	}
	for way, d := range ways(0, "client") {
		c, err := r.t.dial(d)
		if err != nil {
			return fmt.Errorf("%s: %w", way, err)
		}
		shown := c.ConnectionState().PeerCertificates[0].SerialNumber.String()
		c.Close()
		if shown != fresh {
			return fmt.Errorf("%s shows the former certificate", way)
		}
	}
	return errors.Join(r.calls.served(promptly), r.dials.served(promptly))
}

// oldTickets offers tickets from before: taken or not, the connection serves, and the next one is resumed.
func (r *rotation) oldTickets() error {
	for way, d := range ways(tls.VersionTLS13, "client") {
		d.tune = func(c *tls.Config) { c.ClientSessionCache = r.tickets[way] }
		if err := r.t.pingWith(d); err != nil {
			return fmt.Errorf("%s: %w", way, err)
		}
		c, conn, err := r.t.single(d)
		if err != nil {
			return fmt.Errorf("%s, again: %w", way, err)
		}
		resumed := conn.ConnectionState().DidResume
		err = c.Call("Status.Ping", peer.Empty{}, nil)
		conn.Close()
		if err != nil || !resumed {
			return fmt.Errorf("%s, again: resumed %v, %v", way, resumed, err)
		}
	}
	return nil
}

func (r *rotation) oldSession() error { return roundTrip(r.session, "interop/rotation/before", 50_000) }

// misfit puts a key there that is another certificate's, and takes it away again.
func (r *rotation) misfit() error {
	before, err := r.serial()
	if err != nil {
		return err
	}
	file := r.t.certs.File("server-key")
	good, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	other, err := os.ReadFile(r.t.certs.File("rogue-key"))
	if err != nil {
		return err
	}
	if err := os.WriteFile(file, other, 0o600); err != nil {
		return err
	}
	err = r.signal()
	for range 20 {
		if err != nil {
			break
		}
		time.Sleep(50 * time.Millisecond)
		var now string
		if now, err = r.serial(); err == nil && now != before {
			err = errors.New("another certificate is shown")
		}
	}
	return errors.Join(err, os.WriteFile(file, good, 0o600))
}

// unharmed ends the load and asks what it met.
func (r *rotation) unharmed() error {
	for i, w := range r.calls.workers {
		if last := w.lastErr.Load(); last != nil {
			return fmt.Errorf("a call of worker %d: %v", i, last)
		}
	}
	return errors.Join(r.calls.stop(), r.dials.stop())
}

// newAuthority replaces all: the authority, the server's pair, the client's pair.
func (r *rotation) newAuthority() error {
	if err := makeCerts(r.t.certs); err != nil {
		return err
	}
	if err := r.signal(); err != nil {
		return err
	}
	return eventually(reloadBound, func() error {
		return r.t.pingWith(dialing{start: peer.ByteTLS, cert: "client"})
	})
}

// formerClients come with what the former authority signed: with fresh handshakes, and with tickets of good ones.
func (r *rotation) formerClients() error {
	added, err := os.ReadFile(r.t.certs.File("ca"))
	if err != nil {
		return err
	}
	for way, former := range r.former {
		for _, cache := range []tls.ClientSessionCache{nil, former.ClientSessionCache} {
			config := former.Clone()
			config.ClientSessionCache = cache
			// The client takes the server's certificate, be it of the former authority or of this one.
			config.RootCAs = former.RootCAs.Clone()
			config.RootCAs.AppendCertsFromPEM(added)
			err := r.t.pingThrough(ways(0, "")[way].start, config)
			if err := wantAlert(err, ""); err != nil {
				return fmt.Errorf("%s, with a ticket: %v: %w", way, cache != nil, err)
			}
		}
	}
	return nil
}

// pingThrough pings over a connection with a config of one's own.
func (t target) pingThrough(start byte, config *tls.Config) error {
	c, err := peer.DialTLS(t.addr, start, nil, config)
	if err != nil {
		return err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(promptly))
	if start == peer.ByteTLS {
		if _, err := c.Write([]byte{peer.ByteSingle}); err != nil {
			return err
		}
	}
	return peer.NewCaller(c).Call("Status.Ping", peer.Empty{}, nil)
}

// dials are workers that make a new connection for every call, half of them with tickets of the one before.
type dials struct {
	t     target
	over  atomic.Bool
	count atomic.Int64
	group sync.WaitGroup
	mu    sync.Mutex
	err   error
}

func startDials(t target) *dials {
	d := &dials{t: t}
	for way, dialing := range ways(0, "client") {
		for _, cache := range []tls.ClientSessionCache{nil, tls.NewLRUClientSessionCache(1)} {
			dialing.tune = func(c *tls.Config) { c.ClientSessionCache = cache }
			d.group.Add(1)
			go func() {
				defer d.group.Done()
				for !d.over.Load() {
					if err := t.pingWith(dialing); err != nil {
						d.mu.Lock()
						d.err = fmt.Errorf("dialling by %s (tickets: %v): %w", way, cache != nil, err)
						d.mu.Unlock()
						return
					}
					d.count.Add(1)
					time.Sleep(5 * time.Millisecond)
				}
			}()
		}
	}
	return d
}

// served waits for twenty more connections.
func (d *dials) served(limit time.Duration) error {
	goal := d.count.Load() + 20
	return eventually(limit, func() error {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.err != nil {
			return d.err
		}
		if d.count.Load() < goal {
			return errors.New("too few new connections are served")
		}
		return nil
	})
}

func (d *dials) stop() error {
	d.over.Store(true)
	d.group.Wait()
	return d.err
}
