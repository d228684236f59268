package peer

import (
	"fmt"
	"io"
	"net"

	"github.com/hashicorp/consul-net-rpc/go-msgpack/codec"
)

// The operations of a SnapshotRequest.
const (
	SnapshotSave = iota
	SnapshotRestore
)

// SnapshotRequest comes first on such a connection.
type SnapshotRequest struct {
	Datacenter string
	Token      string
	AllowStale bool
	Op         int
}

// SnapshotResponse answers it. A saved snapshot follows it.
type SnapshotResponse struct {
	Error string
	QueryMeta
}

// Snapshot asks for a snapshot, or sends one to be restored, as a Consul agent does: the request, what is sent, an end of our
// side, the answer, and the stream behind it. Gives the answer and that stream.
func Snapshot(addr string, request SnapshotRequest, sent io.Reader) (answer SnapshotResponse, behind []byte, err error) {
	conn, err := Dial(addr, ByteSnapshot, nil)
	if err != nil {
		return answer, nil, err
	}
	defer conn.Close()
	if err := codec.NewEncoder(conn, Handle).Encode(&request); err != nil {
		return answer, nil, fmt.Errorf("sending the request: %w", err)
	}
	if sent != nil {
		// A server that has seen enough may close its side; its answer tells.
		_, _ = io.Copy(conn, sent)
	}
	if err := closeWrite(conn); err != nil {
		return answer, nil, err
	}
	if err := codec.NewDecoder(conn, Handle).Decode(&answer); err != nil {
		return answer, nil, fmt.Errorf("reading the answer: %w", err)
	}
	behind, err = io.ReadAll(conn)
	return answer, behind, err
}

func closeWrite(conn net.Conn) error {
	half, ok := conn.(interface{ CloseWrite() error })
	if !ok {
		return fmt.Errorf("a %T has no half to close", conn)
	}
	return half.CloseWrite()
}
