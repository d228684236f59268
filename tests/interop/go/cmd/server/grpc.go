package main

import (
	"context"
	"crypto/tls"
	"net"
	"time"

	"github.com/hashicorp/consul/proto-public/pbdataplane"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
)

// serveGRPC is the floor of gRPC: grpc-go, set as Consul sets it for its external port, with two methods that ask nothing of
// a store, in TLS where there are certificates. It returns the address.
func serveGRPC(addr string, certificates *tls.Config) (net.Addr, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	var secure []grpc.ServerOption
	if certificates != nil {
		secure = append(secure, grpc.Creds(credentials.NewTLS(certificates)))
	}
	srv := grpc.NewServer(append(secure,
		grpc.MaxConcurrentStreams(2048),
		grpc.MaxRecvMsgSize(50<<20),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: 30 * time.Second, Timeout: 10 * time.Second}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 15 * time.Second}),
	)...)
	pbdataplane.RegisterDataplaneServiceServer(srv, dataplane{})
	healthpb.RegisterHealthServer(srv, health.NewServer())
	go srv.Serve(l)
	return l.Addr(), nil
}

type dataplane struct {
	pbdataplane.UnimplementedDataplaneServiceServer
}

// GetSupportedDataplaneFeatures answers as Consul 1.21 does.
func (dataplane) GetSupportedDataplaneFeatures(context.Context, *pbdataplane.GetSupportedDataplaneFeaturesRequest) (*pbdataplane.GetSupportedDataplaneFeaturesResponse, error) {
	feature := func(name pbdataplane.DataplaneFeatures, supported bool) *pbdataplane.DataplaneFeatureSupport {
		return &pbdataplane.DataplaneFeatureSupport{FeatureName: name, Supported: supported}
	}
	return &pbdataplane.GetSupportedDataplaneFeaturesResponse{SupportedDataplaneFeatures: []*pbdataplane.DataplaneFeatureSupport{
		feature(pbdataplane.DataplaneFeatures_DATAPLANE_FEATURES_WATCH_SERVERS, true),
		feature(pbdataplane.DataplaneFeatures_DATAPLANE_FEATURES_EDGE_CERTIFICATE_MANAGEMENT, true),
		feature(pbdataplane.DataplaneFeatures_DATAPLANE_FEATURES_ENVOY_BOOTSTRAP_CONFIGURATION, true),
		feature(pbdataplane.DataplaneFeatures_DATAPLANE_FEATURES_FIPS, false),
	}}, nil
}
