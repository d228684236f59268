package main

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/hashicorp/consul-net-rpc/go-msgpack/codec"
	"github.com/hashicorp/consul/api"

	"proconsul.test/interop/peer"
)

// apiChecks holds what is decoded into types of `hashicorp/consul/api`: our encoding, by the codec, where our structure stands
// for one of these types; and our JSON, by `encoding/json`, as a program would read it from Consul's HTTP interface.
type apiChecks struct {
	all  *types          // the same types, with those of api in their places
	used map[string]bool // differences that were met
	more map[string]bool // such that are not in the table
	wire tally           // decoded by the codec
	json tally           // decoded from JSON
	here map[string]int  // by structure: how many there are in the samples' own JSON
}

// tally counts, by structure, what was decoded, and the values in it that were compared.
type tally struct {
	structures map[string]int
	values     int
	lines      int
}

func newAPIChecks(all *types) *apiChecks {
	with := *all
	with.api = apiTypes
	return &apiChecks{
		all: &with, used: map[string]bool{}, more: map[string]bool{}, here: map[string]int{},
		wire: tally{structures: map[string]int{}}, json: tally{structures: map[string]int{}},
	}
}

// check decodes what one sample holds of api's types, both ways.
func (a *apiChecks) check(s sample) error {
	c := &comparer{types: a.all, apiChecks: a}
	wire := c.wireOf(s)
	sites, err := c.sites(wire, s.JSON, s.CLI)
	if err != nil {
		return fmt.Errorf("as JSON: %w", err)
	}
	if len(sites) == 0 {
		return nil
	}
	for _, at := range sites {
		a.here[at.shape.Name]++
	}
	if s.Hex, err = c.readable(wire, s.Hex); err != nil {
		return err
	}
	if err := c.check(s); err != nil {
		return fmt.Errorf("by the codec: %w", err)
	}
	a.wire.lines++
	for _, at := range sites {
		if err := c.fromJSON(at); err != nil {
			return fmt.Errorf("as JSON: %s: %w", at.shape.Name, err)
		}
		a.json.structures[at.shape.Name]++
	}
	a.json.lines++
	return nil
}

// finish says what was not looked at though it should have been.
func (a *apiChecks) finish() error {
	var wrong []error
	for name := range apiTypes {
		n := a.here[name]
		if n == 0 {
			wrong = append(wrong, fmt.Errorf("%s: no sample has one", name))
		}
		if a.wire.structures[name] != n || a.json.structures[name] != n {
			wrong = append(wrong, fmt.Errorf("%s: %d in the samples, %d decoded by the codec, %d from JSON",
				name, n, a.wire.structures[name], a.json.structures[name]))
		}
	}
	for field := range differences {
		if !a.used[field] {
			wrong = append(wrong, fmt.Errorf("%s is in the table of differences, and there is none", field))
		}
	}
	for what := range a.more {
		wrong = append(wrong, errors.New(what))
	}
	return errors.Join(wrong...)
}

func (a *apiChecks) String() string {
	n := 0
	for _, of := range a.here {
		n += of
	}
	return fmt.Sprintf("api: %d types of consul/api, %d of them in %d samples; %d values compared by the codec, %d from JSON; %d fields differ by name",
		len(apiTypes), n, a.wire.lines, a.wire.values, a.json.values, len(differences))
}

// site is a place in a sample where a structure stands that api has a type for.
type site struct {
	shape     shape
	kind      string // of the config entry
	want, cli any    // as the line has it, and as we show it
}

