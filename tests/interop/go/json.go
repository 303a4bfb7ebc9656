package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

// The service of tests/protos/jsonlab/v1/jsonlab.proto, whose messages Go's own protojson writes and reads.
const jsonSubjects = "jsonlab.v1."

var jsonFiles *protoregistry.Files

// describeJSON reads the descriptors that protoc wrote beside the peers.
func describeJSON() error {
	data, err := os.ReadFile(filepath.Join(os.Getenv("INTEROP_PEERS"), "jsonlab.binpb"))
	if err != nil {
		return err
	}
	set := &descriptorpb.FileDescriptorSet{}
	if err := proto.Unmarshal(data, set); err != nil {
		return err
	}
	jsonFiles, err = protodesc.NewFiles(set)
	return err
}

func newMessage(name string) *dynamicpb.Message {
	found, err := jsonFiles.FindDescriptorByName(protoreflect.FullName(jsonSubjects + name))
	if err != nil {
		panic(err)
	}
	return dynamicpb.NewMessage(found.(protoreflect.MessageDescriptor))
}

func field(m *dynamicpb.Message, name string) protoreflect.FieldDescriptor {
	return m.Descriptor().Fields().ByName(protoreflect.Name(name))
}

func get(m *dynamicpb.Message, name string) protoreflect.Value {
	return m.Get(field(m, name))
}

// filled makes a message with these values.
func filled(name string, values map[string]interface{}) *dynamicpb.Message {
	m := newMessage(name)
	for key, value := range values {
		m.Set(field(m, key), protoreflect.ValueOf(value))
	}
	return m
}

func toJSON(m proto.Message) []byte {
	data, err := protojson.Marshal(m)
	if err != nil {
		panic(err)
	}
	return data
}

func fromJSON(name string, data []byte) (*dynamicpb.Message, error) {
	m := newMessage(name)
	return m, protojson.Unmarshal(data, m)
}

// ---- the caller ----

func thing() *dynamicpb.Message {
	m := filled("Thing", map[string]interface{}{
		"full_name": "grüße \u2028 \"\\\x01 😀", "big_number": int64(-9007199254740993),
		"mood": protoreflect.EnumNumber(1), "raw": []byte{0xfb, 0xff, 0xfe}, "maybe": int32(0), "renamed": "other",
	})
	made := m.Mutable(field(m, "made_at")).Message()
	made.Set(made.Descriptor().Fields().ByName("seconds"), protoreflect.ValueOf(int64(1700000000)))
	counts := m.Mutable(field(m, "counts")).Map()
	for i := int32(0); i < 5; i++ {
		counts.Set(protoreflect.ValueOf(fmt.Sprint("key", i)).MapKey(), protoreflect.ValueOf(i))
	}
	parts := m.Mutable(field(m, "parts")).List()
	parts.Append(parts.NewElement())
	return m
}

func echoJSON(nc *nats.Conn) (string, error) {
	sent := thing()
	data, err := unary(nc, jsonSubjects+"echo", toJSON(sent))
	if err != nil {
		return "", err
	}
	got, err := fromJSON("Thing", data)
	return fmt.Sprint(proto.Equal(sent, got)), err
}

func echoOf(text string) func(*nats.Conn) (string, error) {
	return func(nc *nats.Conn) (string, error) {
		data, err := unary(nc, jsonSubjects+"echo", []byte(text))
		if err != nil {
			return "", err
		}
		return string(data), nil
	}
}

func countJSON(nc *nats.Conn) (string, error) {
	next, failed := int64(0), error(nil)
	request := toJSON(filled("CountRequest", map[string]interface{}{"how_many": int32(1000)}))
	err := serverStream(nc, jsonSubjects+"count_up", request, func(data []byte) {
		m, err := fromJSON("Number", data)
		if err != nil {
			failed = err
		} else if get(m, "value").Int() == next {
			next++
		}
	})
	if err == nil {
		err = failed
	}
	return fmt.Sprint(next), err
}

func totalOf(data []byte, err error) (string, error) {
	if err != nil {
		return "", err
	}
	m, err := fromJSON("Total", data)
	return fmt.Sprint(get(m, "total").Int(), " ", get(m, "count").Int()), err
}

func sumJSON(nc *nats.Conn) (string, error) {
	return totalOf(clientStream(nc, jsonSubjects+"sum", false, 1000, func(i int) []byte {
		return toJSON(filled("Number", map[string]interface{}{"value": int64(i)}))
	}))
}

func uploadJSON(nc *nats.Conn) (string, error) {
	data := pattern(10 * 65536)
	return totalOf(clientStream(nc, jsonSubjects+"upload", true, 10, func(i int) []byte {
		return toJSON(filled("Piece", map[string]interface{}{"raw_data": data[i*65536 : (i+1)*65536]}))
	}))
}

func downloadJSON(nc *nats.Conn) (string, error) {
	var all []byte
	request := toJSON(filled("CountRequest", map[string]interface{}{"how_many": int32(100000)}))
	err := serverStream(nc, jsonSubjects+"download", request, func(data []byte) {
		if m, err := fromJSON("Piece", data); err == nil {
			all = append(all, get(m, "raw_data").Bytes()...)
		}
	})
	return fmt.Sprint(bytes.Equal(all, pattern(100000))), err
}

