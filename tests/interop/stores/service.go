package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nats.go/micro"

	"natsmicro.test/stores/depot"
	"natsmicro.test/stores/natsmicro"
)

// What a call fails with that has a code of its own; any other error is INTERNAL.
type refusal struct{ code, text string }

func (r refusal) Error() string { return r.text }

func warn(of string, err error) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "stores-peer: warning: %s: %v\n", of, err)
	}
}

// ---- buckets ----

// Makes the buckets of a method's options, client_only ones as well. What the options leave out is set back to its
// default. A service without its buckets serves all the same.
func makeBuckets(js jetstream.JetStream, m method) {
	if m.kv.GetBucket() != "" {
		_, err := js.CreateOrUpdateKeyValue(context.Background(), jetstream.KeyValueConfig{
			Bucket:         m.kv.GetBucket(),
			Description:    m.kv.GetDescription(),
			TTL:            m.kv.GetTtl().AsDuration(),
			LimitMarkerTTL: m.kv.GetLimitMarkerTtl().AsDuration(),
			Metadata:       m.kv.GetMetadata(),
			Compression:    m.kv.GetCompression(),
		})
		warn(m.kv.GetBucket(), err)
	}
	if m.object.GetBucket() != "" {
		_, err := js.CreateOrUpdateObjectStore(context.Background(), jetstream.ObjectStoreConfig{
			Bucket:      m.object.GetBucket(),
			Description: m.object.GetDescription(),
			TTL:         m.object.GetTtl().AsDuration(),
			Compression: m.object.GetCompression(),
		})
		warn(m.object.GetBucket(), err)
	}
}

// Stores an encoded response in the key-value bucket. The texts are the Go generator's.
func (m method) storeInKV(ctx context.Context, js jetstream.JetStream, key string, value []byte) error {
	if js == nil {
		return errors.New("KV persistence requires JetStream")
	}
	kv, err := js.KeyValue(ctx, m.kv.GetBucket())
	if err != nil {
		return fmt.Errorf("failed to open KV bucket %q: %v", m.kv.GetBucket(), err)
	}
	if err := write(ctx, kv, m.kv, key, value); err != nil {
		return fmt.Errorf("failed to persist %s response to KV: %v", m.name, err)
	}
	return nil
}

func (m method) storeAsObject(ctx context.Context, js jetstream.JetStream, name string, value []byte) error {
	if js == nil {
		return errors.New("objects need JetStream")
	}
	store, err := js.ObjectStore(ctx, m.object.GetBucket())
	if err == nil {
		_, err = store.PutBytes(ctx, name, value)
	}
	if err != nil {
		return fmt.Errorf("object %q of %s: %w", name, m.object.GetBucket(), err)
	}
	return nil
}

// Key-value before object. Only a value that is required and cannot be stored fails the call.
func (m method) store(ctx context.Context, js jetstream.JetStream, item *depot.Item, value []byte) error {
	if m.kv.GetBucket() != "" && !m.kv.GetClientOnly() {
		err := m.storeInKV(ctx, js, makeKey(m.kv.GetKeyTemplate(), item), value)
		required := natsmicro.KVPersistFailurePolicy_KV_PERSIST_FAILURE_POLICY_REQUIRED
		if err != nil && m.kv.GetPersistFailurePolicy() == required {
			return err
		}
		warn(m.name, err)
	}
	if m.object.GetBucket() != "" && !m.object.GetClientOnly() {
		warn(m.name, m.storeAsObject(ctx, js, makeKey(m.object.GetKeyTemplate(), item), value))
	}
	return nil
}

// ---- the services ----

func keep(item *depot.Item) (*depot.Kept, error) {
	if item.Fail != "" {
		return nil, refusal{item.Fail, "as asked"}
	}
	data := make([]byte, item.Size)
	for i := range data {
		data[i] = byte(i*7 + i/251)
	}
	return &depot.Kept{Text: item.Text, Data: data}, nil
}

// The encoded response, which has been stored.
func (m method) respond(ctx context.Context, js jetstream.JetStream, request []byte) ([]byte, error) {
	var item depot.Item
	if err := m.decode(request, &item); err != nil {
		return nil, refusal{"INVALID_ARGUMENT", fmt.Sprintf("failed to decode %srequest: %v", m.form(), err)}
	}
	kept, err := keep(&item)
	if err != nil {
		return nil, err
	}
	value, err := m.encode(kept)
	if err != nil {
		return nil, fmt.Errorf("failed to encode %sresponse: %v", m.form(), err)
	}
	return value, m.store(ctx, js, &item, value)
}

func (m method) handler(js jetstream.JetStream) micro.HandlerFunc {
	return func(r micro.Request) {
		ctx, cancel := context.WithTimeout(context.Background(), m.service.GetTimeout().AsDuration())
		defer cancel()
		value, err := m.respond(ctx, js, r.Data())
		if err == nil {
			warn(m.name, r.Respond(value))
			return
		}
		refused := refusal{code: "INTERNAL"}
		errors.As(err, &refused)
		warn(m.name, r.Error(refused.code, err.Error(), nil))
	}
}

// Registers a service as the Go generator's code does: it is known first, then has its buckets, then its endpoints.
func register(s *session, name string) error {
	methods := methodsOf(name)
	options := methods[0].service
	service, err := micro.AddService(s.nc, micro.Config{Name: options.GetName(), Version: "1.0.0"})
	if err != nil {
		return err
	}
	if s.js != nil {
		for _, m := range methods {
			makeBuckets(s.js, m)
		}
	}
	group := service.AddGroup(options.GetSubjectPrefix())
	for _, m := range methods {
		if err := group.AddEndpoint(m.endpoint(), m.handler(s.js)); err != nil {
			return err
		}
	}
	return nil
}

// Serves both services until the program is killed.
func serve(s *session, _ []string) error {
	for _, name := range []string{"Depot", "JsonDepot"} {
		if err := register(s, name); err != nil {
			return err
		}
	}
	if err := s.nc.FlushWithContext(s); err != nil {
		return err
	}
	fmt.Println("ready")
	select {}
}

// Serves them as a program does that gives its services no JetStream.
func serveBare(s *session, _ []string) error {
	return serve(&session{s.Context, s.nc, nil}, nil)
}
