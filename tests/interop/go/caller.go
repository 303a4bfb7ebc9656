package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
)

// failure is an error that the other side told.
func failure(m *nats.Msg) error {
	if code := m.Header.Get("Nats-Service-Error-Code"); code != "" {
		return errors.New(code + ": " + m.Header.Get("Nats-Service-Error"))
	}
	return nil
}

func unary(nc *nats.Conn, subject string, request []byte) ([]byte, error) {
	m, err := nc.Request(subject, request, patience)
	if err != nil {
		return nil, err
	}
	return m.Data, failure(m)
}

// each reads a stream to its end.
func each(sub *nats.Subscription, take func([]byte)) error {
	for next := 1; ; {
		m, err := sub.NextMsg(patience)
		if err != nil {
			return err
		}
		if err := failure(m); err != nil {
			return err
		}
		seq := m.Header.Get("Nats-Stream-Seq")
		if m.Header.Get("Nats-Stream-End") == "true" {
			if seq != strconv.Itoa(next-1) {
				return fmt.Errorf("an end with the number %q after %d messages", seq, next-1)
			}
			return nil
		}
		if seq == "" { // an acknowledgement or a control
			continue
		}
		if seq != strconv.Itoa(next) {
			return fmt.Errorf("message %q where %d was due", seq, next)
		}
		next++
		take(m.Data)
	}
}

func serverStream(nc *nats.Conn, subject string, request []byte, take func([]byte)) error {
	inbox := nats.NewInbox()
	sub, err := nc.SubscribeSync(inbox)
	if err != nil {
		return err
	}
	defer sub.Unsubscribe()
	sub.SetPendingLimits(-1, -1)
	open := nats.NewMsg(subject)
	open.Data = request
	open.Header.Set("Reply-To", inbox)
	if err := nc.PublishMsg(open); err != nil {
		return err
	}
	return each(sub, take)
}

// stream is a caller's open client or bidirectional stream.
type stream struct {
	nc    *nats.Conn
	inbox string // Reply-To
	to    string
	seq   int
}

func open(nc *nats.Conn, subject, inbox string) (*stream, error) {
	m := nats.NewMsg(subject)
	m.Header.Set("Reply-To", inbox)
	ack, err := nc.RequestMsg(m, patience)
	if err != nil {
		return nil, err
	}
	if err := failure(ack); err != nil {
		return nil, err
	}
	to := ack.Header.Get("Nats-Stream-Inbox")
	if to == "" {
		return nil, errors.New("an acknowledgement without Nats-Stream-Inbox")
	}
	return &stream{nc: nc, inbox: inbox, to: to}, nil
}

func (s *stream) send(data []byte) error {
	s.seq++
	m := nats.NewMsg(s.to)
	m.Data = data
	m.Header.Set("Nats-Stream-Seq", strconv.Itoa(s.seq))
	return s.nc.PublishMsg(m)
}

func (s *stream) end() error {
	m := nats.NewMsg(s.to)
	m.Header.Set("Nats-Stream-End", "true")
	return s.nc.PublishMsg(m)
}

// clientStream subscribes to the answer as late as the generated Go callers do, or before the opening.
func clientStream(nc *nats.Conn, subject string, late bool, count int, item func(int) []byte) ([]byte, error) {
	var sub *nats.Subscription
	var err error
	inbox := nats.NewInbox()
	if !late {
		if sub, err = nc.SubscribeSync(inbox); err != nil {
			return nil, err
		}
	}
	s, err := open(nc, subject, inbox)
	if err != nil {
		return nil, err
	}
	for i := 0; i < count; i++ {
		if err := s.send(item(i)); err != nil {
			return nil, err
		}
	}
	if err := s.end(); err != nil {
		return nil, err
	}
	if late {
		nc.Flush()
		time.Sleep(20 * time.Millisecond) // what the answer must survive
		if sub, err = nc.SubscribeSync(inbox); err != nil {
			return nil, err
		}
	}
	defer sub.Unsubscribe()
	m, err := sub.NextMsg(patience)
	if err != nil {
		return nil, err
	}
	return m.Data, failure(m)
}

func chat(nc *nats.Conn, lines []string) ([]string, error) {
	var heard []string
	inbox := nats.NewInbox()
	sub, err := nc.SubscribeSync(inbox)
	if err != nil {
		return nil, err
	}
	defer sub.Unsubscribe()
	s, err := open(nc, "lab.v1.chat", inbox)
	if err != nil {
		return nil, err
	}
	for _, line := range lines {
		if err := s.send(blob(nil, 2, []byte(line))); err != nil {
			return nil, err
		}
	}
	if err := s.end(); err != nil {
		return nil, err
	}
	err = each(sub, func(data []byte) {
		m, _ := decode(data)
		heard = append(heard, string(m.bytes[2]))
	})
	return heard, err
}

// ---- what is checked ----

const (
	many  = 100000
	large = 64 << 20
	chunk = 131072
)

