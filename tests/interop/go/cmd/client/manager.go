package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/hashicorp/consul-server-connection-manager/discovery"
	"github.com/hashicorp/go-hclog"
	"google.golang.org/grpc"
)

// managed is what Consul's data planes have: HashiCorp's consul-server-connection-manager, which finds the servers and holds a
// channel to one of them.
type managed struct {
	watcher *discovery.Watcher
	states  <-chan discovery.State
	conn    *grpc.ClientConn
	cancel  context.CancelFunc
}

// manage begins with one address of an external gRPC port, and waits until that server is connected to. Servers without these
// features are passed over.
func manage(addr string, features ...string) (*managed, error) {
	host, text, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return nil, err
	}
	config := discovery.Config{Addresses: host, GRPCPort: port, BackOff: discovery.BackOffConfig{InitialInterval: followPause}}
	if len(features) > 0 {
		config.ServerEvalFn = discovery.SupportsDataplaneFeatures(features...)
	}
	ctx, cancel := context.WithCancel(context.Background())
	w, err := discovery.NewWatcher(ctx, config, hclog.NewNullLogger())
	if err != nil {
		cancel()
		return nil, err
	}
	m := &managed{watcher: w, states: w.Subscribe(), cancel: cancel}
	go w.Run()
	if err := m.connected(promptly); err != nil {
		m.close()
		return nil, err
	}
	return m, nil
}

// connected waits until the manager says that it has a server, and calls it.
func (m *managed) connected(limit time.Duration) error {
	select {
	case state := <-m.states:
		m.conn = state.GRPCConn
	case <-time.After(limit):
		return fmt.Errorf("no server within %v", limit)
	}
	return eventually(limit, func() error {
		ctx, cancel := context.WithTimeout(context.Background(), promptly)
		defer cancel()
		_, err := dataplaneFeatures(ctx, m.conn)
		return err
	})
}

func (m *managed) close() {
	m.watcher.Stop()
	m.cancel()
}

var managerChecks = []check{
	{name: "connection-manager/a-server-is-found-and-kept", run: func(t target) error {
		if t.grpcAddr == "" {
			return skipped("no -grpc-addr")
		}
		m, err := manage(t.grpcAddr, "DATAPLANE_FEATURES_WATCH_SERVERS")
		if err != nil {
			return err
		}
		defer m.close()
		select {
		case state := <-m.states:
			return fmt.Errorf("it went to %v while nothing changed", state.Address)
		case <-time.After(parkTime):
			return nil
		}
	}},
	{name: "connection-manager/a-server-without-a-feature-is-passed-over", run: func(t target) error {
		if t.grpcAddr == "" {
			return skipped("no -grpc-addr")
		}
		m, err := manage(t.grpcAddr, "DATAPLANE_FEATURES_FIPS")
		if err == nil {
			m.close()
			return errors.New("the server was taken, and it has no certified cryptography")
		}
		return nil
	}},
}