func chatJSON(nc *nats.Conn) (string, error) {
	sent, same := thing(), 0
	inbox := nats.NewInbox()
	sub, err := nc.SubscribeSync(inbox)
	if err != nil {
		return "", err
	}
	defer sub.Unsubscribe()
	s, err := open(nc, jsonSubjects+"chat", inbox)
	for i := 0; i < 20 && err == nil; i++ {
		err = s.send(toJSON(sent))
	}
	if err == nil {
		err = s.end()
	}
	if err != nil {
		return "", err
	}
	err = each(sub, func(data []byte) {
		if m, err := fromJSON("Thing", data); err == nil && proto.Equal(sent, m) {
			same++
		}
	})
	return fmt.Sprint(same), err
}

func callJSON(nc *nats.Conn) int {
	if err := describeJSON(); err != nil {
		fmt.Println("jsonlab.binpb:", err)
		return 2
	}
	return run(nc, []check{
		{"message as it was", echoJSON, "true"},
		{"names of the proto", echoOf(`{"full_name": "a", "big_number": 5, "raw": "-_8"}`),
			`{"fullName":"a","bigNumber":"5","raw":"+/8="}`},
		{"error", echoOf(`{"fail":6}`), "! NOT_FOUND: as asked"},
		{"unknown field", echoOf(`{"nobody": 1}`),
			`! INVALID_ARGUMENT: failed to decode request: jsonlab.v1.Thing has no field "nobody" (line 1, column 2)`},
		{"empty payload", echoOf(""),
			"! INVALID_ARGUMENT: failed to decode request: an empty payload is not JSON: an empty message is {}"},
		{"server stream of 1000", countJSON, "1000"},
		{"client stream of 1000", sumJSON, "499500 1000"},
		{"bidirectional stream", chatJSON, "20"},
		{"upload", uploadJSON, "83558400 655360"},
		{"download", downloadJSON, "true"},
	})
}

// ---- the service ----

// takes a request of the type, or refuses it.
func takes(name string, handle func(*dynamicpb.Message, micro.Request)) micro.HandlerFunc {
	return func(r micro.Request) {
		m, err := fromJSON(name, r.Data())
		if err != nil {
			r.Error("INVALID_ARGUMENT", "failed to decode JSON request", nil)
			return
		}
		go handle(m, r)
	}
}

func answerEcho(m *dynamicpb.Message, r micro.Request) {
	if get(m, "fail").Int() != 0 {
		r.Error("NOT_FOUND", "as asked", []byte("{\x01\xff"))
		return
	}
	r.Respond(toJSON(m))
}

func countedJSON(nc *nats.Conn) func(*dynamicpb.Message, micro.Request) {
	return func(m *dynamicpb.Message, r micro.Request) {
		out := output{nc: nc, to: r.Headers().Get("Reply-To")}
		for i := int64(0); i < get(m, "how_many").Int(); i++ {
			out.send(toJSON(filled("Number", map[string]interface{}{"value": i})))
		}
		out.finish(nil, true)
	}
}

func downloadedJSON(nc *nats.Conn) func(*dynamicpb.Message, micro.Request) {
	return func(m *dynamicpb.Message, r micro.Request) {
		out := output{nc: nc, to: r.Headers().Get("Reply-To")}
		for data := pattern(int(get(m, "how_many").Int())); len(data) > 0; {
			size := 65536
			if size > len(data) {
				size = len(data)
			}
			out.send(toJSON(filled("Piece", map[string]interface{}{"raw_data": data[:size]})))
			data = data[size:]
		}
		out.finish(nil, true)
	}
}

// addedJSON answers with the sum of what each item counts for, and how many it counts as.
func addedJSON(nc *nats.Conn, name string, worth func(*dynamicpb.Message) (int64, int)) micro.HandlerFunc {
	return func(r micro.Request) {
		items, to := input(nc, r)
		go func() {
			total, count := int64(0), 0
			out := output{nc: nc, to: to}
			for item := range items {
				m, err := fromJSON(name, item)
				if err != nil {
					out.finish(&refusal{"INVALID_ARGUMENT", err.Error()}, false)
					return
				}
				value, more := worth(m)
				total, count = total+value, count+more
			}
			nc.Publish(to, toJSON(filled("Total", map[string]interface{}{"total": total, "count": int32(count)})))
		}()
	}
}

func chattedJSON(nc *nats.Conn) micro.HandlerFunc {
	return func(r micro.Request) {
		items, to := input(nc, r)
		go func() {
			out := output{nc: nc, to: to}
			for item := range items {
				m, err := fromJSON("Thing", item)
				if err != nil {
					out.finish(&refusal{"INVALID_ARGUMENT", err.Error()}, true)
					return
				}
				out.send(toJSON(m))
			}
			out.finish(nil, true)
		}()
	}
}

func serveJSON(nc *nats.Conn) error {
	if err := describeJSON(); err != nil {
		return err
	}
	service, err := micro.AddService(nc, micro.Config{Name: "jsonlab", Version: "1.0.0"})
	number := func(m *dynamicpb.Message) (int64, int) { return get(m, "value").Int(), 1 }
	piece := func(m *dynamicpb.Message) (sum int64, count int) {
		for _, b := range get(m, "raw_data").Bytes() {
			sum += int64(b)
			count++
		}
		return
	}
	for name, handle := range map[string]micro.HandlerFunc{
		"echo": takes("Thing", answerEcho), "count_up": takes("CountRequest", countedJSON(nc)),
		"download": takes("CountRequest", downloadedJSON(nc)), "chat": chattedJSON(nc),
		"sum": addedJSON(nc, "Number", number), "upload": addedJSON(nc, "Piece", piece),
	} {
		if err == nil {
			err = service.AddEndpoint(name, handle, micro.WithEndpointSubject(jsonSubjects+name))
		}
	}
	return err
}
