package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/hashicorp/consul/proto-public/pbacl"
	"github.com/hashicorp/consul/proto-public/pbconnectca"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	oldreflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1alpha"
	"google.golang.org/grpc/status"

	"proconsul.test/interop/peer"
)

// What grpc-go, with the stubs of Consul's own module, finds on every way to gRPC: the external port, and the internal
// one behind the server port. What is only on the external port is in external.go.

// surface is one way to gRPC.
type surface struct {
	name string
	// dial makes a connection on which HTTP/2 may begin.
	dial func(target) (net.Conn, error)
	// at is where HTTP/2 may begin at once, for programs that dial by themselves; nil where something comes before it.
	at func(target) string
	// The services that must be among those listed, and one that must not.
	has    []string
	hasNot string
}

const (
	aclService       = "hashicorp.consul.acl.ACLService"
	caService        = "hashicorp.consul.connectca.ConnectCAService"
	dataplaneService = "hashicorp.consul.dataplane.DataplaneService"
	discoveryService = "hashicorp.consul.serverdiscovery.ServerDiscoveryService"
	dnsService       = "hashicorp.consul.dns.DNSService"
	resourceService  = "hashicorp.consul.resource.ResourceService"
	healthService    = "grpc.health.v1.Health"
	subscribeService = "subscribe.StateChangeSubscription"
)

var (
	onBoth   = []string{aclService, caService, resourceService, healthService, "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"}
	internal = append([]string{subscribeService}, onBoth...)
	external = append([]string{dataplaneService, discoveryService, dnsService}, onBoth...)
)

// plainSurfaces are reached without certificates; through TLS where that is how every check goes.
var plainSurfaces = []surface{
	{name: "grpc/port", has: external, hasNot: subscribeService,
		dial: func(t target) (net.Conn, error) {
			if t.grpcAddr == "" {
				return nil, skipped("no -grpc-addr")
			}
			return peer.Connect(t.grpcAddr, nil)
		}, at: func(t target) string { return t.grpcAddr }},
	{name: "grpc/byte-8", has: internal, hasNot: dataplaneService,
		dial: func(t target) (net.Conn, error) { return peer.Dial(t.addr, peer.ByteGRPC, nil) }},
	{name: "grpc/preface", has: internal, hasNot: dataplaneService,
		dial: func(t target) (net.Conn, error) {
			if peer.Through != nil {
				return nil, skipped("a plain preface is not through TLS")
			}
			return peer.Connect(t.addr, nil)
		}, at: func(t target) string { return t.addr }},
}

// secureSurfaces need certificates.
var secureSurfaces = []surface{
	{name: "tls/grpc/byte-3", has: internal, hasNot: dataplaneService, dial: func(t target) (net.Conn, error) {
		c, err := t.dial(dialing{start: peer.ByteTLS, cert: "client"})
		if err != nil {
			return nil, err
		}
		_, err = c.Write([]byte{peer.ByteGRPC})
		return c, err
	}},
	{name: "tls/grpc/alpn", has: internal, hasNot: dataplaneService, dial: func(t target) (net.Conn, error) {
		return t.dial(dialing{start: peer.ByteNone, alpn: peer.ALPNGRPC, cert: "client"})
	}},
	{name: "tls/grpc/alpn-h2", has: internal, hasNot: dataplaneService, dial: func(t target) (net.Conn, error) {
		return t.dial(dialing{start: peer.ByteNone, alpn: peer.ALPNHTTP2, cert: "client"})
	}},
	{name: "tls/grpc/port", has: external, hasNot: subscribeService, dial: func(t target) (net.Conn, error) {
		if t.grpcTLSAddr == "" {
			return nil, skipped("no -grpc-tls-addr")
		}
		config, err := t.config(dialing{alpn: peer.ALPNHTTP2, cert: "client"})
		if err != nil {
			return nil, err
		}
		return peer.DialTLS(t.grpcTLSAddr, peer.ByteNone, nil, config)
	}},
}

