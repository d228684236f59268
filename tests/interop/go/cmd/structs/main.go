// Command structs decodes what the Rust structures encode, with HashiCorp's codec, and compares every field.
//
//	cargo run -p proconsul-structs --example wire_samples < tests/golden/wire/encodings.jsonl |
//		structs -types tests/golden/wire/types.json -golden tests/golden/wire/encodings.jsonl
//
// With -verdicts it says whether bad input is refused as the table of bad input has it:
//
//	cargo run -p proconsul-structs --example bad_input | structs -types tests/golden/wire/types.json -verdicts
//
// What `hashicorp/consul/api` has types for is decoded into those as well: our encoding by the codec, and the JSON that we show by
// `encoding/json`, unknown names refused, and config entries by api's own decoder.
//
// One line for each sample that failed, then one that counts; exit code 1 when one failed.
package main

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/hashicorp/consul-net-rpc/go-msgpack/codec"

	"proconsul.test/interop/peer"
)

// sample is one line of the standard input.
type sample struct {
	Type string `json:"type"`
	Case string `json:"case"`
	JSON any    `json:"json"`
	CLI  any    `json:"cli"` // in the form for people
	Hex  string `json:"hex"`
}

// lineBytesMax bounds one line.
const lineBytesMax = 16 << 20

func main() {
	path := flag.String("types", "", "types.json")
	golden := flag.String("golden", "", "encodings.jsonl, of which every line has to come")
	odd := flag.Bool("verdicts", false, "the standard input is what the example bad_input prints")
	flag.Parse()
	all, err := readTypes(*path)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	if *odd {
		if err := verdicts(all, os.Stdin); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	asAPI := newAPIChecks(all)
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, lineBytesMax)
	var checked, failed, values, protobuf int
	seen := map[string]bool{}
	for lines.Scan() {
		var s sample
		dec := json.NewDecoder(strings.NewReader(lines.Text()))
		dec.UseNumber()
		if err := dec.Decode(&s); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		if s.Hex == "" { // its JSON is not the codec's to read
			protobuf++
			continue
		}
		c := &comparer{types: all}
		if err := errors.Join(c.check(s), asAPI.check(s)); err != nil {
			failed++
			fmt.Printf("FAIL %s %s: %v\n", s.Type, s.Case, err)
		}
		checked++
		values += c.values
		seen[s.Type] = true
	}
	if err := lines.Err(); err != nil || checked == 0 {
		fmt.Fprintln(os.Stderr, "no samples were read:", err)
		os.Exit(2)
	}
	fmt.Printf("%d samples of %d types, %d values compared, %d samples failed; %d more are protobuf, which the codec sees as bytes\n",
		checked, len(seen), values, failed, protobuf)
	if err := errors.Join(everyLine(*golden, checked+protobuf), asAPI.finish()); err != nil {
		fmt.Printf("FAIL %v\n", err)
		failed++
	}
	fmt.Println(asAPI)
	if failed > 0 {
		os.Exit(1)
	}
}

// everyLine holds the number of samples to that of the lines that they were made of.
func everyLine(path string, samples int) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if n := bytes.Count(text, []byte("\n")); n != samples {
		return fmt.Errorf("%d lines in %s, and %d samples", n, path, samples)
	}
	return nil
}

// plain has the golden names of types that are no structures, as wire kinds.
var plain = map[string]string{"string": "str", "interface {}": "any", "struct {}": "emptystruct"}

// emptyList is a list of no items: a reply that is a list is never nil on the wire.
const emptyList byte = 0x90

func emptyIs(want any) error {
	if items, ok := want.([]any); want != nil && (!ok || len(items) > 0) {
		return fmt.Errorf("an empty list, not %v", want)
	}
	return nil
}

// check decodes one sample into a type of its own and compares.
func (c *comparer) check(s sample) error {
	encoded, err := hex.DecodeString(s.Hex)
	if err != nil {
		return err
	}
	wire := c.wireOf(s)
	if strings.HasPrefix(wire, "list<") && len(encoded) == 1 && encoded[0] == emptyList {
		return emptyIs(s.JSON) // the codec makes an empty list nil where there was none
	}
	return c.next(wire, codec.NewDecoderBytes(encoded, peer.Handle), s.JSON)
}

// wireOf is the wire kind of a sample, whose kind of config entry it remembers.
func (c *comparer) wireOf(s sample) string {
	wire := s.Type
	if item, list := strings.CutPrefix(wire, "[]"); list {
		if w, ok := plain[item]; ok {
			item = w
		}
		wire = "list<" + item + ">"
	} else if w, ok := plain[wire]; ok {
		wire = w
	}
	if entry, ok := s.JSON.(map[string]any); ok {
		c.kind, _ = entry["Kind"].(string)
	}
	return wire
}
