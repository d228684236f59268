package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/consul-net-rpc/go-msgpack/codec"

	"proconsul.test/interop/peer"
)

// comparer walks what was decoded beside the JSON of what was encoded.
type comparer struct {
	*types
	*apiChecks        // when types of api are decoded into
	kind       string // of config entries
	values     int    // scalars and nils that were compared
}

// body decodes the structure's own map into a type made for it, and compares.
func (c *comparer) body(s shape, dec *codec.Decoder, want any) error {
	typ, err := c.structType(s, c.kind, nil)
	if err != nil {
		return err
	}
	into := reflect.New(typ)
	if err := dec.Decode(into.Interface()); err != nil {
		return err
	}
	return c.fields(s, into.Elem(), want)
}

// raw compares the content of a raw value with the structure that it holds.
func (c *comparer) raw(s shape, content []byte, want any) error {
	dec := codec.NewDecoderBytes(content, peer.Handle)
	of, ok := want.(map[string]any)
	if !ok {
		return fmt.Errorf("a %s where the JSON is %v", s.Name, want)
	}
	switch s.Name {
	case "structs.ProxyConfigEntry", "structs.ServiceConfigResponse":
		return c.body(s, dec, want)
	case "structs.ConfigEntryRequest":
		if err := dec.Decode(&c.kind); err != nil {
			return err
		}
		return c.body(s, dec, want)
	case "structs.ConfigEntryResponse":
		if err := dec.Decode(&c.kind); err != nil {
			return err
		}
		var err error
		if c.kind == "" {
			if of["Entry"] != nil {
				err = fmt.Errorf("no entry where there is one: %v", of["Entry"])
			}
		} else {
			err = c.next("iface(structs.ConfigEntry)", dec, of["Entry"])
		}
		if err != nil {
			return err
		}
		return c.body(c.named["structs.QueryMeta"], dec, without(of, "Entry"))
	case "structs.IndexedConfigEntries":
		var n int
		if err := dec.Decode(&n); err != nil {
			return err
		}
		if err := dec.Decode(&c.kind); err != nil {
			return err
		}
		if entries, _ := of["Entries"].([]any); n != len(entries) {
			return fmt.Errorf("%d entries, not %d", n, len(entries))
		}
		return c.body(s, dec, want)
	case "structs.IndexedGenericConfigEntries":
		var n int
		if err := dec.Decode(&n); err != nil {
			return err
		}
		entries, _ := of["Entries"].([]any)
		if n != len(entries) {
			return fmt.Errorf("%d entries, not %d", n, len(entries))
		}
		for _, entry := range entries {
			if err := dec.Decode(&c.kind); err != nil {
				return err
			}
			if err := c.next("iface(structs.ConfigEntry)", dec, entry); err != nil {
				return err
			}
		}
		return c.body(c.named["structs.QueryMeta"], dec, without(of, "Entries"))
	}
	return fmt.Errorf("nobody knows what is in a %s", s.Name)
}

func without(of map[string]any, key string) map[string]any {
	rest := map[string]any{}
	for k, v := range of {
		if k != key {
			rest[k] = v
		}
	}
	return rest
}

// next decodes one value of a wire kind and compares it.
func (c *comparer) next(wire string, dec *codec.Decoder, want any) error {
	typ, err := c.goType(wire, c.kind, nil)
	if err != nil {
		return err
	}
	into := reflect.New(typ)
	if err := dec.Decode(into.Interface()); err != nil {
		return err
	}
	return c.value(wire, into.Elem(), want)
}

// fields compares a structure's fields, all of them, and no others.
func (c *comparer) fields(s shape, got reflect.Value, want any) error {
	if c.api[s.Name] != nil {
		return c.byCodec(s, got, want)
	}
	of, ok := want.(map[string]any)
	if !ok {
		return fmt.Errorf("a structure where the JSON is %v", want)
	}
	for i, f := range s.Fields {
		value, there := of[f.Key]
		if !there && got.Field(i).IsZero() {
			continue // left out when empty
		}
		if err := c.value(f.Wire, got.Field(i), value); err != nil {
			return fmt.Errorf("%s: %w", f.Key, err)
		}
		of = without(of, f.Key)
	}
	for key := range of {
		return fmt.Errorf("%s has no field %s", s.Name, key)
	}
	return nil
}

