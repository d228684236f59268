package main

import (
	"errors"
	"sync/atomic"
	"time"

	"proconsul.test/interop/peer"
)

// accept opens connections, pings once on each and closes them, one after another in each worker.
func accept(o options, r *result) error {
	ping := peer.Request(1, "Status.Ping", peer.Empty{})
	var p phase
	var serial atomic.Int64
	all := make([]*stats, o.conns)
	ended := make(chan error, o.conns)
	for i := range all {
		all[i] = &stats{}
		go func() {
			ended <- func() error {
				d, err := o.dialer()
				if err != nil {
					return err
				}
				for !p.over.Load() {
					started := time.Now()
					if err := acceptOne(d, int(serial.Add(1)), ping); err != nil {
						return err
					}
					if p.measuring.Load() {
						all[i].add(int64(time.Since(started)))
					}
					all[i].ops.Add(1)
				}
				return nil
			}()
		}()
	}
	measure(o, r, &p, all)
	var errs []error
	for range all {
		errs = append(errs, <-ended)
	}
	quantiles(r, all)
	return errors.Join(errs...)
}

func acceptOne(d *dialer, serial int, ping []byte) error {
	c, err := d.dial(peer.ByteSingle, peer.Source(serial%1000))
	if err != nil {
		return err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(answerLimit))
	if _, err := c.Write(ping); err != nil {
		return err
	}
	var buf [256]byte
	var w walker
	w.await(2)
	for {
		n, err := c.Read(buf[:])
		if err != nil {
			return err
		}
		if _, done := w.feed(buf[:n]); done {
			return nil
		}
	}
}
