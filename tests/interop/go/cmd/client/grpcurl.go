package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/fullstorydev/grpcurl"
	"github.com/jhump/protoreflect/grpcreflect"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"proconsul.test/interop/peer"
)

// grpcurl does what the command of that name does: list, describe every service, and call by what was described.
func (s surface) grpcurl(t target) error {
	first, err := s.dial(t)
	if err != nil {
		return err
	}
	first.Close()
	ctx, cancel := context.WithTimeout(context.Background(), checkTimeout)
	defer cancel()
	c, err := s.dialledByGrpcurl(ctx, t)
	if err != nil {
		return err
	}
	defer c.Close()
	reflected := grpcreflect.NewClientAuto(ctx, c)
	defer reflected.Reset()
	source := grpcurl.DescriptorSourceFromServer(ctx, reflected)

	names, err := grpcurl.ListServices(source)
	if err := errors.Join(err, s.judge(names)); err != nil {
		return err
	}
	for _, name := range names {
		methods, err := grpcurl.ListMethods(source, name)
		if err != nil || len(methods) == 0 {
			return fmt.Errorf("%s has %d methods: %v", name, len(methods), err)
		}
		symbol, err := source.FindSymbol(name)
		if err != nil {
			return err
		}
		if text, err := grpcurl.GetDescriptorText(symbol, source); err != nil || !strings.Contains(text, "rpc ") {
			return fmt.Errorf("%s is described as %q: %v", name, text, err)
		}
	}
	call := func(method, request string) (string, error) {
		var out bytes.Buffer
		parse, format, err := grpcurl.RequestParserAndFormatter(grpcurl.FormatJSON, source, strings.NewReader(request), grpcurl.FormatOptions{EmitJSONDefaultFields: true})
		if err != nil {
			return "", err
		}
		handler := &grpcurl.DefaultEventHandler{Out: &out, Formatter: format}
		if err := grpcurl.InvokeRPC(ctx, source, c, method, []string{"x-consul-token: junk"}, handler, parse.Next); err != nil {
			return "", err
		}
		return out.String(), handler.Status.Err()
	}
	if out, err := call(healthService+"/Check", `{"service": "leader"}`); err != nil || !strings.Contains(out, `"SERVING"`) {
		return fmt.Errorf("health: %q, %v", out, err)
	}
	if _, err := call(aclService+"/Login", `{"auth_method": "m", "bearer_token": "t"}`); wantStatus(err, codes.FailedPrecondition, "ACL support disabled") != nil {
		return fmt.Errorf("login: %v", err)
	}
	if s.hasNot == dataplaneService {
		return nil
	}
	out, err := call(dataplaneService+"/GetSupportedDataplaneFeatures", "")
	if err != nil || !strings.Contains(out, "DATAPLANE_FEATURES_WATCH_SERVERS") {
		return fmt.Errorf("features: %q, %v", out, err)
	}
	return nil
}

// dialledByGrpcurl is the command's own connection, and one of ours where a byte or a name comes first.
func (s surface) dialledByGrpcurl(ctx context.Context, t target) (*grpc.ClientConn, error) {
	if s.at != nil {
		return grpcurl.BlockingDial(ctx, "tcp", s.at(t), nil)
	}
	return peer.GRPC(func() (net.Conn, error) { return s.dial(t) })
}
