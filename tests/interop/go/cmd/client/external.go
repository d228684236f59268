package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/hashicorp/consul/api"
	"github.com/hashicorp/consul/proto-public/pbdataplane"
	"github.com/hashicorp/consul/proto-public/pbdns"
	"github.com/hashicorp/consul/proto-public/pbresource"
	"github.com/hashicorp/consul/proto-public/pbserverdiscovery"
	"golang.org/x/net/dns/dnsmessage"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/anypb"

	"proconsul.test/interop/peer"
)

// What is asked on the external port alone.
var externalChecks = []check{
	onPort("watch-servers", watchServers),
	onPort("dataplane-features", func(ctx context.Context, _ target, c *grpc.ClientConn) error {
		features, err := dataplaneFeatures(ctx, c)
		if err != nil {
			return err
		}
		for name, want := range map[pbdataplane.DataplaneFeatures]bool{
			pbdataplane.DataplaneFeatures_DATAPLANE_FEATURES_WATCH_SERVERS:                 true,
			pbdataplane.DataplaneFeatures_DATAPLANE_FEATURES_EDGE_CERTIFICATE_MANAGEMENT:   true,
			pbdataplane.DataplaneFeatures_DATAPLANE_FEATURES_ENVOY_BOOTSTRAP_CONFIGURATION: true,
			pbdataplane.DataplaneFeatures_DATAPLANE_FEATURES_FIPS:                          false,
		} {
			if got, known := features[name]; got != want || !known {
				return fmt.Errorf("%v: %v, known: %v", name, got, known)
			}
		}
		return nil
	}),
	onPort("bootstrap-of-a-proxy", bootstrap),
	onPort("dns", dns),
	onPort("resource-refusals", resourceRefusals),
	onPort("resource-lifecycle", resourceLifecycle),
}

func onPort(name string, run func(context.Context, target, *grpc.ClientConn) error) check {
	return check{name: "grpc/port/" + name, run: func(t target) error {
		return plainSurfaces[0].on(func(ctx context.Context, c *grpc.ClientConn) error { return run(ctx, t, c) })(t)
	}}
}

// watchServers reads the first answer, and that nothing follows while nothing changes. An address has no port: who asks
// knows which one gRPC has.
func watchServers(ctx context.Context, t target, c *grpc.ClientConn) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	host, _, err := net.SplitHostPort(t.grpcAddr)
	if err != nil {
		return err
	}
	for _, wan := range []bool{false, true} {
		stream, err := pbserverdiscovery.NewServerDiscoveryServiceClient(c).WatchServers(ctx, &pbserverdiscovery.WatchServersRequest{Wan: wan})
		if err != nil {
			return err
		}
		r, err := stream.Recv()
		if err != nil {
			return err
		}
		if len(r.Servers) != 1 || r.Servers[0].Id == "" || r.Servers[0].Version == "" || r.Servers[0].Address != host {
			return fmt.Errorf("wan %v: %v, and we came by %s", wan, r.Servers, t.grpcAddr)
		}
		more := make(chan error, 1)
		go func() {
			r, err := stream.Recv()
			more <- fmt.Errorf("wan %v: then %v, %v", wan, r, err)
		}()
		select {
		case err := <-more:
			return err
		case <-time.After(parkTime):
		}
	}
	return nil
}

func dataplaneFeatures(ctx context.Context, c *grpc.ClientConn) (map[pbdataplane.DataplaneFeatures]bool, error) {
	r, err := pbdataplane.NewDataplaneServiceClient(c).GetSupportedDataplaneFeatures(ctx, &pbdataplane.GetSupportedDataplaneFeaturesRequest{})
	features := map[pbdataplane.DataplaneFeatures]bool{}
	for _, f := range r.GetSupportedDataplaneFeatures() {
		features[f.FeatureName] = f.Supported
	}
	return features, err
}

// registerProxy is a registration with the fields that a proxy's needs.
type registerProxy struct {
	Datacenter, ID, Node, Address string
	Service                       *api.AgentService
}

