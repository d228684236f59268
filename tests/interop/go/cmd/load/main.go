// load puts one bounded load on a server and prints one line of JSON: what the calls took, and what they cost the
// server's process in CPU time and memory, from /proc.
//
// CPU is user and system time in ticks of 10 ms, so that a load should last seconds. Memory scenarios want a fresh
// server process for each run.
package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"time"

	"proconsul.test/interop/peer"
)

// options are the command line's.
type options struct {
	addr     string
	pid      int
	scenario string
	client   string
	keys     string
	conns    int
	inflight int
	units    int
	anew     bool
	others   int
	rate     int
	duration time.Duration
	warmup   time.Duration
	settle   time.Duration
	grpcBy   string
	tls      secure
}

// result is the line that is printed. What a scenario does not measure is left out.
type result struct {
	Scenario string  `json:"scenario"`
	Client   string  `json:"client,omitempty"`
	TLS      string  `json:"tls,omitempty"`
	Conns    int     `json:"conns"`
	Inflight int     `json:"inflight,omitempty"`
	Units    int     `json:"units,omitempty"`
	Seconds  float64 `json:"seconds,omitempty"`
	Ops      int64   `json:"ops,omitempty"`
	OpsPerS  float64 `json:"ops_per_s,omitempty"`
	P50us    float64 `json:"p50_us,omitempty"`
	P99us    float64 `json:"p99_us,omitempty"`
	MaxUs    float64 `json:"max_us,omitempty"`
	CPUus    float64 `json:"server_cpu_us_per_op,omitempty"`
	Cores    float64 `json:"server_cores,omitempty"`
	ClientUs float64 `json:"client_cpu_us_per_op,omitempty"`
	RSSUnit  float64 `json:"rss_bytes_per_unit,omitempty"`
	WakeMs   float64 `json:"wake_all_ms,omitempty"`
	WakeP50  float64 `json:"wake_p50_ms,omitempty"`
	WakeCPU  float64 `json:"wake_cpu_us_per_unit,omitempty"`
	OtherCPU float64 `json:"other_write_cpu_us,omitempty"`
	WritesPS float64 `json:"writes_per_s,omitempty"`
	State    int64   `json:"state_bytes,omitempty"`
	File     int64   `json:"file_bytes,omitempty"`
	SaveMB   float64 `json:"save_mb_per_s,omitempty"`
	SaveCPU  float64 `json:"save_cpu_ms,omitempty"`
	RestMB   float64 `json:"restore_mb_per_s,omitempty"`
	RestCPU  float64 `json:"restore_cpu_ms,omitempty"`
	Error    string  `json:"error,omitempty"`
}

// scenarios by name. Each prepares its own data.
var scenarios = map[string]func(options, *result) error{
	"status-ping":      calls,
	"kv-get":           calls,
	"kv-get-64k":       calls,
	"kv-put":           calls,
	"service-nodes":    calls,
	"health":           calls,
	"kv-load":          kvLoad,
	"snapshot":         snapshot,
	"reads-and-writes": readsAndWrites,
	"accept":           accept,
	"idle":             idle,
	"idle-used-stream": idle,
	"parked":           parked,
	"grpc-features":    calls,
	"grpc-health":      calls,
	"grpc-stream":      calls,
	"grpc-idle":        grpcIdle,
}

