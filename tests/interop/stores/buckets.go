package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// ---- streams ----

// What the broker has as the configuration of a stream.
func printConfig(s *session, a []string) error {
	stream, err := s.js.Stream(s, a[0])
	if err != nil {
		return err
	}
	text, err := json.Marshal(stream.CachedInfo().Config)
	fmt.Println(string(text))
	return err
}

// How many messages a stream has.
func printCount(s *session, a []string) error {
	stream, err := s.js.Stream(s, a[0])
	if err != nil {
		return err
	}
	fmt.Println(stream.CachedInfo().State.Msgs)
	return nil
}

// How many messages it has ever had.
func printLast(s *session, a []string) error {
	stream, err := s.js.Stream(s, a[0])
	if err != nil {
		return err
	}
	fmt.Println(stream.CachedInfo().State.LastSeq)
	return nil
}

// Waits until a stream has no message any more, markers included; nothing tells of that.
func awaitEmpty(s *session, a []string) error {
	stream, err := s.js.Stream(s, a[0])
	for err == nil && stream.CachedInfo().State.Msgs > 0 {
		time.Sleep(10 * time.Millisecond)
		_, err = stream.Info(s)
	}
	return err
}

// ---- key-value buckets ----

func kvMake(s *session, a []string) error {
	history, err := strconv.Atoi(a[1])
	if err != nil {
		return err
	}
	_, err = s.js.CreateKeyValue(s, jetstream.KeyValueConfig{Bucket: a[0], History: uint8(history)})
	return err
}

// Runs what needs the bucket, and prints the revision that comes of it.
func withBucket(s *session, a []string, run func(kv jetstream.KeyValue, value []byte) (uint64, error)) error {
	kv, err := s.js.KeyValue(s, a[0])
	if err != nil {
		return err
	}
	var value []byte
	if len(a) > 2 {
		if value, err = hex.DecodeString(a[2]); err != nil {
			return err
		}
	}
	revision, err := run(kv, value)
	if err == nil && revision != 0 {
		fmt.Println(revision)
	}
	return err
}

func kvGet(s *session, a []string) error {
	return withBucket(s, a, func(kv jetstream.KeyValue, _ []byte) (uint64, error) {
		entry, err := kv.Get(s, a[1])
		if err == nil {
			fmt.Printf("%d %x\n", entry.Revision(), entry.Value())
		}
		return 0, err
	})
}

func kvPut(s *session, a []string) error {
	return withBucket(s, a, func(kv jetstream.KeyValue, value []byte) (uint64, error) {
		return kv.Put(s, a[1], value)
	})
}

func kvCreate(s *session, a []string) error {
	return withBucket(s, a, func(kv jetstream.KeyValue, value []byte) (uint64, error) {
		return kv.Create(s, a[1], value)
	})
}

func kvUpdate(s *session, a []string) error {
	return withBucket(s, a, func(kv jetstream.KeyValue, value []byte) (uint64, error) {
		revision, err := strconv.ParseUint(a[3], 10, 64)
		if err != nil {
			return 0, err
		}
		return kv.Update(s, a[1], value, revision)
	})
}

func kvDelete(s *session, a []string) error {
	return withBucket(s, a, func(kv jetstream.KeyValue, _ []byte) (uint64, error) {
		return 0, kv.Delete(s, a[1])
	})
}

func kvPurge(s *session, a []string) error {
	return withBucket(s, a, func(kv jetstream.KeyValue, _ []byte) (uint64, error) {
		return 0, kv.Purge(s, a[1])
	})
}

var operations = map[jetstream.KeyValueOp]string{
	jetstream.KeyValuePut:    "put",
	jetstream.KeyValueDelete: "delete",
	jetstream.KeyValuePurge:  "purge",
}

func printEntry(entry jetstream.KeyValueEntry) {
	fmt.Printf("%d %s %x\n", entry.Revision(), operations[entry.Operation()], entry.Value())
}

func kvHistory(s *session, a []string) error {
	return withBucket(s, a, func(kv jetstream.KeyValue, _ []byte) (uint64, error) {
		entries, err := kv.History(s, a[1])
		for _, entry := range entries {
			printEntry(entry)
		}
		return 0, err
	})
}

// Waits until a marker takes the place of the key's value, and prints which.
func kvAwaitGone(s *session, a []string) error {
	return withBucket(s, a, func(kv jetstream.KeyValue, _ []byte) (uint64, error) {
		watcher, err := kv.Watch(s, a[1])
		if err != nil {
			return 0, err
		}
		defer watcher.Stop()
		for {
			select {
			case entry := <-watcher.Updates():
				if entry != nil && entry.Operation() != jetstream.KeyValuePut {
					fmt.Println(operations[entry.Operation()])
					return 0, nil
				}
			case <-s.Done():
				return 0, s.Err()
			}
		}
	})
}

// ---- object stores ----

func objectMake(s *session, a []string) error {
	_, err := s.js.CreateObjectStore(s, jetstream.ObjectStoreConfig{Bucket: a[0]})
	return err
}

// Prints size, SHA-256 of what was read, and what the object says of itself; nats.go has compared the two.
func objectGet(s *session, a []string) error {
	store, err := s.js.ObjectStore(s, a[0])
	if err != nil {
		return err
	}
	object, err := store.Get(s, a[1])
	if err != nil {
		return err
	}
	defer object.Close()
	hash := sha256.New()
	size, err := io.Copy(hash, object)
	if err != nil {
		return err
	}
	info, err := object.Info()
	if err != nil {
		return err
	}
	fmt.Printf("%d %x %s\n", size, hash.Sum(nil), info.Digest)
	return nil
}

func objectPut(s *session, a []string) error {
	store, err := s.js.ObjectStore(s, a[0])
	if err != nil {
		return err
	}
	file, err := os.Open(a[2])
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = store.Put(s, jetstream.ObjectMeta{Name: a[1]}, file)
	return err
}

func objectDelete(s *session, a []string) error {
	store, err := s.js.ObjectStore(s, a[0])
	if err != nil {
		return err
	}
	return store.Delete(s, a[1])
}

func objectLink(s *session, a []string) error {
	store, err := s.js.ObjectStore(s, a[0])
	if err != nil {
		return err
	}
	target, err := store.GetInfo(s, a[2])
	if err != nil {
		return err
	}
	_, err = store.AddLink(s, a[1], target)
	return err
}
