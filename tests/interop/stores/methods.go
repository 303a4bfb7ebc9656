package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"natsmicro.test/stores/depot"
	"natsmicro.test/stores/natsmicro"
)

// A method of depot.proto with its options, as protoc-gen-go's own types have them. A store without a bucket is none.
type method struct {
	name    string
	service *natsmicro.ServiceOptions
	kv      *natsmicro.KVStoreOptions
	object  *natsmicro.ObjectStoreOptions
}

func option[T proto.Message](of protoreflect.Descriptor, name protoreflect.ExtensionType) T {
	return proto.GetExtension(of.Options(), name).(T)
}

func methodsOf(service string) []method {
	described := depot.File_depot_v1_depot_proto.Services().ByName(protoreflect.Name(service))
	all := make([]method, described.Methods().Len())
	for i := range all {
		m := described.Methods().Get(i)
		all[i] = method{
			name:    string(m.Name()),
			service: option[*natsmicro.ServiceOptions](described, natsmicro.E_Service),
			kv:      option[*natsmicro.KVStoreOptions](m, natsmicro.E_KvStore),
			object:  option[*natsmicro.ObjectStoreOptions](m, natsmicro.E_ObjectStore),
		}
	}
	return all
}

// The endpoint below the service's prefix. Each method is one word.
func (m method) endpoint() string {
	return strings.ToLower(m.name)
}

// The word for the form of messages in errors' texts.
func (m method) form() string {
	if m.service.GetJson() {
		return "JSON "
	}
	return ""
}

func (m method) encode(message proto.Message) ([]byte, error) {
	if m.service.GetJson() {
		return protojson.Marshal(message)
	}
	return proto.Marshal(message)
}

func (m method) decode(data []byte, message proto.Message) error {
	if m.service.GetJson() {
		return protojson.Unmarshal(data, message)
	}
	return proto.Unmarshal(data, message)
}

// ---- keys and values ----

var placeholder = regexp.MustCompile(`\{[^}]*\}`)

// Puts a request's fields into a template as fmt prints them; values of enums have their names.
func makeKey(template string, request proto.Message) string {
	message := request.ProtoReflect()
	return placeholder.ReplaceAllStringFunc(template, func(braced string) string {
		field := message.Descriptor().Fields().ByName(protoreflect.Name(strings.Trim(braced, "{}")))
		value := message.Get(field)
		if field.Kind() == protoreflect.EnumKind {
			if named := field.Enum().Values().ByNumber(value.Enum()); named != nil {
				return string(named.Name())
			}
		}
		return fmt.Sprint(value.Interface())
	})
}

func writeMode(o *natsmicro.KVStoreOptions) natsmicro.KVWriteMode {
	switch {
	case o.GetWriteMode() != natsmicro.KVWriteMode_KV_WRITE_MODE_UNSPECIFIED:
		return o.GetWriteMode()
	case o.GetKeyTtl() != nil:
		return natsmicro.KVWriteMode_KV_WRITE_MODE_COMPARE_AND_SET
	}
	return natsmicro.KVWriteMode_KV_WRITE_MODE_LAST_WRITE_WINS
}

// Every mode tries to create the key first. Only a value that creates its key has the option's key_ttl.
func write(ctx context.Context, kv jetstream.KeyValue, o *natsmicro.KVStoreOptions, key string, value []byte) error {
	create := func() error {
		var options []jetstream.KVCreateOpt
		if ttl := o.GetKeyTtl().AsDuration(); ttl > 0 {
			options = append(options, jetstream.KeyTTL(ttl))
		}
		_, err := kv.Create(ctx, key, value, options...)
		return err
	}
	mode := writeMode(o)
	err := create()
	if !errors.Is(err, jetstream.ErrKeyExists) || mode == natsmicro.KVWriteMode_KV_WRITE_MODE_CREATE_ONLY {
		return err
	}
	if mode == natsmicro.KVWriteMode_KV_WRITE_MODE_LAST_WRITE_WINS {
		_, err = kv.Put(ctx, key, value)
		return err
	}
	entry, err := kv.Get(ctx, key)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return create() // it has gone since
	}
	if err == nil {
		_, err = kv.Update(ctx, key, value, entry.Revision())
	}
	return err
}
