# shellcheck shell=bash
# Setup: what the scripts beside this file share: a broker on a free port, services of examples/ on
# it, and ways to look at what the command prints. Sourced in the repository; ends what it started.

. tests/build/cases.sh
export BUILD="${BUILD:-build}"
PATH="$PATH:/usr/sbin:/usr/local/sbin"
nats_server="${NATS_SERVER:-nats-server}"
folder="$(cd "$(mktemp -d)" && pwd -P)"
natsmicro="$(cd "$BUILD" && pwd)/natsmicro"
# Nothing of who runs the tests.
export HOME="$folder/home" XDG_CONFIG_HOME="$folder/config"
unset NATS_URL NATS_CONTEXT
mkdir -p "$HOME" "$XDG_CONFIG_HOME/nats/context"

# A case is a shell of its own, so what runs is noted in a file.
stop_all() {
    # shellcheck disable=SC2046
    kill $(cat "$folder/started") 2>/dev/null
    wait 2>/dev/null
    rm -rf "$folder"
}
trap stop_all EXIT

# Waits for a command to succeed, 30 s at most.
wait_until() {
    for _ in $(seq 600); do
        "$@" && return
        sleep 0.05
    done
    return 1
}

# Repeats what looks at all services until it succeeds, 20 times at most. The command waits 300 ms for the
# next answer, and on a busy machine a service may miss that a few times.
eventually() { # command...
    for _ in $(seq 20); do
        "$@" && return
    done
    return 1
}

# A broker with these arguments; `url` is its URL.
start_broker() { # arguments…
    local broker ports
    "$nats_server" -a 127.0.0.1 -p -1 --ports_file_dir "$folder" "$@" >"$folder/nats-server.log" 2>&1 &
    broker=$!
    echo "$broker" >>"$folder/started"
    ports="$folder/$(basename "$nats_server")_$broker.ports"
    wait_until grep -qs ']}' "$ports" || { cat "$folder/nats-server.log" >&2; return 1; }
    url="$(grep -oE '(nats|tls)://[^"]*' "$ports" | head -n 1)"
}

# A program below $BUILD, ready to serve.
start_service() { # log's name, program, arguments…
    local log="$folder/$1"
    "$BUILD/$2" "${@:3}" >"$log" 2>&1 &
    echo "$!" >>"$folder/started"
    wait_until grep -qs '^ready' "$log" || { cat "$log" >&2; return 1; }
}

# Runs a command; its output is in $folder/out and $folder/err, and shown if it ends otherwise.
ends_with() { # exit status, command...
    local expected=$1 status=0
    shift
    timeout 60 "$@" >"$folder/out" 2>"$folder/err" </dev/null || status=$?
    cat "$folder/out" "$folder/err"
    [ "$status" = "$expected" ] || { echo "exit status $status, not $expected"; return 1; }
}

# Whether all that the last command said on stderr is this one line.
says() {
    [ "$(cat "$folder/err")" = "natsmicro: $1" ] || { echo "it does not say: natsmicro: $1"; return 1; }
}

prints() { # lines
    diff "$folder/out" - <<<"$1"
}

# What a shell's command shows on a terminal, in $folder/screen; the command's exit status.
on_a_terminal() {
    SHELL=/bin/sh script -qec "$1" /dev/null </dev/null >"$folder/screen" 2>&1
}
