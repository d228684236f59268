package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/hashicorp/consul/proto-public/pbdataplane"
	"github.com/hashicorp/consul/proto-public/pbserverdiscovery"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
	"google.golang.org/grpc/status"
)

// followPause is how long a follower rests before it tries a server again.
const followPause = 50 * time.Millisecond

// follower is a data plane's view of the servers: one channel of grpc-go that is pointed at one server at a time. It asks a
// server for its features, then watches which servers there are, and goes on to one of those when that ends; this is the order
// of calls of HashiCorp's consul-server-connection-manager (manager.go), which does not show its sets.
type follower struct {
	conn   *grpc.ClientConn
	names  *manual.Resolver
	port   string
	cancel context.CancelFunc
	ended  chan struct{}

	mu      sync.Mutex
	known   []string // addresses to try, the next one first
	sets    int      // sets of servers that came
	id      string   // of the server in the last set
	lastErr error
}

// follow begins with one address, of an external gRPC port.
func follow(seed string) (*follower, error) {
	_, port, err := net.SplitHostPort(seed)
	if err != nil {
		return nil, err
	}
	f := &follower{names: manual.NewBuilderWithScheme("servers"), port: port, known: []string{seed}, ended: make(chan struct{})}
	f.names.InitialState(resolver.State{})
	f.conn, err = grpc.NewClient("servers:///all", grpc.WithResolvers(f.names), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithConnectParams(grpc.ConnectParams{MinConnectTimeout: time.Second}))
	if err != nil {
		return nil, err
	}
	f.conn.Connect() // the resolver takes states only once it was built
	ctx, cancel := context.WithCancel(context.Background())
	f.cancel = cancel
	go func() {
		defer close(f.ended)
		for ctx.Err() == nil {
			err := f.one(ctx)
			f.mu.Lock()
			f.lastErr = err
			f.mu.Unlock()
			time.Sleep(followPause)
		}
	}()
	return f, nil
}

// one follows one server until it is gone.
func (f *follower) one(ctx context.Context) error {
	f.mu.Lock()
	addr := f.known[0]
	f.known = append(f.known[1:], addr)
	f.mu.Unlock()
	f.names.UpdateState(resolver.State{Addresses: []resolver.Address{{Addr: addr}}})
	// Whoever calls meanwhile is told at once, and grpc-go does not dial by itself.
	defer f.names.UpdateState(resolver.State{})
	if _, err := pbdataplane.NewDataplaneServiceClient(f.conn).GetSupportedDataplaneFeatures(ctx,
		&pbdataplane.GetSupportedDataplaneFeaturesRequest{}); err != nil {
		return fmt.Errorf("features of %s: %w", addr, err)
	}
	stream, err := pbserverdiscovery.NewServerDiscoveryServiceClient(f.conn).WatchServers(ctx, &pbserverdiscovery.WatchServersRequest{})
	if err != nil {
		return err
	}
	for {
		set, err := stream.Recv()
		if err != nil {
			return fmt.Errorf("servers of %s: %w", addr, err)
		}
		f.take(set.Servers)
	}
}

func (f *follower) take(servers []*pbserverdiscovery.Server) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sets++
	if len(servers) == 0 { // none is ready: those that were known stay
		return
	}
	f.known, f.id = nil, servers[0].Id
	for _, s := range servers {
		f.known = append(f.known, net.JoinHostPort(s.Address, f.port))
	}
}

func (f *follower) seen() (sets int, id string, lastErr error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.sets, f.id, f.lastErr
}

// follows waits until a set came after so many, and calls on the channel as a data plane would.
func (f *follower) follows(after int, limit time.Duration) error {
	return eventually(limit, func() error {
		sets, id, lastErr := f.seen()
		if sets <= after || id == "" {
			return fmt.Errorf("%d sets of servers: %v", sets, lastErr)
		}
		ctx, cancel := context.WithTimeout(context.Background(), promptly)
		defer cancel()
		_, err := dataplaneFeatures(ctx, f.conn)
		return err
	})
}

// wasTold checks that the watch ended with an error that says to try elsewhere.
func (f *follower) wasTold() error {
	// What followed may have been refused connections, of the same code.
	if _, _, err := f.seen(); err != nil && status.Code(errors.Unwrap(err)) != codes.Unavailable {
		return err
	}
	return nil
}

func (f *follower) close() {
	f.cancel()
	f.conn.Close()
	<-f.ended
}

var discoveryChecks = []check{
	{name: "discovery/one-server-is-found-and-watched", run: func(t target) error {
		if t.grpcAddr == "" {
			return skipped("no -grpc-addr")
		}
		f, err := follow(t.grpcAddr)
		if err != nil {
			return err
		}
		defer f.close()
		if err := f.follows(0, promptly); err != nil {
			return err
		}
		time.Sleep(parkTime)
		if sets, _, err := f.seen(); sets != 1 || err != nil {
			return fmt.Errorf("%d sets of servers while nothing changed: %v", sets, err)
		}
		return nil
	}},
	{name: "discovery/the-next-address-is-tried", run: func(t target) error {
		if t.grpcAddr == "" {
			return skipped("no -grpc-addr")
		}
		f, err := follow(net.JoinHostPort("127.0.0.9", "1"))
		if err != nil {
			return err
		}
		defer f.close()
		f.mu.Lock()
		f.known = append(f.known, t.grpcAddr)
		f.mu.Unlock()
		return f.follows(0, recoverBound)
	}},
}
