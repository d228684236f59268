// client checks that a server behaves towards HashiCorp's own modules as Consul does.
//
// It prints `ok NAME`, `FAIL NAME: why` or `skip NAME: why` for each check, ends with `N passed, N failed`, and exits
// with 1 when a check failed. With -restart it holds load on the server instead, while whoever started it stops the
// server and starts it again; see restart.go. With -certs it also checks TLS (secure.go), or with -rotate what happens when
// the server's certificates change under load (rotation.go); -make-certs makes the certificates for either.
package main

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"sync"
	"time"

	"proconsul.test/interop/peer"
)

// checksAtOnce is how many checks share the server, so that the suite stays under one client's connection limit.
const checksAtOnce = 4

// checkTimeout ends a check that hangs; the slow ones say themselves how long they need.
const checkTimeout = 60 * time.Second

// target is what the checks know about the server.
type target struct {
	addr string
	// Its external gRPC port, or empty where it has none.
	grpcAddr string
	// The same in TLS.
	grpcTLSAddr string
	// The server's process, or 0 where its memory and descriptors cannot be looked at.
	pid int
	// Streams that one session may have, or 0 where that is not known.
	streamLimit int
	// Connections that one address may have, or 0 where that is not known.
	connLimit int
	// How much memory one peer may cost, in bytes.
	memoryBound int64
	// How long the long park is, or 0 to leave it out.
	longPark time.Duration
	// Certificates of the server and for clients, or empty where the server speaks no TLS.
	certs peer.Certs
	// Whether the server demands client certificates behind type byte 3.
	demands bool
}

// skipped says why a check was not made.
type skipped string

func (s skipped) Error() string { return string(s) }

type check struct {
	name string
	run  func(target) error
	// A slow check waits for the server's own clock: it starts first, beside all others.
	slow bool
	// A lone check measures the process: nothing runs beside it.
	lone bool
	// Overrides checkTimeout.
	timeout time.Duration
}

func checks(t target) []check {
	var all []check
	if t.certs != "" {
		all = append(tlsChecks(), surfaceChecks(secureSurfaces)...)
	}
	for _, group := range [][]check{singleChecks, pooledChecks, catalogChecks, kvChecks, claimChecks, healthChecks, txnChecks, coordinateChecks, snapshotChecks, blockingChecks, errorChecks, surfaceChecks(plainSurfaces), externalChecks, discoveryChecks, managerChecks, yamuxChecks, strainChecks} {
		all = append(all, group...)
	}
	return all
}

func main() {
	var t target
	flag.StringVar(&t.addr, "addr", "127.0.0.1:8300", "the server")
	flag.StringVar(&t.grpcAddr, "grpc-addr", "", "the server's external gRPC port; empty: it has none")
	flag.StringVar(&t.grpcTLSAddr, "grpc-tls-addr", "", "the server's external gRPC port in TLS; empty: it has none")
	flag.IntVar(&t.pid, "server-pid", 0, "the server's process, to look at its memory and descriptors")
	flag.IntVar(&t.streamLimit, "stream-limit", 0, "streams one session may have; 0: not known")
	flag.IntVar(&t.connLimit, "conn-limit", 0, "connections one address may have; 0: not known")
	flag.Int64Var(&t.memoryBound, "memory-bound", 64<<20, "bytes that one peer may cost the server")
	flag.DurationVar(&t.longPark, "long-park", 0, "park one query for so long; 0: leave it out")
	only := flag.String("only", "", "run the checks whose names match")
	skip := flag.String("skip", "^$", "leave out the checks whose names match")
	list := flag.Bool("list", false, "print the names of all checks")
	restart := flag.String("restart", "", "graceful or killed: hold load while the server is stopped that way and started again")
	certs := flag.String("certs", "", "folder of certificates (ca, server, client, rogue): check TLS too")
	flag.BoolVar(&t.demands, "demands", false, "the server demands client certificates behind type byte 3")
	through := flag.Bool("through-tls", false, "make every check that is not about TLS over it, by type byte 3")
	makeInto := flag.String("make-certs", "", "make certificates in this folder, and nothing else")
	rotate := flag.Bool("rotate", false, "hold load while the server's certificates in -certs are replaced")
	flag.Parse()
	t.certs = peer.Certs(*certs)

	if *makeInto != "" {
		must(makeCerts(peer.Certs(*makeInto)))
		return
	}
	if *through || *rotate {
		config, err := t.certs.Client("client")
		must(err)
		peer.Through = &peer.Secure{Config: config}
	}
	if *rotate {
		os.Exit(report(rotationChecks(t)))
	}
	if *restart != "" {
		os.Exit(report(restartChecks(t, *restart)))
	}
	var chosen []check
	wanted, unwanted := regexp.MustCompile(*only), regexp.MustCompile(*skip)
	for _, c := range checks(t) {
		if *list {
			fmt.Println(c.name)
		} else if wanted.MatchString(c.name) && !unwanted.MatchString(c.name) {
			chosen = append(chosen, c)
		}
	}
	if !*list {
		os.Exit(report(runAll(t, chosen)))
	}
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "client:", err)
		os.Exit(1)
	}
}

