package main

import "google.golang.org/protobuf/encoding/protowire"

// A message as its fields: numbers and bytes by field number.
type message struct {
	numbers map[protowire.Number]uint64
	bytes   map[protowire.Number][]byte
}

func decode(data []byte) (message, bool) {
	m := message{map[protowire.Number]uint64{}, map[protowire.Number][]byte{}}
	for len(data) > 0 {
		field, kind, n := protowire.ConsumeTag(data)
		if n < 0 {
			return m, false
		}
		data = data[n:]
		switch kind {
		case protowire.VarintType:
			value, n := protowire.ConsumeVarint(data)
			if n < 0 {
				return m, false
			}
			m.numbers[field] = value
			data = data[n:]
		case protowire.BytesType:
			value, n := protowire.ConsumeBytes(data)
			if n < 0 {
				return m, false
			}
			m.bytes[field] = value
			data = data[n:]
		default:
			return m, false
		}
	}
	return m, true
}

func number(data []byte, field protowire.Number, value uint64) []byte {
	if value == 0 {
		return data
	}
	return protowire.AppendVarint(protowire.AppendTag(data, field, protowire.VarintType), value)
}

func blob(data []byte, field protowire.Number, value []byte) []byte {
	if len(value) == 0 {
		return data
	}
	return protowire.AppendBytes(protowire.AppendTag(data, field, protowire.BytesType), value)
}