// value compares one value of a wire kind.
func (c *comparer) value(wire string, got reflect.Value, want any) error {
	wire = c.resolve(wire, c.kind)
	head, of := generic(wire)
	s, named := c.named[wire]
	switch {
	case wire == "any":
		return c.any(got.Interface(), want)
	case named && s.Wire == "raw" || strings.HasPrefix(wire, "raw("):
		if !named {
			s = c.named[strings.TrimSuffix(strings.TrimPrefix(wire, "raw("), ")")]
		}
		return c.raw(s, got.Bytes(), want)
	case named && got.Kind() == reflect.Interface: // it holds itself: made typed here
		return c.next(wire, codec.NewDecoderBytes(peer.Encode(got.Interface()), peer.Handle), want)
	case named:
		return c.fields(s, got, want)
	}
	c.values++
	if want == nil {
		switch got.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Map:
			if got.IsNil() {
				return nil
			}
		}
		return fmt.Errorf("%v, not nil", got)
	}
	switch head {
	case "opt":
		if got.IsNil() {
			return fmt.Errorf("nil, not %v", want)
		}
		return c.value(of[0], got.Elem(), want)
	case "map":
		return c.entries(of, got, want)
	case "bytes":
		text, _ := want.(string)
		expected, err := base64.StdEncoding.DecodeString(text)
		if err != nil || got.IsNil() || !bytes.Equal(got.Bytes(), expected) {
			return fmt.Errorf("%x, not %v", got.Bytes(), want)
		}
		return nil
	case "time":
		at := got.Interface().(time.Time)
		if text := at.Format(time.RFC3339Nano); text != want {
			return fmt.Errorf("%s, not %v", text, want)
		}
		return nil
	case "emptystruct":
		return nil
	}
	if head == "list" || strings.HasPrefix(head, "array[") {
		items, ok := want.([]any)
		if !ok || head == "list" && got.IsNil() || got.Len() != len(items) {
			return fmt.Errorf("%d items, not %v", got.Len(), want)
		}
		for i, item := range items {
			if err := c.value(of[0], got.Index(i), item); err != nil {
				return fmt.Errorf("%d: %w", i, err)
			}
		}
		return nil
	}
	return c.any(got.Interface(), want)
}

// entries compares a map. One whose keys are no strings is a list of pairs in JSON.
func (c *comparer) entries(of []string, got reflect.Value, want any) error {
	var pairs [][2]any
	switch want := want.(type) {
	case map[string]any:
		for key, value := range want {
			var k any = key
			if c.resolve(of[0], c.kind) != "str" {
				k = json.Number(key) // JSON has no other keys than strings
			}
			pairs = append(pairs, [2]any{k, value})
		}
	case []any:
		for _, item := range want {
			pair, ok := item.([]any)
			if !ok || len(pair) != 2 {
				return fmt.Errorf("%v is no pair", item)
			}
			pairs = append(pairs, [2]any{pair[0], pair[1]})
		}
	default:
		return fmt.Errorf("a map, not %v", want)
	}
	if got.IsNil() || got.Len() != len(pairs) {
		return fmt.Errorf("%d entries, not %v", got.Len(), want)
	}
	for _, pair := range pairs {
		found := false
		for it := got.MapRange(); it.Next() && !found; {
			before := c.values
			if found = c.value(of[0], it.Key(), pair[0]) == nil; found {
				if err := c.value(of[1], it.Value(), pair[1]); err != nil {
					return fmt.Errorf("%v: %w", pair[0], err)
				}
			} else {
				c.values = before // another key
			}
		}
		if !found {
			return fmt.Errorf("no entry for %v", pair[0])
		}
	}
	return nil
}

// any compares scalars, and values whose type only the bytes know.
func (c *comparer) any(got, want any) error {
	same := false
	switch want := want.(type) {
	case nil:
		same = got == nil
	case bool, string:
		same = got == want
	case json.Number:
		same = number(reflect.ValueOf(got), want.String())
	case []any:
		items, ok := got.([]any)
		same = ok && len(items) == len(want)
		for i := 0; same && i < len(want); i++ {
			same = c.any(items[i], want[i]) == nil
		}
	case map[string]any:
		entries, ok := got.(map[string]any)
		same = ok && len(entries) == len(want)
		for key, value := range want {
			same = same && c.any(entries[key], value) == nil
		}
	}
	if !same {
		return fmt.Errorf("%v (%T), not %v (%T)", got, got, want, want)
	}
	c.values++
	return nil
}

func number(got reflect.Value, want string) bool {
	switch {
	case got.CanInt():
		return strconv.FormatInt(got.Int(), 10) == want
	case got.CanUint():
		return strconv.FormatUint(got.Uint(), 10) == want
	case got.CanFloat():
		float, err := strconv.ParseFloat(want, got.Type().Bits())
		return err == nil && math.Float64bits(float) == math.Float64bits(got.Float())
	}
	return false
}
