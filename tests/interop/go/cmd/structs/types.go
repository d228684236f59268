package main

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// field is one field of a structure as types.json has it.
type field struct {
	Key  string `json:"k"`
	Wire string `json:"w"`
}

// shape is one type of types.json.
type shape struct {
	Name   string  `json:"name"`
	Wire   string  `json:"wire"`
	Fields []field `json:"fields"`
}

// types makes Go types of wire facts. Reflection is what HashiCorp's codec works with, so that these are as good as written ones.
type types struct {
	Kinds map[string]string `json:"config_entry_kinds"`
	List  []shape           `json:"types"`
	named map[string]shape
	api   map[string]reflect.Type // structures that are decoded into a written type, not into one made of facts
}

func readTypes(path string) (*types, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	all := &types{named: map[string]shape{}}
	if err := json.Unmarshal(text, all); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, s := range all.List {
		all.named[s.Name] = s
	}
	return all, nil
}

var scalars = map[string]reflect.Type{
	"bool": reflect.TypeFor[bool](), "str": reflect.TypeFor[string](), "bytes": reflect.TypeFor[[]byte](),
	"int": reflect.TypeFor[int](), "int32": reflect.TypeFor[int32](), "int64": reflect.TypeFor[int64](),
	"uint": reflect.TypeFor[uint](), "uint8": reflect.TypeFor[uint8](), "uint32": reflect.TypeFor[uint32](),
	"uint64": reflect.TypeFor[uint64](), "float32": reflect.TypeFor[float32](), "float64": reflect.TypeFor[float64](),
	"time": reflect.TypeFor[time.Time](), "duration": reflect.TypeFor[time.Duration](),
	"any": reflect.TypeFor[any](), "emptystruct": reflect.TypeFor[struct{}](),
}

// generic splits `head<a,b>` into its head and what is between the brackets.
func generic(wire string) (head string, of []string) {
	at := strings.IndexByte(wire, '<')
	if at < 0 || !strings.HasSuffix(wire, ">") {
		return wire, nil
	}
	inner, depth, from := wire[at+1:len(wire)-1], 0, 0
	for i, c := range inner {
		switch {
		case c == '<':
			depth++
		case c == '>':
			depth--
		case c == ',' && depth == 0:
			of = append(of, inner[from:i])
			from = i + 1
		}
	}
	return wire[:at], append(of, inner[from:])
}

// resolve follows names to what they are, as far as that is not a structure.
func (t *types) resolve(wire, kind string) string {
	for {
		if wire == "iface(structs.ConfigEntry)" {
			if wire = t.Kinds[kind]; wire == "" {
				return "any" // there is none
			}
		}
		s, known := t.named[wire]
		if !known || s.Wire == "map" || s.Wire == "raw" {
			return wire
		}
		wire = s.Wire
	}
}

// goType is the Go type that a wire kind is decoded into. kind is that of config entries; within names the type is unknown, as
// a type made by reflection cannot hold itself.
func (t *types) goType(wire, kind string, within []string) (reflect.Type, error) {
	wire = t.resolve(wire, kind)
	if scalar, ok := scalars[wire]; ok {
		return scalar, nil
	}
	head, of := generic(wire)
	var inner []reflect.Type
	for _, w := range of {
		typ, err := t.goType(w, kind, within)
		if err != nil {
			return nil, err
		}
		inner = append(inner, typ)
	}
	switch {
	case head == "opt":
		return reflect.PointerTo(inner[0]), nil
	case head == "list":
		return reflect.SliceOf(inner[0]), nil
	case head == "map":
		return reflect.MapOf(inner[0], inner[1]), nil
	case strings.HasPrefix(head, "array["):
		n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(head, "array["), "]"))
		if err != nil {
			return nil, err
		}
		return reflect.ArrayOf(n, inner[0]), nil
	case strings.HasPrefix(wire, "raw("):
		return reflect.TypeFor[[]byte](), nil
	}
	s, known := t.named[wire]
	if !known {
		return nil, fmt.Errorf("%q is nothing that a structure can hold", wire)
	}
	if s.Wire == "raw" {
		return reflect.TypeFor[[]byte](), nil
	}
	return t.structType(s, kind, within)
}

// structType is a structure whose fields are the wire's.
func (t *types) structType(s shape, kind string, within []string) (reflect.Type, error) {
	if typ, written := t.api[s.Name]; written {
		return typ, nil
	}
	for _, name := range within {
		if name == s.Name {
			return reflect.TypeFor[any](), nil
		}
	}
	within = append(within[:len(within):len(within)], s.Name)
	var fields []reflect.StructField
	for i, f := range s.Fields {
		typ, err := t.goType(f.Wire, kind, within)
		if err != nil {
			return nil, fmt.Errorf("%s.%s: %w", s.Name, f.Key, err)
		}
		tag := reflect.StructTag(fmt.Sprintf("codec:%q", f.Key))
		fields = append(fields, reflect.StructField{Name: fmt.Sprintf("F%d", i), Type: typ, Tag: tag})
	}
	return reflect.StructOf(fields), nil
}
