// Command bexprgolden records what go-bexpr makes of expressions.
//
//	go run ./cmd/bexprgolden CORPUS > GOLDEN
//
// CORPUS has one expression per line; empty lines and lines that begin with '#' are left out, and a line that begins
// with a backslash is a Go string literal after it. GOLDEN has one JSON object per expression: "expr" (or "hex" for one
// that is not UTF-8) and either "error", what CreateFilter says, or "matches", one truth value per sample.
// The samples are also in crates/bexpr/tests/sample/mod.rs.
package main

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strconv"
	"unicode/utf8"

	"github.com/hashicorp/go-bexpr"
)

type kind string

type address struct {
	Address string
	Port    int
}

type weights struct {
	Passing int
	Warning int
}

type upstream struct {
	Name string
	Port int
	Tags []string
	At   address
}

type sample struct {
	Name      string
	Kind      kind
	On        bool
	Int       int
	Int8      int8
	Int16     int16
	Int32     int32
	Uint      uint
	Uint8     uint8
	Uint16    uint16
	Uint32    uint32
	Float32   float32
	Float64   float64
	Tags      []string
	Ports     []int
	Flags     []bool
	Ratios    []float64
	Lists     [][]string
	Meta      map[string]string
	Counts    map[string]int
	Addresses map[string]address
	Groups    map[string][]string
	Nested    map[string]map[string]string
	Weights   weights
	Upstreams []upstream
	Matrix    [][]upstream
	Optional  *weights
	Tagged    string `bexpr:"tagged,alias"`
	Hidden    string `bexpr:"-"`
}

var samples = []sample{
	{
		Name: "web-1", Kind: "connect-proxy", On: true,
		Int: 8080, Int8: -8, Int16: 16, Int32: -32, Uint: 10, Uint8: 255, Uint16: 65535, Uint32: 7,
		Float32: 1.5, Float64: 0.1,
		Tags: []string{"primary", "v1", "caf\u00e9"}, Ports: []int{80, 443}, Flags: []bool{true}, Ratios: []float64{0.5, 2},
		Lists:     [][]string{{"a", "b"}, {}},
		Meta:      map[string]string{"env": "prod", "a.b": "dotted", "": "empty", "zone": "us-east-1a"},
		Counts:    map[string]int{"hits": 3, "zero": 0},
		Addresses: map[string]address{"lan": {"10.0.0.1", 80}, "wan": {"1.2.3.4", 443}},
		Groups:    map[string][]string{"admin": {"root", "ops"}, "none": {}},
		Nested:    map[string]map[string]string{"x": {"y": "z"}},
		Weights:   weights{10, 1},
		Upstreams: []upstream{{"db", 5432, []string{"sql"}, address{"db.local", 1}}, {"cache", 6379, nil, address{"cache.local", 2}}},
		Matrix:    [][]upstream{{{Name: "m1", Port: 1}}, {{Name: "m2", Port: 2}, {Name: "m3", Port: 3}}},
		Optional:  &weights{1, 2},
		Tagged:    "tag", Hidden: "hidden",
	},
	{Optional: &weights{}},
	{
		Name: "D\u00fcsseldorf \"two\"\nline \u65e5\u672c", Kind: "", On: false,
		Int: -1, Int8: 127, Int16: -32768, Int32: 2147483647, Uint: 0, Uint8: 0, Uint16: 1, Uint32: 4294967295,
		Float32: -0.25, Float64: 1e300,
		Tags: []string{""}, Ports: []int{-1}, Flags: []bool{false, true}, Ratios: []float64{-1},
		Lists:     [][]string{},
		Meta:      map[string]string{"env": "", "caf\u00e9": "ol\u00e9", "k v": "x", "quote\"d": "q"},
		Counts:    map[string]int{"hits": -3},
		Addresses: map[string]address{"lan": {"::1", 0}},
		Groups:    map[string][]string{"admin": {}},
		Nested:    map[string]map[string]string{"x": {}, "": {"": "deep"}},
		Weights:   weights{0, 0},
		Upstreams: []upstream{{Name: "db", Port: 3306, Tags: []string{"sql", "old"}}},
		Matrix:    [][]upstream{},
		Optional:  &weights{0, 7},
		Tagged:    "not", Hidden: "x",
	},
}

type record struct {
	Expr    string `json:"expr,omitempty"`
	Hex     string `json:"hex,omitempty"`
	Error   string `json:"error,omitempty"`
	Matches []bool `json:"matches,omitempty"`
}

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: bexprgolden CORPUS > GOLDEN")
	}
	file, err := os.Open(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()

	out := bufio.NewWriter(os.Stdout)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for number := 1; lines.Scan(); number++ {
		expr := lines.Text()
		if expr == "" || expr[0] == '#' {
			continue
		}
		if expr[0] == '\\' {
			if expr, err = strconv.Unquote(expr[1:]); err != nil {
				log.Fatalf("line %d: %v", number, err)
			}
		}
		if err := encoder.Encode(run(expr)); err != nil {
			log.Fatal(err)
		}
	}
	if err := lines.Err(); err != nil {
		log.Fatal(err)
	}
	if err := out.Flush(); err != nil {
		log.Fatal(err)
	}
}

func run(expr string) (result record) {
	if utf8.ValidString(expr) {
		result.Expr = expr
	} else {
		result.Hex = hex.EncodeToString([]byte(expr))
	}
	// An empty expression is no filter to CreateFilter; to the evaluator it is a bad one.
	evaluator, err := bexpr.CreateEvaluatorForType(expr, nil, sample{})
	if err != nil {
		result.Error = fmt.Sprint(err)
		return result
	}
	for _, item := range samples {
		matched, err := evaluator.Evaluate(item)
		if err != nil {
			log.Fatalf("%q: %v", expr, err)
		}
		result.Matches = append(result.Matches, matched)
	}
	return result
}
