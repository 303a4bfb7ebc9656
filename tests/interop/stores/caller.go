package main

import (
	"crypto/sha256"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/encoding/protojson"

	"natsmicro.test/stores/depot"
)

// What clients put.
var theirs = &depot.Kept{Text: "theirs"}

// Finds "Method" of Depot, or "Json.Method" of JsonDepot.
func findMethod(name string) (method, error) {
	service := "Depot"
	word, is := strings.CutPrefix(name, "Json.")
	if is {
		service = "JsonDepot"
	}
	for _, m := range methodsOf(service) {
		if m.name == word {
			return m, nil
		}
	}
	return method{}, fmt.Errorf("%s has no method %s", service, word)
}

func (m method) openKV(s *session) (jetstream.KeyValue, error) {
	if m.kv.GetBucket() == "" {
		return nil, fmt.Errorf("%s has no kv_store", m.name)
	}
	return s.js.KeyValue(s, m.kv.GetBucket())
}

func (m method) openObjects(s *session) (jetstream.ObjectStore, error) {
	if m.object.GetBucket() == "" {
		return nil, fmt.Errorf("%s has no object_store", m.name)
	}
	return s.js.ObjectStore(s, m.object.GetBucket())
}

// Prints text, length and SHA-256 of the data.
func (m method) printKept(data []byte) error {
	var kept depot.Kept
	if err := m.decode(data, &kept); err != nil {
		return err
	}
	fmt.Printf("%s %d %x\n", kept.Text, len(kept.Data), sha256.Sum256(kept.Data))
	return nil
}

func callMethod(s *session, a []string) error {
	m, err := findMethod(a[0])
	if err != nil {
		return err
	}
	var item depot.Item
	if err := protojson.Unmarshal([]byte(a[1]), &item); err != nil {
		return err
	}
	request, err := m.encode(&item)
	if err != nil {
		return err
	}
	answer, err := s.nc.RequestWithContext(s, m.service.GetSubjectPrefix()+"."+m.endpoint(), request)
	if err != nil {
		return err
	}
	if code := answer.Header.Get("Nats-Service-Error-Code"); code != "" {
		return fmt.Errorf("[%s] %s: %s", code, m.name, answer.Header.Get("Nats-Service-Error"))
	}
	return m.printKept(answer.Data)
}

// Runs what needs a method's key-value bucket.
func withKV(s *session, a []string, run func(m method, kv jetstream.KeyValue) error) error {
	m, err := findMethod(a[0])
	if err != nil {
		return err
	}
	kv, err := m.openKV(s)
	if err != nil {
		return err
	}
	return run(m, kv)
}

func getFromKV(s *session, a []string) error {
	return withKV(s, a, func(m method, kv jetstream.KeyValue) error {
		entry, err := kv.Get(s, a[1])
		if err != nil {
			return err
		}
		return m.printKept(entry.Value())
	})
}

func putToKV(s *session, a []string) error {
	return withKV(s, a, func(m method, kv jetstream.KeyValue) error {
		value, err := m.encode(theirs)
		if err != nil {
			return err
		}
		return write(s, kv, m.kv, a[1], value)
	})
}

func purgeFromKV(s *session, a []string) error {
	return withKV(s, a, func(m method, kv jetstream.KeyValue) error {
		var options []jetstream.KVDeleteOpt
		if ttl := m.kv.GetPurgeTtl().AsDuration(); ttl > 0 {
			options = append(options, jetstream.PurgeTTL(ttl))
		}
		return kv.Purge(s, a[1], options...)
	})
}

// Runs what needs a method's object store.
func withObjects(s *session, a []string, run func(m method, store jetstream.ObjectStore) error) error {
	m, err := findMethod(a[0])
	if err != nil {
		return err
	}
	store, err := m.openObjects(s)
	if err != nil {
		return err
	}
	return run(m, store)
}

func getFromObjectStore(s *session, a []string) error {
	return withObjects(s, a, func(m method, store jetstream.ObjectStore) error {
		value, err := store.GetBytes(s, a[1])
		if err != nil {
			return err
		}
		return m.printKept(value)
	})
}

func putToObjectStore(s *session, a []string) error {
	return withObjects(s, a, func(m method, store jetstream.ObjectStore) error {
		value, err := m.encode(theirs)
		if err == nil {
			_, err = store.PutBytes(s, a[1], value)
		}
		return err
	})
}