// bootstrap registers a service and its proxy by net/rpc, and asks by gRPC what Envoy begins with.
func bootstrap(ctx context.Context, t target, c *grpc.ClientConn) error {
	s, err := plain(t.addr)
	if err != nil {
		return err
	}
	defer s.Close()
	const node, id = "interop-mesh", "6e6f6465-0000-4000-8000-00000000c0de"
	proxy := registerProxy{Datacenter: peer.Datacenter, ID: id, Node: node, Address: "10.1.2.3", Service: &api.AgentService{
		Kind: api.ServiceKindConnectProxy, ID: "mesh-1-sidecar", Service: "mesh-sidecar", Port: 20000,
		Proxy: &api.AgentServiceConnectProxyConfig{
			DestinationServiceName: "mesh", DestinationServiceID: "mesh-1", LocalServicePort: 8080,
			Config: map[string]any{"protocol": "http", "connect_timeout_ms": 250},
		},
	}}
	if err := s.Call("Catalog.Register", proxy, nil); err != nil {
		return err
	}
	client := pbdataplane.NewDataplaneServiceClient(c)
	ask := func(r *pbdataplane.GetEnvoyBootstrapParamsRequest) error {
		got, err := client.GetEnvoyBootstrapParams(ctx, r)
		if err != nil {
			return err
		}
		if got.Identity != "mesh" || got.Service != "mesh" || got.Datacenter != peer.Datacenter || got.NodeName != node {
			return fmt.Errorf("%v", got)
		}
		if config := got.Config.AsMap(); config["protocol"] != "http" || config["connect_timeout_ms"] != float64(250) {
			return fmt.Errorf("configured with %v", config)
		}
		return nil
	}
	byName := &pbdataplane.GetEnvoyBootstrapParamsRequest{
		NodeSpec: &pbdataplane.GetEnvoyBootstrapParamsRequest_NodeName{NodeName: node}, ServiceId: proxy.Service.ID}
	byID := &pbdataplane.GetEnvoyBootstrapParamsRequest{
		NodeSpec: &pbdataplane.GetEnvoyBootstrapParamsRequest_NodeId{NodeId: id}, ProxyId: proxy.Service.ID}
	for _, r := range []*pbdataplane.GetEnvoyBootstrapParamsRequest{byName, byID} {
		if err := ask(r); err != nil {
			return err
		}
	}
	byName.ServiceId = "no-such-proxy"
	if err := wantStatus(ask(byName), codes.NotFound, ""); err != nil {
		return err
	}
	return deregister(s, "mesh")
}

// dns asks for what was registered by net/rpc, with messages that Go's own library makes and reads.
func dns(ctx context.Context, t target, c *grpc.ClientConn) error {
	s, err := plain(t.addr)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.Call("Catalog.Register", instance("named", 8080), nil); err != nil {
		return err
	}
	client := pbdns.NewDNSServiceClient(c)
	for name, want := range map[string]string{"interop-named.node.consul.": "10.1.2.3", "interop-named.service.consul.": "10.1.2.4"} {
		for _, protocol := range []pbdns.Protocol{pbdns.Protocol_PROTOCOL_UDP, pbdns.Protocol_PROTOCOL_TCP} {
			question := dnsmessage.Message{Header: dnsmessage.Header{ID: 4711, RecursionDesired: true}, Questions: []dnsmessage.Question{
				{Name: dnsmessage.MustNewName(name), Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET},
			}}
			bytes, err := question.Pack()
			if err != nil {
				return err
			}
			r, err := client.Query(ctx, &pbdns.QueryRequest{Msg: bytes, Protocol: protocol})
			if err != nil {
				return err
			}
			var answer dnsmessage.Message
			if err := answer.Unpack(r.Msg); err != nil {
				return fmt.Errorf("%s: %w of %s", name, err, hex.EncodeToString(r.Msg))
			}
			if answer.ID != 4711 || !answer.Response || answer.RCode != dnsmessage.RCodeSuccess || len(answer.Answers) != 1 {
				return fmt.Errorf("%s: %v", name, answer.GoString())
			}
			if a, ok := answer.Answers[0].Body.(*dnsmessage.AResource); !ok || netip.AddrFrom4(a.A).String() != want {
				return fmt.Errorf("%s: %v", name, answer.GoString())
			}
		}
	}
	_, err = client.Query(ctx, &pbdns.QueryRequest{Msg: []byte{0}, Protocol: pbdns.Protocol_PROTOCOL_UDP})
	if err := wantStatus(err, codes.Internal, "failure decoding dns request"); err != nil {
		return err
	}
	_, err = client.Query(ctx, &pbdns.QueryRequest{Msg: []byte{0}})
	if err := wantStatus(err, codes.InvalidArgument, "error protocol type not set: PROTOCOL_UNSET_UNSPECIFIED"); err != nil {
		return err
	}
	return deregister(s, "named")
}

