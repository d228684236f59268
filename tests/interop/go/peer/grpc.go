package peer

import (
	"context"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// ByteGRPC leads to the internal gRPC.
const ByteGRPC byte = 8

// The names by which native TLS says so, and that HTTP/2 follows.
const (
	ALPNGRPC  = "consul/rpc-grpc"
	ALPNHTTP2 = "h2"
)

// GRPC gives a channel of grpc-go whose connections dial makes, type byte and TLS included.
func GRPC(dial func() (net.Conn, error), more ...grpc.DialOption) (*grpc.ClientConn, error) {
	return grpc.NewClient("passthrough:///"+ServerName, append(more,
		grpc.WithTransportCredentials(insecure.NewCredentials()), // dial has seen to it
		grpc.WithContextDialer(func(context.Context, string) (net.Conn, error) { return dial() }),
	)...)
}