// outcome is one line of the report.
type outcome struct {
	name string
	err  error
}

func report(outcomes <-chan outcome) (exit int) {
	var passed, failed, left int
	for o := range outcomes {
		switch why := o.err.(type) {
		case nil:
			passed++
			fmt.Printf("ok %s\n", o.name)
		case skipped:
			left++
			fmt.Printf("skip %s: %v\n", o.name, why)
		default:
			failed++
			fmt.Printf("FAIL %s: %v\n", o.name, why)
		}
	}
	if left > 0 {
		fmt.Printf("%d skipped\n", left)
	}
	fmt.Printf("%d passed, %d failed\n", passed, failed)
	if failed > 0 || passed == 0 {
		return 1
	}
	return 0
}

func runAll(t target, chosen []check) <-chan outcome {
	out := make(chan outcome)
	go func() {
		defer close(out)
		var together sync.WaitGroup
		start := func(c check, turn chan struct{}) {
			together.Add(1)
			go func() {
				defer together.Done()
				if turn != nil {
					turn <- struct{}{}
					defer func() { <-turn }()
				}
				out <- outcome{c.name, c.bounded(t)}
			}()
		}
		turn := make(chan struct{}, checksAtOnce)
		for _, c := range chosen {
			if c.slow {
				start(c, nil)
			}
		}
		for _, c := range chosen {
			if !c.slow && !c.lone {
				start(c, turn)
			}
		}
		together.Wait()
		for _, c := range chosen {
			if c.lone {
				out <- outcome{c.name, c.bounded(t)}
			}
		}
	}()
	return out
}

// bounded runs the check and gives up on it when its time is over.
func (c check) bounded(t target) error {
	limit := c.timeout
	if limit == 0 {
		limit = checkTimeout
	}
	return within(limit+t.longPark, func() error { return c.run(t) })
}

// within runs f and reports it as stuck when it takes longer than limit. What f does is then left running.
func within(limit time.Duration, f func() error) error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	select {
	case err := <-done:
		return err
	case <-time.After(limit):
		return fmt.Errorf("still blocked after %v", limit)
	}
}

// eventually asks until the answer is no error, for at most limit.
func eventually(limit time.Duration, f func() error) error {
	for end := time.Now().Add(limit); ; time.Sleep(20 * time.Millisecond) {
		err := f()
		if err == nil || time.Now().After(end) {
			return err
		}
	}
}

// parallel runs f(0) to f(n-1) side by side and gives the first error.
func parallel(n int, f func(i int) error) error {
	errs := make(chan error, n)
	for i := range n {
		go func() { errs <- f(i) }()
	}
	var first error
	for range n {
		if err := <-errs; err != nil && first == nil {
			first = err
		}
	}
	return first
}
