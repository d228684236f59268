package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/yamux"

	"proconsul.test/interop/peer"
)

// How the server is stopped while the load is on it.
const (
	graceful = "graceful"
	killed   = "killed"
)

const (
	// callBound is what a call may take while the server goes away: then it has an answer or an error.
	callBound = 15 * time.Second
	// recoverBound is what the workers may take to be served again once the server is back.
	recoverBound = 10 * time.Second
)

// restartChecks hold load on the server and speak with whoever restarts it over the standard streams: they print
// `loaded` when the load is on, then wait for the line `restarted`.
func restartChecks(t target, how string) <-chan outcome {
	out := make(chan outcome)
	name := func(what string) string { return "restart/" + how + "/" + what }
	go func() {
		defer close(out)
		if how != graceful && how != killed {
			out <- outcome{name("how"), fmt.Errorf("neither %q nor %q", graceful, killed)}
			return
		}
		var plane *follower
		var manager *managed
		if t.grpcAddr != "" {
			f, err := follow(t.grpcAddr)
			if err == nil {
				err = f.follows(0, promptly)
			}
			if err != nil {
				out <- outcome{name("discovery"), err}
				return
			}
			defer f.close()
			plane = f
			m, err := manage(t.grpcAddr)
			if err != nil {
				out <- outcome{name("connection-manager"), err}
				return
			}
			defer m.close()
			manager = m
		}
		load := startLoad(t.addr)
		waiting, watched, err := parkBeforeStop(t.addr)
		if err == nil {
			err = load.served(promptly)
		}
		if err != nil {
			out <- outcome{name("load"), err}
			return
		}
		fmt.Println("loaded")
		line, err := bufio.NewReader(os.Stdin).ReadString('\n')
		if err != nil || line != "restarted\n" {
			out <- outcome{name("load"), fmt.Errorf("told %q, %v", line, err)}
			return
		}
		if how == graceful {
			out <- outcome{name("parked-queries-are-answered-with-their-index"), answeredEarly(waiting)}
			out <- outcome{name("no-new-streams-after-go-away"), refusesStreams(watched)}
		} else {
			out <- outcome{name("parked-queries-end"), endedAnyhow(waiting)}
		}
		if plane != nil {
			out <- outcome{name("discovery-follows"), errors.Join(plane.follows(1, recoverBound), plane.wasTold())}
			out <- outcome{name("connection-manager-follows"), manager.connected(recoverBound)}
		}
		out <- outcome{name("all-workers-are-served-again"), load.served(recoverBound)}
		out <- outcome{name("no-call-hangs"), load.stop()}
		out <- outcome{name("a-new-session-works"), func() error {
			s, err := plain(t.addr)
			if err != nil {
				return err
			}
			defer s.Close()
			return roundTrip(s, "interop/restart/after", 1000)
		}()}
	}()
	return out
}

// load is workers that write and read over pooled sessions, and dial again when their session ends.
type load struct {
	done    atomic.Bool
	workers []*worker
	group   sync.WaitGroup
}

type worker struct {
	answered atomic.Int64 // calls
	slowest  atomic.Int64 // nanoseconds of the longest call
	lastErr  atomic.Value // text of the last error
}

func startLoad(addr string) *load {
	const sessions, streams = 4, 8
	l := &load{}
	for i := range sessions {
		shared := &redialling{addr: addr}
		for j := range streams {
			w := &worker{}
			l.workers = append(l.workers, w)
			l.group.Add(1)
			go func() {
				defer l.group.Done()
				w.run(l, shared, fmt.Sprintf("interop/restart/%d/%d", i, j))
			}()
		}
	}
	return l
}

func (w *worker) run(l *load, shared *redialling, key string) {
	for !l.done.Load() {
		started := time.Now()
		err := shared.writeAndRead(key)
		w.slowest.Store(max(w.slowest.Load(), int64(time.Since(started))))
		if err != nil {
			w.lastErr.Store(err.Error())
			time.Sleep(20 * time.Millisecond)
			continue
		}
		w.answered.Add(1)
	}
}

// served waits until every worker has had ten more answers.
func (l *load) served(limit time.Duration) error {
	goal := make([]int64, len(l.workers))
	for i, w := range l.workers {
		goal[i] = w.answered.Load() + 10
	}
	return eventually(limit, func() error {
		for i, w := range l.workers {
			if w.answered.Load() < goal[i] {
				return fmt.Errorf("worker %d of %d is not served: %v", i, len(l.workers), w.lastErr.Load())
			}
		}
		return nil
	})
}

// stop ends the load and checks that no call took longer than it may.
func (l *load) stop() error {
	l.done.Store(true)
	if err := within(callBound, func() error { l.group.Wait(); return nil }); err != nil {
		return err
	}
	for i, w := range l.workers {
		if took := time.Duration(w.slowest.Load()); took > callBound {
			return fmt.Errorf("a call of worker %d took %v", i, took)
		}
	}
	return nil
}

// redialling is a session that is opened again when it has ended, as Consul's pool does it.
type redialling struct {
	addr    string
	mu      sync.Mutex
	session *peer.Session
}

func (r *redialling) current() (*peer.Session, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.session == nil {
		s, err := plain(r.addr)
		if err != nil {
			return nil, err
		}
		r.session = s
	}
	return r.session, nil
}

func (r *redialling) writeAndRead(key string) error {
	s, err := r.current()
	if err != nil {
		return err
	}
	value := peer.Fresh()
	if err = put(s, key, value); err == nil {
		var got []byte
		if got, _, err = get(s, key); err == nil && string(got) != string(value) {
			// The server kept nothing over its restart, or the write went to the former one: not an answer to count.
			err = fmt.Errorf("wrote %q, read %q", value, got)
		}
	}
	if err != nil {
		r.mu.Lock()
		if r.session == s {
			r.session = nil
		}
		r.mu.Unlock()
		s.Close()
	}
	return err
}

// parkBeforeStop parks queries on a session of their own.
func parkBeforeStop(addr string) ([]*parked, *peer.Session, error) {
	s, err := plain(addr)
	if err != nil {
		return nil, nil, err
	}
	var all []*parked
	for i := range 20 {
		p, err := park1(s, fmt.Sprintf("interop/restart/parked/%d", i))
		if err != nil {
			return nil, nil, err
		}
		all = append(all, p)
	}
	time.Sleep(parkTime)
	return all, s, nil
}

// answeredEarly checks that a clean stop answered each parked query with an index that is not older than its own.
func answeredEarly(all []*parked) error {
	for i, p := range all {
		r, err := p.answer(callBound)
		if err != nil {
			return fmt.Errorf("query %d: %w", i, err)
		}
		if r.Index < p.index || len(r.Entries) != 1 {
			return fmt.Errorf("query %d: %d entries at index %d, parked at %d", i, len(r.Entries), r.Index, p.index)
		}
	}
	return nil
}

func endedAnyhow(all []*parked) error {
	for i, p := range all {
		if r, err := p.answer(callBound); err == nil {
			return fmt.Errorf("query %d was answered at index %d by a server that was killed", i, r.Index)
		} else if isTimeout(err) {
			return fmt.Errorf("query %d: %w", i, err)
		}
	}
	return nil
}

// refusesStreams checks that the session of the stopped server opens nothing more.
func refusesStreams(s *peer.Session) error {
	if _, err := s.Open(); !errors.Is(err, yamux.ErrRemoteGoAway) && !errors.Is(err, yamux.ErrSessionShutdown) {
		return fmt.Errorf("opening a stream gave %v", err)
	}
	return nil
}
