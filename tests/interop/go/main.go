// Interop: the lab service and its caller on nats.go and its micro package, written from docs/wire-protocol.md
// alone. "main call URL" calls a service, "main serve URL" is one until it is killed; call-json and serve-json
// are the same with the service whose messages travel as JSON.
package main

import (
	"fmt"
	"os"
	"time"

	"github.com/nats-io/nats.go"
)

const patience = 120 * time.Second

func connect(url string) *nats.Conn {
	nc, err := nats.Connect(url)
	if err != nil {
		fmt.Println("cannot connect:", err)
		os.Exit(2)
	}
	return nc
}

func main() {
	if len(os.Args) != 3 {
		fmt.Println("main call|serve|call-json|serve-json URL")
		os.Exit(2)
	}
	nc := connect(os.Args[2])
	defer nc.Close()
	switch os.Args[1] {
	case "call":
		os.Exit(callAll(nc))
	case "call-json":
		os.Exit(callJSON(nc))
	case "serve-json":
		if err := serveJSON(nc); err != nil {
			fmt.Println("cannot serve:", err)
			os.Exit(2)
		}
	default:
		serve(nc)
	}
	fmt.Println("ready")
	select {}
}