func resourceRefusals(ctx context.Context, _ target, c *grpc.ClientConn) error {
	client := pbresource.NewResourceServiceClient(c)
	_, read := client.Read(ctx, &pbresource.ReadRequest{})
	_, list := client.List(ctx, &pbresource.ListRequest{})
	_, write := client.Write(ctx, &pbresource.WriteRequest{})
	_, remove := client.Delete(ctx, &pbresource.DeleteRequest{})
	_, owned := client.ListByOwner(ctx, &pbresource.ListByOwnerRequest{})
	_, unknown := client.Read(ctx, &pbresource.ReadRequest{Id: &pbresource.ID{
		Name: "a", Type: &pbresource.Type{Group: "no", GroupVersion: "v1", Kind: "Such"}, Tenancy: everywhere}})
	for text, err := range map[string]error{
		"id is required": read, "type is required": list, "resource is required": write, "owner is required": owned,
		"resource type no.v1.Such not registered": unknown,
	} {
		if err := wantStatus(err, codes.InvalidArgument, text); err != nil {
			return err
		}
	}
	return wantStatus(remove, codes.InvalidArgument, "id is required")
}

var (
	everywhere = &pbresource.Tenancy{Partition: "default", Namespace: "default"}
	// artist is one of the types that Consul registers to try the service with; its message is not in the public module.
	artist = &pbresource.Type{Group: "demo", GroupVersion: "v2", Kind: "Artist"}
)

// artistData is an Artist with a name (field 1) and a genre (field 2).
func artistData(name string) *anypb.Any {
	value := append([]byte{0x0a, byte(len(name))}, name...)
	return &anypb.Any{TypeUrl: "type.googleapis.com/hashicorp.consul.internal.demo.v2.Artist", Value: append(value, 0x10, 3)}
}

// resourceLifecycle follows one resource from its first write to the event of its end.
func resourceLifecycle(ctx context.Context, _ target, c *grpc.ClientConn) error {
	client := pbresource.NewResourceServiceClient(c)
	id := &pbresource.ID{Name: "interop", Type: artist, Tenancy: everywhere}
	_, err := client.Delete(ctx, &pbresource.DeleteRequest{Id: id})
	if err != nil {
		return err
	}
	watch, err := client.WatchList(ctx, &pbresource.WatchListRequest{Type: artist, Tenancy: everywhere, NamePrefix: "interop"})
	if err != nil {
		return err
	}
	if event, err := watch.Recv(); err != nil || event.GetEndOfSnapshot() == nil {
		return fmt.Errorf("the watch began with %v, %v", event, err)
	}
	first, err := client.Write(ctx, &pbresource.WriteRequest{Resource: &pbresource.Resource{Id: id, Data: artistData("one"), Metadata: map[string]string{"by": "interop"}}})
	if err != nil {
		return err
	}
	made := first.Resource
	if made.Id.Uid == "" || made.Version == "" || made.Generation == "" {
		return fmt.Errorf("written as %v", made)
	}
	if event, err := watch.Recv(); err != nil || event.GetUpsert().GetResource().GetVersion() != made.Version {
		return fmt.Errorf("the write came as %v, %v", event, err)
	}
	read, err := client.Read(ctx, &pbresource.ReadRequest{Id: made.Id})
	if err != nil || read.Resource.Version != made.Version || !slices.Equal(read.Resource.Data.Value, made.Data.Value) {
		return fmt.Errorf("read back as %v, %v", read, err)
	}
	list, err := client.List(ctx, &pbresource.ListRequest{Type: artist, Tenancy: everywhere, NamePrefix: "interop"})
	if err != nil || len(list.Resources) != 1 {
		return fmt.Errorf("%d are listed, %v", len(list.GetResources()), err)
	}
	second, err := client.Write(ctx, &pbresource.WriteRequest{Resource: &pbresource.Resource{Id: made.Id, Version: made.Version, Data: artistData("two")}})
	if err != nil || second.Resource.Generation == made.Generation || second.Resource.Id.Uid != made.Id.Uid {
		return fmt.Errorf("written again as %v, %v", second, err)
	}
	_, stale := client.Write(ctx, &pbresource.WriteRequest{Resource: &pbresource.Resource{Id: made.Id, Version: made.Version, Data: artistData("three")}})
	if err := wantStatus(stale, codes.Aborted, ""); err != nil {
		return err
	}
	if _, err := client.Delete(ctx, &pbresource.DeleteRequest{Id: made.Id, Version: second.Resource.Version}); err != nil {
		return err
	}
	for gone := false; !gone; {
		event, err := watch.Recv()
		if err != nil {
			return err
		}
		gone = event.GetDelete() != nil
	}
	_, err = client.Read(ctx, &pbresource.ReadRequest{Id: id})
	return wantStatus(err, codes.NotFound, "resource not found")
}
