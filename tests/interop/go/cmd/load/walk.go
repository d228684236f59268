package main

import "encoding/binary"

// walker follows msgpack as it comes in pieces and says when so many whole values have passed. It looks at nothing
// but lengths, and so costs next to nothing.
type walker struct {
	values  int64 // still to begin
	payload int64 // bytes of the present value still to pass
	head    [5]byte
	have    int // bytes of a head that came in pieces
	need    int
}

// await starts over: n values are to pass.
func (w *walker) await(n int64) { *w = walker{values: n} }

// feed takes from p what belongs to the awaited values. Once done is true, the rest of p is of what follows.
func (w *walker) feed(p []byte) (used int, done bool) {
	for {
		if w.payload > 0 {
			n := min(w.payload, int64(len(p)-used))
			w.payload -= n
			used += int(n)
			if w.payload > 0 {
				return used, false
			}
		}
		if w.have == 0 && w.values == 0 {
			return used, true
		}
		if used == len(p) {
			return used, false
		}
		w.byte(p[used])
		used++
	}
}

func (w *walker) byte(b byte) {
	if w.have == 0 {
		w.values--
		if w.need = headBytes(b); w.need == 1 {
			w.short(b)
			return
		}
	}
	w.head[w.have] = b
	w.have++
	if w.have == w.need {
		w.have = 0
		w.long()
	}
}

// headBytes says how many bytes tell a value's length: one where the first byte says it all.
func headBytes(b byte) int {
	switch b {
	case 0xc4, 0xd9, 0xc7:
		return 2
	case 0xc5, 0xda, 0xdc, 0xde, 0xc8:
		return 3
	case 0xc6, 0xdb, 0xdd, 0xdf, 0xc9:
		return 5
	}
	return 1
}

func (w *walker) short(b byte) {
	switch {
	case b < 0x80 || b >= 0xe0:
	case b < 0x90:
		w.values += 2 * int64(b&15)
	case b < 0xa0:
		w.values += int64(b & 15)
	case b < 0xc0:
		w.payload = int64(b & 31)
	case b >= 0xcc && b <= 0xcf: // unsigned of 1, 2, 4, 8
		w.payload = 1 << (b - 0xcc)
	case b >= 0xd0 && b <= 0xd3: // signed of 1, 2, 4, 8
		w.payload = 1 << (b - 0xd0)
	case b >= 0xd4 && b <= 0xd8: // a tag and 1, 2, 4, 8, 16
		w.payload = 1 + 1<<(b-0xd4)
	case b == 0xca:
		w.payload = 4
	case b == 0xcb:
		w.payload = 8
	}
}

func (w *walker) long() {
	var wide [4]byte
	copy(wide[4-(w.need-1):], w.head[1:w.need])
	n := int64(binary.BigEndian.Uint32(wide[:]))
	switch w.head[0] {
	case 0xdc, 0xdd:
		w.values += n
	case 0xde, 0xdf:
		w.values += 2 * n
	case 0xc7, 0xc8, 0xc9:
		w.payload = n + 1
	default:
		w.payload = n
	}
}