// pattern is the blob that both sides know.
func pattern(size int) []byte {
	data := make([]byte, size)
	for i := range data {
		data[i] = byte(i)
	}
	return data
}

func hexHash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

type check struct {
	name string
	run  func(nc *nats.Conn) (string, error)
	want string
}

func sumOf(late bool, values ...int64) func(nc *nats.Conn) (string, error) {
	return func(nc *nats.Conn) (string, error) {
		data, err := clientStream(nc, "lab.v1.sum", late, len(values), func(i int) []byte {
			return number(nil, 1, uint64(values[i]))
		})
		m, _ := decode(data)
		return fmt.Sprint(m.numbers[1], m.numbers[2]), err
	}
}

func pingOf(request []byte) func(nc *nats.Conn) (string, error) {
	return func(nc *nats.Conn) (string, error) {
		data, err := unary(nc, "lab.v1.ping", request)
		m, _ := decode(data)
		return string(m.bytes[1]), err
	}
}

func countTo(count, failAt uint64) func(nc *nats.Conn) (string, error) {
	return func(nc *nats.Conn) (string, error) {
		next := uint64(0)
		request := number(number(nil, 2, count), 3, failAt)
		err := serverStream(nc, "lab.v1.count_up", request, func(data []byte) {
			if m, _ := decode(data); m.numbers[1] == next {
				next++
			}
		})
		return fmt.Sprint(next), err
	}
}

func upload(nc *nats.Conn) (string, error) {
	data := pattern(large)
	answer, err := clientStream(nc, "lab.v1.upload", false, large/chunk, func(i int) []byte {
		return blob(nil, 1, data[i*chunk:(i+1)*chunk])
	})
	m, _ := decode(answer)
	return fmt.Sprint(m.numbers[1], " ", string(m.bytes[2])), err
}

func download(nc *nats.Conn) (string, error) {
	hash := sha256.New()
	size := 0
	request := number(number(nil, 1, large), 2, chunk)
	err := serverStream(nc, "lab.v1.download", request, func(data []byte) {
		m, _ := decode(data)
		size += len(m.bytes[1])
		hash.Write(m.bytes[1])
	})
	return fmt.Sprint(size, " ", hex.EncodeToString(hash.Sum(nil))), err
}

func manySums(nc *nats.Conn) (string, error) {
	data, err := clientStream(nc, "lab.v1.sum", true, many, func(i int) []byte {
		return number(nil, 1, uint64(i))
	})
	m, _ := decode(data)
	return fmt.Sprint(m.numbers[1], m.numbers[2]), err
}

func talk(nc *nats.Conn) (string, error) {
	heard, err := chat(nc, []string{"one", "two", "three"})
	return fmt.Sprint(heard), err
}

func talkAndFail(nc *nats.Conn) (string, error) {
	heard, err := chat(nc, []string{"one", "fail"})
	return fmt.Sprint(heard), err
}

func callAll(nc *nats.Conn) int {
	blobHash := fmt.Sprint(large, " ", hexHash(pattern(large)))
	checks := []check{
		{"unary", pingOf(blob(nil, 1, []byte("hello"))), "hello"},
		{"unary error", pingOf(number(nil, 2, 1)), "! NOT_FOUND: no such thing"},
		{"unary error with a code of the service's", pingOf(number(nil, 2, 3)), "! QUOTA_EXCEEDED: quota used up"},
		{"server stream", countTo(3, 0), "3"},
		{"server stream that fails", countTo(5, 2), "2 ! NOT_FOUND: no more numbers"},
		{"server stream of 100,000", countTo(many, 0), fmt.Sprint(many)},
		{"client stream, heard at once", sumOf(false, 10, 20, 30), "60 3"},
		{"client stream, heard late", sumOf(true, 10, 20, 30), "60 3"},
		{"client stream that fails early", sumOf(true, 10, -1, 7), "0 0 ! NOT_FOUND: negative value"},
		{"client stream of 100,000", manySums, fmt.Sprint(many*(many-1)/2, " ", many)},
		{"bidirectional stream", talk, "[one two three]"},
		{"bidirectional stream that fails", talkAndFail, "[one] ! NOT_FOUND: no such user"},
		{"upload of 64 MiB", upload, blobHash},
		{"download of 64 MiB", download, blobHash},
		{"optional fields", presence, "as sent"},
	}
	return run(nc, checks)
}

func run(nc *nats.Conn, checks []check) int {
	failed := 0
	for _, c := range checks {
		got, err := c.run(nc)
		if err != nil && got == "" {
			got = "! " + err.Error()
		} else if err != nil {
			got += " ! " + err.Error()
		}
		if got != c.want {
			fmt.Printf("not ok %s: %s, expected %s\n", c.name, got, c.want)
			failed++
			continue
		}
		fmt.Println("ok", c.name)
	}
	if failed > 0 {
		return 1
	}
	return 0
}
