package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"reflect"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"

	"natsmicro.test/stores/depot"
)

// ---- the service ----

// What a method fails with, as the generated code looks for it.
type failure string

func (f failure) Error() string         { return "as asked" }
func (f failure) NatsErrorCode() string { return string(f) }

type shelf struct{}

func (shelf) keep(item *depot.Item) (*depot.Kept, error) {
	if item.Fail != "" {
		return nil, failure(item.Fail)
	}
	data := make([]byte, item.Size)
	for i := range data {
		data[i] = byte(i*7 + i/251)
	}
	return &depot.Kept{Text: item.Text, Data: data}, nil
}

func (s shelf) Keep(_ context.Context, item *depot.Item) (*depot.Kept, error)  { return s.keep(item) }
func (s shelf) Swap(_ context.Context, item *depot.Item) (*depot.Kept, error)  { return s.keep(item) }
func (s shelf) Found(_ context.Context, item *depot.Item) (*depot.Kept, error) { return s.keep(item) }
func (s shelf) Note(_ context.Context, item *depot.Item) (*depot.Kept, error)  { return s.keep(item) }
func (s shelf) Lend(_ context.Context, item *depot.Item) (*depot.Kept, error)  { return s.keep(item) }
func (s shelf) Store(_ context.Context, item *depot.Item) (*depot.Kept, error) { return s.keep(item) }
func (s shelf) File(_ context.Context, item *depot.Item) (*depot.Kept, error)  { return s.keep(item) }
func (s shelf) Mark(_ context.Context, item *depot.Item) (*depot.Kept, error)  { return s.keep(item) }

// Serves both services until the program is killed.
func serve(s *session, _ []string) error {
	if _, err := depot.RegisterDepotHandlers(s.nc, shelf{}, depot.WithJetStream(s.js)); err != nil {
		return err
	}
	if _, err := depot.RegisterJsonDepotHandlers(s.nc, shelf{}, depot.WithJetStream(s.js)); err != nil {
		return err
	}
	if err := s.nc.FlushWithContext(s); err != nil {
		return err
	}
	fmt.Println("ready")
	select {}
}

// ---- the client ----

// Calls a function of the generated client of "Method", or of "Json.Method". The last of what it returns is an error.
func client(s *session, method, pattern string, arguments ...any) ([]reflect.Value, error) {
	option := depot.WithNatsClientJetStream(s.js)
	client := reflect.ValueOf(depot.NewDepotNatsClient(s.nc, option))
	if name, is := strings.CutPrefix(method, "Json."); is {
		client, method = reflect.ValueOf(depot.NewJsonDepotNatsClient(s.nc, option)), name
	}
	function := client.MethodByName(fmt.Sprintf(pattern, method))
	if !function.IsValid() {
		return nil, fmt.Errorf("there is no "+pattern, method)
	}
	values := []reflect.Value{reflect.ValueOf(s.Context)}
	for _, argument := range arguments {
		values = append(values, reflect.ValueOf(argument))
	}
	result := function.Call(values)
	err, _ := result[len(result)-1].Interface().(error)
	return result, err
}

// Text, length and SHA-256 of the data.
func printKept(result []reflect.Value, err error) error {
	if err == nil {
		kept := result[0].Interface().(*depot.Kept)
		fmt.Printf("%s %d %x\n", kept.Text, len(kept.Data), sha256.Sum256(kept.Data))
	}
	return err
}

func callMethod(s *session, a []string) error {
	var item depot.Item
	if err := protojson.Unmarshal([]byte(a[1]), &item); err != nil {
		return err
	}
	return printKept(client(s, a[0], "%s", &item))
}

func getFromKV(s *session, a []string) error {
	return printKept(client(s, a[0], "Get%sFromKV", a[1]))
}

func putToKV(s *session, a []string) error {
	_, err := client(s, a[0], "Put%sToKV", a[1], &depot.Kept{Text: "theirs"})
	return err
}

func purgeFromKV(s *session, a []string) error {
	_, err := client(s, a[0], "Purge%sFromKV", a[1])
	return err
}

func getFromObjectStore(s *session, a []string) error {
	return printKept(client(s, a[0], "Get%sFromObjectStore", a[1]))
}

func putToObjectStore(s *session, a []string) error {
	_, err := client(s, a[0], "Put%sToObjectStore", a[1], &depot.Kept{Text: "theirs"})
	return err
}
