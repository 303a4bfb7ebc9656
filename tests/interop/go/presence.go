package main

import (
	"fmt"
	"os"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

// things describes presence.v1.Things of tests/protos/presence/v1/presence.proto, so that Go's own protobuf
// decides which fields are set.
var things = describeThings()

func describeThings() protoreflect.MessageDescriptor {
	message := &descriptorpb.DescriptorProto{Name: proto.String("Things")}
	for i, field := range []struct {
		name string
		kind descriptorpb.FieldDescriptorProto_Type
		of   string
	}{
		{"number", descriptorpb.FieldDescriptorProto_TYPE_INT32, ""},
		{"text", descriptorpb.FieldDescriptorProto_TYPE_STRING, ""},
		{"data", descriptorpb.FieldDescriptorProto_TYPE_BYTES, ""},
		{"kind", descriptorpb.FieldDescriptorProto_TYPE_ENUM, ".presence.v1.Kind"},
		{"next", descriptorpb.FieldDescriptorProto_TYPE_MESSAGE, ".presence.v1.Things"},
		{"flag", descriptorpb.FieldDescriptorProto_TYPE_BOOL, ""},
		{"ratio", descriptorpb.FieldDescriptorProto_TYPE_DOUBLE, ""},
		{"base", descriptorpb.FieldDescriptorProto_TYPE_STRING, ""},
	} {
		described := &descriptorpb.FieldDescriptorProto{
			Name: proto.String(field.name), Number: proto.Int32(int32(i + 1)), Type: field.kind.Enum(),
			Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(),
		}
		if field.of != "" {
			described.TypeName = proto.String(field.of)
		}
		if field.name != "base" {
			described.Proto3Optional = proto.Bool(true)
			described.OneofIndex = proto.Int32(int32(i))
			message.OneofDecl = append(message.OneofDecl,
				&descriptorpb.OneofDescriptorProto{Name: proto.String("_" + field.name)})
		}
		message.Field = append(message.Field, described)
	}
	value := func(name string, number int32) *descriptorpb.EnumValueDescriptorProto {
		return &descriptorpb.EnumValueDescriptorProto{Name: proto.String(name), Number: proto.Int32(number)}
	}
	file, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: proto.String("presence.proto"), Package: proto.String("presence.v1"), Syntax: proto.String("proto3"),
		MessageType: []*descriptorpb.DescriptorProto{message},
		EnumType: []*descriptorpb.EnumDescriptorProto{{
			Name:  proto.String("Kind"),
			Value: []*descriptorpb.EnumValueDescriptorProto{value("NONE", 0), value("SOME", 1)},
		}},
	}, nil)
	if err != nil {
		fmt.Println("presence.v1.Things:", err)
		os.Exit(2)
	}
	return file.Messages().Get(0)
}

// describe writes what tests/integration/presence.h says.
func describe(m protoreflect.Message) string {
	text := ""
	for i := 0; i < things.Fields().Len(); i++ {
		field := things.Fields().Get(i)
		shown := "-"
		switch value := m.Get(field); {
		case field.HasPresence() && !m.Has(field):
		case field.Kind() == protoreflect.BytesKind:
			shown = fmt.Sprintf("%x", value.Bytes())
		case field.Kind() == protoreflect.EnumKind:
			shown = fmt.Sprint(int32(value.Enum()))
		case field.Kind() == protoreflect.MessageKind:
			shown = "(" + describe(value.Message()) + ")"
		case field.Kind() == protoreflect.BoolKind && value.Bool():
			shown = "1"
		case field.Kind() == protoreflect.BoolKind:
			shown = "0"
		default:
			shown = fmt.Sprint(value.Interface())
		}
		text += string(field.Name()) + ":" + shown + " "
	}
	return text[:len(text)-1]
}

// same is the message decoded and encoded again.
func same(data []byte) (*dynamicpb.Message, []byte, error) {
	m := dynamicpb.NewMessage(things)
	if err := proto.Unmarshal(data, m); err != nil {
		return nil, nil, err
	}
	again, err := proto.Marshal(m)
	return m, again, err
}

func set(m protoreflect.Message, number int32, text string, kind int32) {
	for name, value := range map[protoreflect.Name]interface{}{
		"number": number, "text": text, "data": []byte(text), "kind": protoreflect.EnumNumber(kind),
		"flag": number != 0, "ratio": float64(number) / 4,
	} {
		m.Set(things.Fields().ByName(name), protoreflect.ValueOf(value))
	}
}

// examples are messages with fields that are unset, zero, and set.
func examples() []*dynamicpb.Message {
	all := []*dynamicpb.Message{}
	for i := 0; i < 5; i++ {
		m := dynamicpb.NewMessage(things)
		switch i {
		case 1:
			set(m, 0, "", 0)
		case 2:
			set(m, -7, "abc", 1)
			m.Set(things.Fields().ByName("base"), protoreflect.ValueOf("stone"))
		case 3:
			m.Mutable(things.Fields().ByName("next"))
		case 4:
			set(m.Mutable(things.Fields().ByName("next")).Message(), 0, "", 0)
		}
		all = append(all, m)
	}
	return all
}

// sees sends an encoding to a service, which must see what Go sees, and send the same back.
func sees(nc *nats.Conn, data []byte) error {
	m, _, err := same(data)
	if err != nil {
		return err
	}
	answer, err := unary(nc, "presence.v1.new", data)
	if err != nil {
		return err
	}
	seen, _ := decode(answer)
	if text := string(seen.bytes[1]); text != describe(m) {
		return fmt.Errorf("sent %s, seen %s", describe(m), text)
	}
	if answer, err = unary(nc, "presence.v1.register", data); err != nil {
		return err
	}
	back, _, err := same(answer)
	if err != nil {
		return err
	}
	if describe(back) != describe(m) {
		return fmt.Errorf("sent %s, back came %s", describe(m), describe(back))
	}
	return nil
}

// presence sends each example, and each two as the pieces of one message, which are merged.
func presence(nc *nats.Conn) (string, error) {
	encoded := [][]byte{nil}
	for _, m := range examples() {
		data, err := proto.Marshal(m)
		if err != nil {
			return "", err
		}
		encoded = append(encoded, data)
	}
	for _, first := range encoded {
		for _, second := range encoded {
			if err := sees(nc, append(append([]byte{}, first...), second...)); err != nil {
				return "", err
			}
		}
	}
	return "as sent", nil
}

func servePresence(nc *nats.Conn) error {
	service, err := micro.AddService(nc, micro.Config{Name: "Presence", Version: "1.0.0"})
	if err != nil {
		return err
	}
	answer := func(reply func(*dynamicpb.Message, []byte) []byte) micro.HandlerFunc {
		return func(r micro.Request) {
			m, again, err := same(r.Data())
			if err != nil {
				r.Error("INVALID_ARGUMENT", err.Error(), nil)
				return
			}
			r.Respond(reply(m, again))
		}
	}
	register := answer(func(_ *dynamicpb.Message, again []byte) []byte { return again })
	describing := answer(func(m *dynamicpb.Message, _ []byte) []byte { return blob(nil, 1, []byte(describe(m))) })
	if err := service.AddEndpoint("register", register, micro.WithEndpointSubject("presence.v1.register")); err != nil {
		return err
	}
	return service.AddEndpoint("new", describing, micro.WithEndpointSubject("presence.v1.new"))
}
