package main

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/hashicorp/consul/proto-public/pbdataplane"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/grpc"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"

	"proconsul.test/interop/peer"
)

// Ways of -grpc-by.
const (
	grpcByPort = "port"
	grpcByByte = "byte"
)

// grpcScenarios are those that speak gRPC to -addr: what each worker prepares on a channel, and then repeats.
var grpcScenarios = map[string]func(*grpc.ClientConn) (func() error, error){
	// Only on the external port.
	"grpc-features": unary(func(ctx context.Context, c *grpc.ClientConn) error {
		_, err := pbdataplane.NewDataplaneServiceClient(c).GetSupportedDataplaneFeatures(ctx, &pbdataplane.GetSupportedDataplaneFeaturesRequest{})
		return err
	}),
	// On the server port too.
	"grpc-health": unary(func(ctx context.Context, c *grpc.ClientConn) error {
		_, err := healthpb.NewHealthClient(c).Check(ctx, &healthpb.HealthCheckRequest{})
		return err
	}),
	// The same, but one stream for each worker, in which one question and its answer follow another.
	"grpc-stream": func(c *grpc.ClientConn) (func() error, error) {
		stream, err := reflectionpb.NewServerReflectionClient(c).ServerReflectionInfo(context.Background())
		if err != nil {
			return nil, err
		}
		ask := &reflectionpb.ServerReflectionRequest{MessageRequest: &reflectionpb.ServerReflectionRequest_FileContainingSymbol{
			FileContainingSymbol: healthpb.Health_ServiceDesc.ServiceName,
		}}
		return func() error {
			late := time.AfterFunc(answerLimit, func() { c.Close() })
			defer late.Stop()
			if err := stream.Send(ask); err != nil {
				return err
			}
			answer, err := stream.Recv()
			if err == nil && len(answer.GetFileDescriptorResponse().GetFileDescriptorProto()) == 0 {
				err = errors.New("the answer has no descriptor")
			}
			return err
		}, nil
	},
}

// unary repeats a call.
func unary(call func(context.Context, *grpc.ClientConn) error) func(*grpc.ClientConn) (func() error, error) {
	return func(c *grpc.ClientConn) (func() error, error) {
		return func() error {
			ctx, cancel := context.WithTimeout(context.Background(), answerLimit)
			defer cancel()
			return call(ctx, c)
		}, nil
	}
}

// dialGRPC gives a connection on which HTTP/2 may begin.
func (o options) dialGRPC(from *net.TCPAddr) (net.Conn, error) {
	if o.grpcBy == grpcByByte {
		return o.dialOnce(peer.ByteGRPC, from)
	}
	c, err := peer.Connect(o.addr, from)
	if err != nil || o.tls.how == tlsNone {
		return c, err
	}
	d, err := o.dialer()
	if err != nil {
		return nil, err
	}
	config := d.config.Clone()
	config.NextProtos = []string{http2.NextProtoTLS}
	return d.handshake(c, config)
}

// grpcLoop keeps calls in flight on one channel of grpc-go.
func grpcLoop(o options, _ int, st *stats, p *phase) error {
	prepare := grpcScenarios[o.scenario]
	c, err := peer.GRPC(func() (net.Conn, error) { return o.dialGRPC(nil) })
	if err != nil {
		return err
	}
	defer c.Close()
	var mu sync.Mutex
	errs := make(chan error, o.inflight)
	for range o.inflight {
		go func() {
			call, err := prepare(c)
			if err == nil {
				err = repeat(&mu, st, p, call)
			}
			errs <- err
		}()
	}
	var first error // they share a connection, and fail alike
	for range o.inflight {
		if err := <-errs; first == nil {
			first = err
		}
	}
	return first
}

// grpcIdle opens connections that rest after one answered call, of health.
func grpcIdle(o options, r *result) error {
	r.Conns, r.Units = o.units, o.units
	conns := make([]net.Conn, o.units)
	before := peer.RSS(o.pid)
	err := sharedOut(o.units, func(i int) error {
		c, err := o.dialGRPC(peer.Source(i))
		if err != nil {
			return err
		}
		conns[i] = c
		c.SetDeadline(time.Now().Add(answerLimit))
		rest := &resting{Framer: http2.NewFramer(c, c)}
		if err := rest.askOnce(c); err != nil {
			return err
		}
		c.SetDeadline(time.Time{})
		go func() { // keeps answering the server's pings
			for rest.turn() == nil {
			}
		}()
		return nil
	})
	r.RSSUnit = float64(settled(o.pid, o.settle)-before) / float64(o.units)
	for _, c := range conns {
		if c != nil {
			c.Close()
		}
	}
	return err
}

// healthHeaders begin a call of Health.Check, in a header block that leaves no state behind.
var healthHeaders = func() []byte {
	var block headerBlock
	enc := hpack.NewEncoder(&block)
	for _, h := range [][2]string{
		{":method", "POST"}, {":scheme", "http"}, {":path", healthpb.Health_Check_FullMethodName}, {":authority", peer.ServerName},
		{"content-type", "application/grpc"}, {"te", "trailers"},
	} {
		enc.WriteField(hpack.HeaderField{Name: h[0], Value: h[1], Sensitive: true})
	}
	return block
}()

type headerBlock []byte

func (b *headerBlock) Write(p []byte) (int, error) {
	*b = append(*b, p...)
	return len(p), nil
}

// resting is a connection with one call.
type resting struct {
	*http2.Framer
	answered, ended bool
}

// askOnce begins HTTP/2 and makes the call to its end.
func (r *resting) askOnce(c net.Conn) error {
	if _, err := c.Write([]byte(http2.ClientPreface)); err != nil {
		return err
	}
	err := errors.Join(
		r.WriteSettings(),
		r.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: healthHeaders, EndHeaders: true}),
		r.WriteData(1, true, make([]byte, 5)), // an empty message
	)
	for err == nil && !r.ended {
		err = r.turn()
	}
	if err == nil && !r.answered {
		err = errors.New("the call ended without an answer")
	}
	return err
}

// turn reads one frame, and answers those that want it.
func (r *resting) turn() error {
	f, err := r.ReadFrame()
	if err != nil {
		return err
	}
	switch f := f.(type) {
	case *http2.SettingsFrame:
		if !f.IsAck() {
			return r.WriteSettingsAck()
		}
	case *http2.PingFrame:
		if !f.IsAck() {
			return r.WritePing(true, f.Data)
		}
	case *http2.DataFrame:
		r.answered = true
	case *http2.HeadersFrame:
		r.ended = f.StreamEnded()
	case *http2.RSTStreamFrame, *http2.GoAwayFrame:
		return errors.New("the server ended it: " + f.Header().String())
	}
	return nil
}