func surfaceChecks(surfaces []surface) []check {
	var all []check
	for _, s := range surfaces {
		add := func(name string, run func(context.Context, *grpc.ClientConn) error) {
			all = append(all, check{name: s.name + "/" + name, run: s.on(run)})
		}
		add("health", healthOf)
		add("services-are-listed-v1", func(ctx context.Context, c *grpc.ClientConn) error {
			names, err := listed(ctx, c)
			return errors.Join(err, s.judge(names))
		})
		add("services-are-listed-v1alpha", func(ctx context.Context, c *grpc.ClientConn) error {
			names, err := listedOld(ctx, c)
			return errors.Join(err, s.judge(names))
		})
		add("acl-is-off", aclIsOff)
		add("authority-refuses", authorityRefuses)
		add("go's-own-refusals", refusals(s.hasNot))
		add("many-calls-at-once", manyCalls)
		all = append(all, check{name: s.name + "/grpcurl", run: s.grpcurl})
	}
	return all
}

// on makes a channel for a check, and ends it. Why a connection could not be made is why the check fails.
func (s surface) on(run func(context.Context, *grpc.ClientConn) error) func(target) error {
	return func(t target) error {
		first, err := s.dial(t)
		if err != nil {
			return err
		}
		first.Close()
		c, err := peer.GRPC(func() (net.Conn, error) { return s.dial(t) })
		if err != nil {
			return err
		}
		defer c.Close()
		ctx, cancel := context.WithTimeout(context.Background(), callBound)
		defer cancel()
		return run(ctx, c)
	}
}

// judge says what is wrong with a list of services.
func (s surface) judge(names []string) error {
	for _, name := range s.has {
		if !slices.Contains(names, name) {
			return fmt.Errorf("%s is not among %q", name, names)
		}
	}
	if slices.Contains(names, s.hasNot) {
		return fmt.Errorf("%s is listed", s.hasNot)
	}
	return nil
}

func healthOf(ctx context.Context, c *grpc.ClientConn) error {
	client := healthpb.NewHealthClient(c)
	for _, duty := range []string{"", "leader", "ready"} {
		r, err := client.Check(ctx, &healthpb.HealthCheckRequest{Service: duty})
		if err != nil || r.Status != healthpb.HealthCheckResponse_SERVING {
			return fmt.Errorf("%q: %v, %v", duty, r.GetStatus(), err)
		}
	}
	if _, err := client.Check(ctx, &healthpb.HealthCheckRequest{Service: "nobody"}); status.Code(err) != codes.NotFound {
		return fmt.Errorf("of nobody: %v", err)
	}
	watch, err := client.Watch(ctx, &healthpb.HealthCheckRequest{Service: "ready"})
	if err != nil {
		return err
	}
	if r, err := watch.Recv(); err != nil || r.Status != healthpb.HealthCheckResponse_SERVING {
		return fmt.Errorf("watched: %v, %v", r.GetStatus(), err)
	}
	return nil
}

// listed asks for the services, and for a file with one of them.
func listed(ctx context.Context, c *grpc.ClientConn) ([]string, error) {
	stream, err := reflectionpb.NewServerReflectionClient(c).ServerReflectionInfo(ctx)
	if err != nil {
		return nil, err
	}
	ask := func(r *reflectionpb.ServerReflectionRequest) (*reflectionpb.ServerReflectionResponse, error) {
		if err := stream.Send(r); err != nil {
			return nil, err
		}
		return stream.Recv()
	}
	r, err := ask(&reflectionpb.ServerReflectionRequest{MessageRequest: &reflectionpb.ServerReflectionRequest_ListServices{}})
	if err != nil {
		return nil, err
	}
	var names []string
	for _, service := range r.GetListServicesResponse().GetService() {
		names = append(names, service.Name)
	}
	for _, name := range names {
		r, err := ask(&reflectionpb.ServerReflectionRequest{
			MessageRequest: &reflectionpb.ServerReflectionRequest_FileContainingSymbol{FileContainingSymbol: name},
		})
		if err != nil || len(r.GetFileDescriptorResponse().GetFileDescriptorProto()) == 0 {
			return nil, fmt.Errorf("no file for %s: %v, %v", name, r.GetErrorResponse(), err)
		}
	}
	r, err = ask(&reflectionpb.ServerReflectionRequest{
		MessageRequest: &reflectionpb.ServerReflectionRequest_FileContainingSymbol{FileContainingSymbol: "no.Such"},
	})
	// Go's server says so in an answer, ours ends the stream.
	if status.Code(err) != codes.NotFound && codes.Code(r.GetErrorResponse().GetErrorCode()) != codes.NotFound {
		return nil, fmt.Errorf("what is not there: %v, %v", r, err)
	}
	return names, nil
}

