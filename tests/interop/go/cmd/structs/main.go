// Command structs decodes what the Rust structures encode, with HashiCorp's codec, and compares every field.
//
//	cargo run -p proconsul-structs --example wire_samples < tests/golden/wire/encodings.jsonl | structs -types tests/golden/wire/types.json
//
// One line for each sample that failed, then one that counts; exit code 1 when one failed.
package main

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
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
	Hex  string `json:"hex"`
}

// lineBytesMax bounds one line.
const lineBytesMax = 16 << 20

func main() {
	path := flag.String("types", "", "types.json")
	flag.Parse()
	all, err := readTypes(*path)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
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
		if all.isProtobuf(s.Type) {
			protobuf++
			continue
		}
		c := &comparer{types: all}
		if err := c.check(s); err != nil {
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
	fmt.Printf("%d samples of %d types, %d values compared, %d samples failed; %d are protobuf, which the codec sees as bytes\n",
		checked, len(seen), values, failed, protobuf)
	if failed > 0 {
		os.Exit(1)
	}
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
	bytes, err := hex.DecodeString(s.Hex)
	if err != nil {
		return err
	}
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
	if strings.HasPrefix(wire, "list<") && len(bytes) == 1 && bytes[0] == emptyList {
		return emptyIs(s.JSON) // the codec makes an empty list nil where there was none
	}
	return c.next(wire, codec.NewDecoderBytes(bytes, peer.Handle), s.JSON)
}