func main() {
	var o options
	flag.StringVar(&o.addr, "addr", "127.0.0.1:8300", "the server")
	flag.IntVar(&o.pid, "server-pid", 0, "the server's process, for CPU and memory")
	flag.StringVar(&o.scenario, "scenario", "status-ping", "status-ping, kv-get, kv-get-64k, kv-put, service-nodes, health, accept, idle, "+
		"idle-used-stream, parked, kv-load, snapshot, reads-and-writes, grpc-features, grpc-health, grpc-stream or grpc-idle")
	flag.StringVar(&o.grpcBy, "grpc-by", grpcByPort, "grpc-*: port: -addr is a gRPC port, in TLS with -tls alpn; byte: it is the server port, and byte 8 comes first")
	flag.StringVar(&o.client, "client", clientRaw, "raw: requests encoded beforehand, one writer and reader; hashicorp: its yamux and codec")
	flag.StringVar(&o.keys, "keys", keysIdentical, "parked: identical or distinct")
	flag.IntVar(&o.conns, "conns", 1, "connections; accept: workers; parked: sessions")
	flag.IntVar(&o.inflight, "inflight", 1, "calls in flight on each connection")
	flag.IntVar(&o.units, "n", 10000, "idle: connections; parked: queries; kv-load, snapshot: keys")
	flag.BoolVar(&o.anew, "anew", false, "service-nodes, health: no request like the one before, so that no answer can be used again")
	flag.IntVar(&o.others, "others", 0, "parked: how many writes that concern no query are made before the one that does")
	flag.IntVar(&o.rate, "rate", 10000, "reads-and-writes: writes a second")
	flag.DurationVar(&o.duration, "duration", 5*time.Second, "how long to measure")
	flag.DurationVar(&o.warmup, "warmup", time.Second, "how long to load before")
	flag.DurationVar(&o.settle, "settle", 4*time.Second, "how long to rest before memory is read")
	o.tls.flags()
	flag.Parse()

	run, known := scenarios[o.scenario]
	if !slices.Contains([]string{tlsNone, tlsByte, tlsALPN}, o.tls.how) || (o.tls.how == tlsNone && o.tls.resume) {
		fmt.Fprintln(os.Stderr, "load: -tls is none, byte or alpn, and -resume is of the latter two; see -help")
		os.Exit(2)
	}
	if !known || o.conns < 1 || o.inflight < 1 || o.units < o.conns || o.others < 0 || o.rate < 1 ||
		!slices.Contains([]string{grpcByPort, grpcByByte}, o.grpcBy) ||
		!slices.Contains([]string{clientRaw, clientHashicorp}, o.client) || !slices.Contains([]string{keysIdentical, keysDistinct}, o.keys) {
		fmt.Fprintln(os.Stderr, "load: no such scenario; see -help")
		os.Exit(2)
	}
	r := result{Scenario: o.scenario, TLS: o.tls.how, Conns: o.conns}
	err := run(o, &r)
	if err != nil {
		r.Error = err.Error()
	}
	if json.NewEncoder(os.Stdout).Encode(r) != nil || err != nil {
		os.Exit(1)
	}
}

const (
	clientRaw       = "raw"
	clientHashicorp = "hashicorp"
	keysIdentical   = "identical"
	keysDistinct    = "distinct"
)

// Keys and values that the scenarios read.
const (
	smallKey = "bench/small"
	largeKey = "bench/64k"
	watchKey = "bench/watch"
	otherKey = "bench/other"
	loadTree = "bench/load/"
	// The service that is asked for, and how many instances it has.
	serviceName      = "bench"
	serviceInstances = 100
)

var (
	smallValue = bytes.Repeat([]byte("v"), 64)
	largeValue = bytes.Repeat([]byte("V"), 64<<10)
)

// writer is a connection for the data that a scenario needs.
func writer(o options) (*peer.Caller, error) {
	c, err := o.dialOnce(peer.ByteSingle, nil)
	if err != nil {
		return nil, err
	}
	return peer.NewCaller(c), c.SetDeadline(time.Now().Add(5 * time.Minute))
}

// request gives the call that worker i of a scenario repeats.
func request(o options, i int) (method string, args any) {
	switch o.scenario {
	case "kv-get":
		return "KVS.Get", peer.Get(smallKey, 0, 0)
	case "kv-get-64k":
		return "KVS.Get", peer.Get(largeKey, 0, 0)
	case "kv-put":
		return "KVS.Apply", peer.Put(fmt.Sprintf("bench/put/%d", i), smallValue)
	case "service-nodes":
		return "Catalog.ServiceNodes", instances(o)
	case "health":
		return "Health.ServiceNodes", instances(o)
	}
	return "Status.Ping", peer.Empty{}
}

// instances asks for the instances of the service. Anew, it has a number that is another each time, in a field that means nothing
// to a server.
func instances(o options) peer.ServiceSpecificRequest {
	args := peer.ServiceSpecificRequest{Datacenter: peer.Datacenter, ServiceName: serviceName}
	if o.anew {
		args.StaleIfError = time.Duration(binary.BigEndian.Uint64([]byte(serialMark)))
	}
	return args
}

// window is one stretch of measuring: what went by on both sides between its start and its end.
type window struct {
	pid            int
	ops            int64
	server, client time.Duration
	at             time.Time
}

func open(pid int, ops int64) window {
	return window{pid: pid, ops: ops, server: peer.CPU(pid), client: peer.CPU(os.Getpid()), at: time.Now()}
}

func (w window) close(ops int64, r *result) {
	end := open(w.pid, ops)
	seconds, server := end.at.Sub(w.at).Seconds(), end.server-w.server
	r.Seconds, r.Ops = seconds, ops-w.ops
	r.OpsPerS, r.Cores = float64(r.Ops)/seconds, server.Seconds()/seconds
	if r.Ops > 0 {
		r.CPUus = float64(server.Microseconds()) / float64(r.Ops)
		r.ClientUs = float64((end.client - w.client).Microseconds()) / float64(r.Ops)
	}
}

// settled rests, and gives the least memory seen in the second after.
func settled(pid int, rest time.Duration) int64 {
	time.Sleep(rest)
	least := peer.RSS(pid)
	for range 10 {
		time.Sleep(100 * time.Millisecond)
		least = min(least, peer.RSS(pid))
	}
	return least
}