func listedOld(ctx context.Context, c *grpc.ClientConn) ([]string, error) {
	stream, err := oldreflectionpb.NewServerReflectionClient(c).ServerReflectionInfo(ctx)
	if err != nil {
		return nil, err
	}
	err = stream.Send(&oldreflectionpb.ServerReflectionRequest{MessageRequest: &oldreflectionpb.ServerReflectionRequest_ListServices{}})
	if err != nil {
		return nil, err
	}
	r, err := stream.Recv()
	var names []string
	for _, service := range r.GetListServicesResponse().GetService() {
		names = append(names, service.Name)
	}
	return names, err
}

func aclIsOff(ctx context.Context, c *grpc.ClientConn) error {
	client := pbacl.NewACLServiceClient(c)
	_, in := client.Login(ctx, &pbacl.LoginRequest{AuthMethod: "m", BearerToken: "t"})
	_, out := client.Logout(ctx, &pbacl.LogoutRequest{Token: "x"})
	return errors.Join(
		wantStatus(in, codes.FailedPrecondition, "ACL support disabled"),
		wantStatus(out, codes.FailedPrecondition, "ACL support disabled"),
	)
}

// authorityRefuses is what of the certificate authority does not need one.
func authorityRefuses(ctx context.Context, c *grpc.ClientConn) error {
	client := pbconnectca.NewConnectCAServiceClient(c)
	for csr, text := range map[string]string{
		"":     "CSR is required",
		"junk": "no PEM-encoded data found",
		"-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n": "first PEM-block should be CERTIFICATE REQUEST type",
	} {
		_, err := client.Sign(ctx, &pbconnectca.SignRequest{Csr: csr})
		if err := wantStatus(err, codes.InvalidArgument, text); err != nil {
			return fmt.Errorf("%q: %v", csr, err)
		}
	}
	roots, err := client.WatchRoots(ctx, &pbconnectca.WatchRootsRequest{})
	if err == nil {
		_, err = roots.Recv()
	}
	return wantStatus(err, codes.Unimplemented, "method WatchRoots not implemented")
}

// refusals are those that Go's server makes by itself, in its words.
func refusals(absent string) func(context.Context, *grpc.ClientConn) error {
	return func(ctx context.Context, c *grpc.ClientConn) error {
		for path, text := range map[string]string{
			"/" + healthService + "/Nothing": "unknown method Nothing for service " + healthService,
			"/" + absent + "/Nothing":        "unknown service " + absent,
			"/no.Such/Method":                "unknown service no.Such",
		} {
			err := c.Invoke(ctx, path, &healthpb.HealthCheckRequest{}, &healthpb.HealthCheckResponse{})
			if err := wantStatus(err, codes.Unimplemented, text); err != nil {
				return fmt.Errorf("%s: %v", path, err)
			}
		}
		past, cancel := context.WithCancel(ctx)
		cancel()
		return wantStatus(c.Invoke(past, "/"+healthService+"/Check", &healthpb.HealthCheckRequest{}, &healthpb.HealthCheckResponse{}), codes.Canceled, "")
	}
}

// manyCalls go side by side on one connection.
func manyCalls(ctx context.Context, c *grpc.ClientConn) error {
	client := healthpb.NewHealthClient(c)
	return parallel(64, func(int) error {
		for range 20 {
			if _, err := client.Check(ctx, &healthpb.HealthCheckRequest{}); err != nil {
				return err
			}
		}
		return nil
	})
}

func wantStatus(err error, code codes.Code, text string) error {
	if got := status.Convert(err); got.Code() != code || !strings.Contains(got.Message(), text) {
		return fmt.Errorf("%v where %v %q was due", err, code, text)
	}
	return nil
}
