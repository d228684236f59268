package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/hashicorp/consul/api"
	"github.com/hashicorp/serf/coordinate"

	"proconsul.test/interop/peer"
)

// coordinateWait is longer than a server keeps coordinates back to write them together.
const coordinateWait = 15 * time.Second

var coordinateChecks = []check{
	{name: "coordinate/where-a-node-is-is-written-and-wakes", slow: true, run: withInstance("placed", func(s *peer.Session) error {
		q := peer.NodeSpecificRequest{Datacenter: peer.Datacenter, Node: "interop-placed"}
		var before peer.IndexedCoordinates
		if err := s.Call("Coordinate.Node", q, &before); err != nil {
			return err
		}
		if len(before.Coordinates) != 0 || before.Index == 0 {
			return fmt.Errorf("%d coordinates at index %d", len(before.Coordinates), before.Index)
		}
		q.MinQueryIndex, q.MaxQueryTime = before.Index, time.Minute
		var woken peer.IndexedCoordinates
		answer := make(chan error, 1)
		go func() {
			// The index of nothing is its table's: another node's coordinate may answer, with nothing.
			for len(woken.Coordinates) == 0 {
				if err := s.Call("Coordinate.Node", q, &woken); err != nil {
					answer <- err
					return
				}
				q.MinQueryIndex = woken.Index
			}
			answer <- nil
		}()
		time.Sleep(parkTime)
		point := coordinate.NewCoordinate(coordinate.DefaultConfig())
		point.Vec[0], point.Height = 0.25, 0.5
		if err := s.Call("Coordinate.Update", placed("interop-placed", point), nil); err != nil {
			return err
		}
		if err := within(coordinateWait, func() error { return <-answer }); err != nil {
			return err
		}
		if len(woken.Coordinates) != 1 || woken.Coordinates[0].Coord.Vec[0] != 0.25 || woken.Coordinates[0].Coord.Height != 0.5 {
			return fmt.Errorf("woken with %+v", woken.Coordinates)
		}
		var all peer.IndexedCoordinates
		if err := s.Call("Coordinate.ListNodes", peer.DCSpecificRequest{Datacenter: peer.Datacenter}, &all); err != nil {
			return err
		}
		if !slices.ContainsFunc(all.Coordinates, func(c *api.CoordinateEntry) bool { return c.Node == "interop-placed" }) {
			return fmt.Errorf("it is not among %d", len(all.Coordinates))
		}
		return nil
	})},
	{name: "coordinate/what-is-no-coordinate-is-refused", run: onSession(func(_ target, s *peer.Session) error {
		flat := &coordinate.Coordinate{Vec: []float64{0.1}}
		if err := refusedWith("incompatible coordinate", s.Call("Coordinate.Update", placed("interop-flat", flat), nil)); err != nil {
			return err
		}
		return refusedWith("invalid coordinate", s.Call("Coordinate.Update", placed("interop-flat", nil), nil))
	})},
	{name: "coordinate/the-datacenter-has-a-server", run: onSession(func(_ target, s *peer.Session) error {
		var maps []api.CoordinateDatacenterMap
		if err := s.Call("Coordinate.ListDatacenters", peer.Empty{}, &maps); err != nil {
			return err
		}
		if len(maps) != 1 || maps[0].Datacenter != peer.Datacenter || maps[0].AreaID != "wan" || len(maps[0].Coordinates) != 1 {
			return fmt.Errorf("they are %+v", maps)
		}
		return nil
	})},
}

func placed(node string, point *coordinate.Coordinate) peer.CoordinateUpdateRequest {
	return peer.CoordinateUpdateRequest{Datacenter: peer.Datacenter, CoordinateEntry: api.CoordinateEntry{Node: node, Coord: point}}
}
