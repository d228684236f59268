package main

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/hashicorp/consul-net-rpc/go-msgpack/codec"

	"proconsul.test/interop/peer"
)

// verdict is a line of what the Rust example `bad_input` prints: input, and what the codec is said to make of it.
type verdict struct {
	Type    string `json:"type"`
	Hex     string `json:"hex"`
	Verdict string `json:"verdict"`
	What    any    `json:"what"`
}

// verdicts asks the codec again.
func verdicts(all *types, from io.Reader) error {
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, lineBytesMax)
	var asked, wrong, dies int
	for lines.Scan() {
		var v verdict
		dec := json.NewDecoder(strings.NewReader(lines.Text()))
		dec.UseNumber()
		if err := dec.Decode(&v); err != nil {
			return err
		}
		if v.Verdict == "dies" {
			dies++ // as this process would
			continue
		}
		asked++
		if err := v.check(all); err != nil {
			wrong++
			fmt.Printf("FAIL %s %s: %v\n", v.Type, v.Hex, err)
		}
	}
	fmt.Printf("bad input: %d verdicts asked of the codec again, %d were wrong; %d not asked, as the process would die of them\n", asked, wrong, dies)
	if wrong > 0 || asked == 0 {
		return fmt.Errorf("%d of %d verdicts are wrong", wrong, asked)
	}
	return lines.Err()
}

// check decodes from a reader, as from a connection: the words for an early end are other than those for a slice.
func (v verdict) check(all *types) error {
	encoded, err := hex.DecodeString(v.Hex)
	if err != nil {
		return err
	}
	c := &comparer{types: all}
	wire := c.wireOf(sample{Type: v.Type})
	typ, err := all.goType(wire, "", nil)
	if err != nil {
		return err
	}
	into := reflect.New(typ)
	err = codec.NewDecoder(bufio.NewReader(bytes.NewReader(encoded)), peer.Handle).Decode(into.Interface())
	switch {
	case v.Verdict == "refused" && (err == nil || err.Error() != v.What):
		return fmt.Errorf("%v, not %v", err, v.What)
	case v.Verdict == "refused_alone" && err == nil:
		return fmt.Errorf("it is taken")
	case v.Verdict == "taken" && err != nil:
		return err
	case v.Verdict != "taken":
		return nil
	}
	s, structure := all.named[wire]
	if !structure {
		return c.value(wire, into.Elem(), v.What)
	}
	of, _ := v.What.(map[string]any)
	for i, f := range s.Fields {
		got, want := into.Elem().Field(i), of[f.Key]
		switch {
		case want == nil && !got.IsZero():
			return fmt.Errorf("%s is %v, not zero", f.Key, got)
		case want == nil || isSign(want):
			continue // JSON has no such value; that our bytes are the same again is tested in Rust
		}
		if s, named := all.named[all.resolve(f.Wire, "")]; named {
			return fmt.Errorf("%s: nobody compares a %s here", f.Key, s.Name)
		}
		if err := c.partly(f.Wire, got, want); err != nil {
			return fmt.Errorf("%s: %w", f.Key, err)
		}
	}
	return nil
}

// partly compares lists of structures by the fields that are told, and anything else whole.
func (c *comparer) partly(wire string, got reflect.Value, want any) error {
	items, list := want.([]any)
	head, of := generic(c.resolve(wire, c.kind))
	if !list || head != "list" || c.named[of[0]].Name == "" {
		return c.value(wire, got, want)
	}
	if got.Len() != len(items) {
		return fmt.Errorf("%d items, not %d", got.Len(), len(items))
	}
	s := c.named[of[0]]
	for i, item := range items {
		told, _ := item.(map[string]any)
		for j, f := range s.Fields {
			if value, there := told[f.Key]; there {
				if err := c.value(f.Wire, got.Index(i).Field(j), value); err != nil {
					return fmt.Errorf("%s: %w", f.Key, err)
				}
			}
		}
	}
	return nil
}

// isSign tells of what stands for a value that JSON does not have: bytes that are no text, numbers that are none.
func isSign(want any) bool {
	text, err := json.Marshal(want)
	return err != nil || bytes.Contains(text, []byte(`"$`)) || want == "NaN" || want == "Infinity"
}