// sites finds the outermost structures that api has types for.
func (c *comparer) sites(wire string, want, cli any) ([]site, error) {
	kind := c.kind
	if wire == "iface(structs.ConfigEntry)" {
		entry, _ := cli.(map[string]any)
		kind, _ = entry["Kind"].(string)
	}
	wire = c.resolve(strings.TrimSuffix(strings.TrimPrefix(wire, "raw("), ")"), kind)
	if want == nil || wire == "any" {
		return nil, nil
	}
	head, of := generic(wire)
	s, named := c.named[wire]
	var all []site
	add := func(wire string, want, cli any) error {
		more, err := c.sites(wire, want, cli)
		all = append(all, more...)
		return err
	}
	switch {
	case named && c.api[s.Name] != nil:
		return []site{{s, kind, want, cli}}, nil
	case named:
		want, _ := want.(map[string]any)
		cli, ok := cli.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("%s is no object", s.Name)
		}
		for _, f := range s.Fields {
			if err := add(f.Wire, want[f.Key], cli[f.Key]); err != nil {
				return nil, err
			}
		}
	case head == "opt":
		return all, errors.Join(add(of[0], want, cli), nil)
	case head == "list" || strings.HasPrefix(head, "array["):
		want, _ := want.([]any)
		cli, _ := cli.([]any)
		if len(want) != len(cli) {
			return nil, fmt.Errorf("%d items, not %d", len(cli), len(want))
		}
		for i := range want {
			if err := add(of[0], want[i], cli[i]); err != nil {
				return nil, err
			}
		}
	case head == "map":
		want, ok := want.(map[string]any)
		if !ok {
			return nil, nil // pairs by structures, which api does not have
		}
		cli, _ := cli.(map[string]any)
		for key, value := range want {
			if err := add(of[1], value, cli[key]); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

// byCodec compares one of api's structures that the codec decoded.
func (c *comparer) byCodec(s shape, got reflect.Value, want any) error {
	c.wire.structures[s.Name]++
	before := c.values
	if err := c.inAPI(s, got, want, decodedWire); err != nil {
		return fmt.Errorf("%s: %w", s.Name, err)
	}
	c.wire.values += c.values - before
	return nil
}

// fromJSON decodes a structure from JSON as a program with api would.
func (c *comparer) fromJSON(at site) error {
	typ := c.api[at.shape.Name]
	ready, err := c.ready(at.shape, typ, at.cli, false)
	if err != nil {
		return err
	}
	text, err := json.Marshal(ready)
	if err != nil {
		return err
	}
	into := reflect.New(typ)
	dec := json.NewDecoder(strings.NewReader(string(text)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into.Interface()); err != nil {
		return err
	}
	before := c.values
	if err := c.inAPI(at.shape, into.Elem(), at.want, decodedJSON); err != nil {
		return err
	}
	if into.Type().Implements(configEntry) {
		if err := c.entryFromJSON(at); err != nil {
			return fmt.Errorf("DecodeConfigEntryFromJSON: %w", err)
		}
	}
	c.json.values += c.values - before
	return nil
}

// kindKey is the field that says what a config entry is.
const kindKey = "Kind"

var configEntry = reflect.TypeFor[api.ConfigEntry]()

// entryFromJSON has api find out what a config entry is, as for what its clients are given. It passes over names that it does not
// know; those have been checked.
func (c *comparer) entryFromJSON(at site) error {
	shown, _ := at.cli.(map[string]any)
	whole := without(shown, kindKey)
	for kind, name := range c.Kinds {
		if name == at.shape.Name {
			whole[kindKey] = kind // an entry by itself does not always have it
		}
	}
	text, err := json.Marshal(whole)
	if err != nil {
		return err
	}
	entry, err := api.DecodeConfigEntryFromJSON(text)
	if err != nil {
		return err
	}
	if entry.GetKind() != whole[kindKey] || shown[kindKey] != nil && shown[kindKey] != "" && shown[kindKey] != entry.GetKind() {
		return fmt.Errorf("a %s, not a %v", entry.GetKind(), shown[kindKey])
	}
	want, _ := at.want.(map[string]any)
	if want[kindKey] == "" {
		want = without(want, kindKey)
		want[kindKey] = entry.GetKind()
	}
	return c.inAPI(at.shape, reflect.ValueOf(entry).Elem(), want, decodedEntry)
}

// readable is an encoding without what the codec cannot read into api's types. Nothing else of it is another.
func (c *comparer) readable(wire, text string) (string, error) {
	whole, err := hex.DecodeString(text)
	if err != nil {
		return "", err
	}
	var value any
	if err := codec.NewDecoderBytes(whole, peer.Handle).Decode(&value); err != nil {
		return "", err
	}
	if !c.strip(wire, nil, value) {
		return text, nil
	}
	return hex.EncodeToString(peer.Encode(value)), nil
}

// strip takes out of a decoded value what the codec cannot read into api's type.
func (c *comparer) strip(wire string, typ reflect.Type, value any) (found bool) {
	wire = c.resolve(wire, c.kind)
	for typ != nil && typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	head, of := generic(wire)
	s, named := c.named[wire]
	item := func() reflect.Type {
		if typ == nil {
			return nil
		}
		return typ.Elem()
	}
	switch value := value.(type) {
	case map[string]any:
		if head == "map" {
			for _, one := range value {
				found = c.strip(of[1], item(), one) || found
			}
			return found
		}
		if head == "opt" {
			return c.strip(of[0], typ, value)
		}
		if !named {
			return false
		}
		if c.api[s.Name] != nil && typ == nil {
			typ = c.api[s.Name]
		}
		for _, f := range s.Fields {
			var at reflect.Type
			if typ != nil {
				if _, d := lookUp(typ, f.Key); d.side == unlike {
					delete(value, f.Key)
					found = true
					continue
				}
				to, there := typ.FieldByName(f.Key)
				if !there {
					continue
				}
				at = to.Type
			}
			found = c.strip(f.Wire, at, value[f.Key]) || found
		}
	case []any:
		if head == "list" {
			for _, one := range value {
				found = c.strip(of[0], item(), one) || found
			}
		}
	}
	return found
}

// how says by which names api's fields are found.
type how int

const (
	decodedWire  how = iota // the names of Go
	decodedJSON             // those of JSON tags
	decodedEntry            // as JSON, by api's own decoder of config entries
)

// slot is a field of one of api's structures.
type slot struct {
	reflect.StructField
	json string // its name in JSON; empty when it has none
}

func slots(typ reflect.Type) (all []slot) {
	for _, f := range reflect.VisibleFields(typ) {
		if f.Anonymous || !f.IsExported() {
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch name {
		case "":
			name = f.Name
		case "-":
			name = ""
		}
		all = append(all, slot{f, name})
	}
	return all
}

// lookUp finds the line about a field in the table of differences, and its name there.
func lookUp(typ reflect.Type, field string) (string, difference) {
	own := typ.Name() + "." + field
	if d, there := differences[own]; there {
		return own, d
	}
	any := "*." + field
	return any, differences[any]
}

// slotOf finds the field of api that a field of ours is, if there is one; if not, the table of differences has to say so.
func (c *comparer) slotOf(typ reflect.Type, s shape, key string, by how) (slot, bool) {
	name, d := lookUp(typ, key)
	for _, f := range slots(typ) {
		if by == decodedWire && f.Name == key || by != decodedWire && f.json != "" && (f.json == key || f.json == d.shown) {
			if d.shown != "" || d.side == unlike {
				c.used[name] = true
			}
			return f, true
		}
	}
	c.differs(typ, key, inOursOnly, s)
	return slot{}, false
}

// differs notes that one side has a field that the other has not.
func (c *comparer) differs(typ reflect.Type, field string, side side, s shape) difference {
	name, d := lookUp(typ, field)
	c.used[name] = true
	if d.side != side {
		c.more[fmt.Sprintf("%s.%s (%s): %s, and the table of differences does not say so", typ.Name(), field, s.Name, side)] = true
	}
	return d
}

// ready is our JSON with what api does not have left out, which the table of differences has to allow, and with durations as
// numbers where api's type is no more than an `int64`. Every other name has to be api's own, in case, too.
func (c *comparer) ready(s shape, typ reflect.Type, cli any, readable bool) (any, error) {
	of, ok := cli.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%v, which is no object", cli)
	}
	readable = reflect.PointerTo(typ).Implements(reflect.TypeFor[json.Unmarshaler]())
	made := map[string]any{}
	known := map[string]bool{}
	for _, f := range s.Fields {
		name := f.Key
		if _, d := lookUp(typ, f.Key); d.shown != "" {
			name = d.shown
		}
		known[name] = true
		value, there := of[name]
		if !there {
			return nil, fmt.Errorf("%s is not shown as %s", f.Key, name)
		}
		to, found := c.slotOf(typ, s, f.Key, decodedJSON)
		if !found {
			continue
		}
		var err error
		if made[name], err = c.readyValue(f.Wire, to.Type, value, readable); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	for name, value := range of {
		if name == kindKey && !known[name] && reflect.PointerTo(typ).Implements(configEntry) {
			if _, field := typ.FieldByName(kindKey); field {
				made[name] = value
			}
		} else if !known[name] {
			return nil, fmt.Errorf("%s is shown, and %s has no such field", name, s.Name)
		}
	}
	return made, nil
}

func (c *comparer) readyValue(wire string, typ reflect.Type, cli any, readable bool) (any, error) {
	wire = c.resolve(wire, c.kind)
	for typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	head, of := generic(wire)
	s, named := c.named[wire]
	switch {
	case cli == nil:
		return nil, nil
	case named && typ.Kind() == reflect.Struct:
		return c.ready(s, typ, cli, readable)
	case head == "opt":
		return c.readyValue(of[0], typ, cli, readable)
	case head == "list" && typ.Kind() == reflect.Slice:
		var made []any
		items, _ := cli.([]any)
		for _, item := range items {
			one, err := c.readyValue(of[0], typ.Elem(), item, readable)
			if err != nil {
				return nil, err
			}
			made = append(made, one)
		}
		if items != nil && made == nil {
			made = []any{}
		}
		return made, nil
	case head == "map" && typ.Kind() == reflect.Map:
		made := map[string]any{}
		entries, ok := cli.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("%v is no object", cli)
		}
		for key, value := range entries {
			one, err := c.readyValue(of[1], typ.Elem(), value, readable)
			if err != nil {
				return nil, err
			}
			made[key] = one
		}
		return made, nil
	case wire == "duration" && typ == reflect.TypeFor[time.Duration]() && !readable:
		text, ok := cli.(string)
		if !ok {
			return nil, fmt.Errorf("a duration is shown as %v", cli)
		}
		span, err := time.ParseDuration(text)
		return int64(span), err
	}
	return cli, nil
}

// inAPI compares a value of one of api's types with the JSON of the line: every field of ours, and then those that only api has.
func (c *comparer) inAPI(s shape, got reflect.Value, want any, by how) error {
	typ := got.Type()
	of, ok := want.(map[string]any)
	if !ok {
		return fmt.Errorf("a structure where the JSON is %v", want)
	}
	met := map[string]bool{}
	for _, f := range s.Fields {
		to, found := c.slotOf(typ, s, f.Key, by)
		if !found {
			continue
		}
		met[to.Name] = true
		value, there := of[f.Key]
		at := got.FieldByIndex(to.Index)
		_, d := lookUp(typ, f.Key)
		if d.side == unlike && by == decodedWire {
			continue // taken out of the bytes
		}
		if number, ok := value.(json.Number); ok && d.words != nil {
			c.values++
			if at.String() != d.words[number.String()] {
				return fmt.Errorf("%s: %s, not %s", f.Key, at, value)
			}
			continue
		}
		if !there && at.IsZero() {
			continue // left out when empty
		}
		if err := c.valueInAPI(f.Wire, at, value, by); err != nil {
			return fmt.Errorf("%s: %w", f.Key, err)
		}
	}
	for _, f := range slots(typ) {
		if met[f.Name] {
			continue
		}
		if d := c.differs(typ, f.Name, inAPIOnly, s); !d.derived && !got.FieldByIndex(f.Index).IsZero() {
			return fmt.Errorf("api.%s.%s is not empty", typ.Name(), f.Name)
		}
	}
	return nil
}

// valueInAPI compares one value of a wire kind. What is a pointer on one side may be none on the other: nil is empty then.
func (c *comparer) valueInAPI(wire string, got reflect.Value, want any, by how) error {
	wire = c.resolve(wire, c.kind)
	head, of := generic(wire)
	if head == "opt" {
		if want == nil {
			c.values++
			if got.IsZero() {
				return nil
			}
			return fmt.Errorf("%v, not nil", got)
		}
		return c.valueInAPI(of[0], got, want, by)
	}
	for got.Kind() == reflect.Pointer {
		if got.IsNil() {
			return fmt.Errorf("nil, not %v", want)
		}
		got = got.Elem()
	}
	s, named := c.named[wire]
	if named && got.Kind() == reflect.Struct {
		return c.inAPI(s, got, want, by)
	}
	if head == "list" && got.Kind() == reflect.Slice && want != nil {
		items, _ := want.([]any)
		if got.IsNil() && !(by == decodedEntry && len(items) == 0) || got.Len() != len(items) {
			return fmt.Errorf("%d items, not %v", got.Len(), want)
		}
		c.values++
		for i, item := range items {
			if err := c.valueInAPI(of[0], got.Index(i), item, by); err != nil {
				return fmt.Errorf("%d: %w", i, err)
			}
		}
		return nil
	}
	if head == "map" && got.Kind() == reflect.Map && want != nil {
		entries, ok := want.(map[string]any)
		if !ok || got.Len() != len(entries) {
			return fmt.Errorf("%d entries, not %v", got.Len(), want)
		}
		c.values++
		for key, item := range entries {
			at := got.MapIndex(reflect.ValueOf(key).Convert(got.Type().Key()))
			if !at.IsValid() {
				return fmt.Errorf("no entry for %s", key)
			}
			if err := c.valueInAPI(of[1], at, item, by); err != nil {
				return fmt.Errorf("%s: %w", key, err)
			}
		}
		return nil
	}
	if wire == "duration" && got.Kind() == reflect.String {
		span, err := time.ParseDuration(got.String())
		if err != nil && got.String() != "" {
			return err
		}
		got = reflect.ValueOf(span)
	}
	switch got.Kind() { // names of string types say nothing
	case reflect.String:
		got = reflect.ValueOf(got.String())
	case reflect.Bool:
		got = reflect.ValueOf(got.Bool())
	}
	return c.value(wire, got, want)
}
