package main

import "math/bits"

// hist counts latencies in nanoseconds, 64 buckets for each power of two: within 1.6 %.
type hist struct {
	n, max  int64
	buckets [64 * 40]int64
}

func bucket(v int64) int {
	if v < 64 {
		return int(max(v, 0))
	}
	shift := bits.Len64(uint64(v)) - 7 // leaves the upper seven bits: 64 to 127
	return min((shift+1)*64+int(v>>shift)-64, 64*40-1)
}

// lowest gives the least value that falls into a bucket.
func lowest(i int) int64 {
	if i < 64 {
		return int64(i)
	}
	return (int64(i%64) + 64) << (i/64 - 1)
}

func (h *hist) add(v int64) {
	h.n++
	h.max = max(h.max, v)
	h.buckets[bucket(v)]++
}

func (h *hist) merge(o *hist) {
	h.n += o.n
	h.max = max(h.max, o.max)
	for i, n := range o.buckets {
		h.buckets[i] += n
	}
}

// micros gives a quantile in microseconds.
func (h *hist) micros(q float64) float64 {
	if h.n == 0 {
		return 0
	}
	want := min(int64(q*float64(h.n)), h.n-1)
	var seen int64
	for i, n := range h.buckets {
		if seen += n; seen > want {
			return float64(lowest(i)) / 1000
		}
	}
	return float64(h.max) / 1000
}
