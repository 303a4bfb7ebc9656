// Stores: nats.go's own clients of key-value buckets and object stores, and a service and a client of depot.proto that
// store as those of the Go generator do, for the tests of this library's stores.
//
//	stores-peer VERB URL [ARGUMENT…]
//
// A verb prints what it found, or "error: …" where nats.go fails; "error: not found" where nothing is stored. Values are in
// hexadecimal digits. STORES_DOMAIN in the environment is JetStream's domain.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sort"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const patience = 120 * time.Second

// What a verb works with.
type session struct {
	context.Context
	nc *nats.Conn
	js jetstream.JetStream
}

type verb struct {
	arguments string
	run       func(s *session, a []string) error
}

var verbs = map[string]verb{
	"serve":         {"", serve},
	"serve-bare":    {"", serveBare},
	"call":          {"METHOD ITEM", callMethod},
	"get":           {"METHOD KEY", getFromKV},
	"put":           {"METHOD KEY", putToKV},
	"purge":         {"METHOD KEY", purgeFromKV},
	"get-object":    {"METHOD NAME", getFromObjectStore},
	"put-object":    {"METHOD NAME", putToObjectStore},
	"config":        {"STREAM", printConfig},
	"count":         {"STREAM", printCount},
	"last":          {"STREAM", printLast},
	"kv-make":       {"BUCKET HISTORY", kvMake},
	"kv-get":        {"BUCKET KEY", kvGet},
	"kv-put":        {"BUCKET KEY VALUE", kvPut},
	"kv-create":     {"BUCKET KEY VALUE", kvCreate},
	"kv-update":     {"BUCKET KEY VALUE REVISION", kvUpdate},
	"kv-delete":     {"BUCKET KEY", kvDelete},
	"kv-purge":      {"BUCKET KEY", kvPurge},
	"kv-history":    {"BUCKET KEY", kvHistory},
	"kv-await-gone": {"BUCKET KEY", kvAwaitGone},
	"await-empty":   {"STREAM", awaitEmpty},
	"object-make":   {"BUCKET", objectMake},
	"object-get":    {"BUCKET NAME", objectGet},
	"object-put":    {"BUCKET NAME FILE", objectPut},
	"object-delete": {"BUCKET NAME", objectDelete},
	"object-link":   {"BUCKET NAME TARGET", objectLink},
}

func usage() {
	var lines []string
	for name, v := range verbs {
		lines = append(lines, fmt.Sprintf("  %s URL %s", name, v.arguments))
	}
	sort.Strings(lines)
	fmt.Fprintf(os.Stderr, "stores-peer VERB URL [ARGUMENT…]\n%s\n", strings.Join(lines, "\n"))
	os.Exit(2)
}

// The words that all peers have for what C's statuses tell.
func word(err error) string {
	switch {
	case errors.Is(err, jetstream.ErrKeyNotFound), errors.Is(err, jetstream.ErrObjectNotFound):
		return "not found"
	case errors.Is(err, jetstream.ErrKeyExists):
		return "exists"
	case errors.Is(err, jetstream.ErrBucketNotFound):
		return "no bucket"
	}
	return err.Error()
}

func connect(url string) (*nats.Conn, jetstream.JetStream) {
	nc, err := nats.Connect(url)
	if err != nil {
		fmt.Println("cannot connect:", err)
		os.Exit(2)
	}
	js, err := jetstream.New(nc)
	if domain := os.Getenv("STORES_DOMAIN"); domain != "" {
		js, err = jetstream.NewWithDomain(nc, domain)
	}
	if err != nil {
		fmt.Println("no JetStream:", err)
		os.Exit(2)
	}
	return nc, js
}

func main() {
	if len(os.Args) < 3 {
		usage()
	}
	v, known := verbs[os.Args[1]]
	if !known || len(os.Args)-3 != len(strings.Fields(v.arguments)) {
		usage()
	}
	nc, js := connect(os.Args[2])
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	err := v.run(&session{ctx, nc, js}, os.Args[3:])
	cancel()
	nc.Close()
	if err != nil {
		fmt.Println("error:", word(err))
	}
}
