# shellcheck shell=bash
# Blocks: what becomes of a block of each kind. Sourced by `run`, which says what is written in a page.

# ---- the broker and the programs that pages start ----

# One that was free a moment ago; pages start a broker there, one after the other.
choose_port() {
    command -v nats-server >/dev/null || { echo "nats-server is not installed" >&2; exit 1; }
    nats-server -a 127.0.0.1 -p -1 --ports_file_dir "$folder" >"$folder/broker.log" 2>&1 &
    local broker=$! ports
    ports="$folder/nats-server_$broker.ports"
    wait_until grep -qs ']}' "$ports" || { cat "$folder/broker.log" >&2; exit 1; }
    port="$(sed 's/.*:\([0-9]*\)".*/\1/' "$ports")"
    kill "$broker"
    wait "$broker" 2>/dev/null
}

# nats-server as pages start it, but for its port and its log.
make_tools() {
    mkdir -p "$folder/tools" "$folder/home"
    cat >"$folder/tools/nats-server" <<END
#!/bin/sh
case " \$* " in *" -t "* | *" --version "*) exec $(command -v nats-server) "\$@" ;; esac
exec $(command -v nats-server) -a 127.0.0.1 -p $port "\$@" >>"$folder/broker.log" 2>&1
END
    chmod +x "$folder/tools/nats-server"
}

# Waits for a command to succeed, 20 s at most.
wait_until() {
    for _ in $(seq 400); do
        "$@" && return
        sleep 0.05
    done
    return 1
}

port_is_open() {
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null
}

stop_jobs() {
    local jobs
    jobs="$(jobs -p)"
    # shellcheck disable=SC2086
    [ -z "$jobs" ] || { kill $jobs && wait $jobs; } 2>/dev/null
}

# ---- what a block says about itself ----

said() { # keyword: what the first such comment says; false if there is none
    local line
    line="$(grep -m 1 "^$1: " "$says")" && printf '%s\n' "${line#"$1: "}"
}

unknown_words() {
    grep -vE '^(file|insert in [^ ]+ before|replace in [^ ]+|inside|setup|where|needs|not run|unchecked): .' "$says"
}

# ---- C ----

# Functions of a fragment need not be called, nor its variables be used.
compile() { # compiler and language, file
    # shellcheck disable=SC2046,SC2086
    $1 -Wall -Wextra -Wpedantic -Werror -Wno-unused-function -Wno-unused-variable -Wno-unused-parameter \
        -Wno-unused-but-set-variable -fsyntax-only -pthread -I. $(pkg-config --cflags natsmicro) "$2"
}

compile_c() {
    compile "cc -std=gnu11 -x c" "$1"
}

# The statements become a function's; the includes above them stay where they are.
wrap_statements() { # function
    printf '#include "connect.h"\n#include "shop.nats-c.h"\n'
    awk -v function_head="$1" '
        !begun && !/^#include/ && !/^$/ { print function_head "\n{"; begun = 1 }
        { print }
        END { print "}" }' "$block"
}

check_c() {
    local function_head
    if function_head="$(said inside)"; then
        wrap_statements "$function_head" >"fragment-$number.c"
        compile_c "fragment-$number.c"
    else
        cp "$block" "fragment-$number.c" && compile_c "fragment-$number.c"
    fi
}

check_changed() { # file
    case "$1" in
        *.c) compile_c "$1" ;;
        *.h) compile_c "$1" ;;
        *.proto) generate "$1" ;;
        *.conf) nats-server -t -c "$1" ;;
    esac
}

# ---- .proto ----

# What is no whole file gets a beginning. In a folder of its own, so that the page's programs do not get it.
check_proto() {
    mkdir -p fragments
    if ! grep -q '^syntax' "$block"; then
        printf 'syntax = "proto3";\npackage fragment;\nimport "natsmicro/options.proto";\n'
    fi >fragments/fragment.proto
    cat "$block" >>fragments/fragment.proto
    (cd fragments && generate fragment.proto)
}

generate() { # file
    local output name="${1%.proto}" made
    output="$(protoc -I. -I"$(pkg-config --variable=includedir natsmicro)" --c-natsmicro_out=. --c-natsmicro_opt=messages "$1" 2>&1)" &&
        [ -z "$(grep -v ': without a subject_prefix' <<<"$output")" ] || { echo "$output"; return 1; }
    for made in "$name.pb-c.c" "$name.nats-c.c"; do
        [ ! -f "$made" ] || compile_c "$made" || return
    done
}

# ---- files ----

# The block, above the first line that contains the text, or in its place. Of `first … last`, in the place
# of all lines from the one with the first text to the one with the last.
edit_file() { # file, text, before or instead
    awk -v first="${2%% … *}" -v last="${2##* … }" -v how="$3" -v block="$block" '
        !begun && index($0, first) {
            begun = 1
            replacing = how == "instead"
            while ((getline line < block) > 0) print line
        }
        !replacing { print }
        replacing && index($0, last) { replacing = 0 }
        END { if (!begun || replacing) exit 1 }' "$1" >"$folder/edited" || { echo "$1 has no lines: $2"; return 1; }
    cp "$folder/edited" "$1"
}

# Writes the file that the block says it is or belongs to, and sets `changed` to its name.
apply_to_file() {
    changed="$(said file)" && { mkdir -p "$(dirname "$changed")" && cp "$block" "$changed"; return; }
    local line text
    line="$(grep -m 1 -E '^(insert|replace) in ' "$says")" || return
    text="${line#*: }"
    changed="$(printf '%s\n' "$line" | sed -E 's/^(insert|replace) in ([^ :]+).*/\2/')"
    case "$line" in
        insert*) edit_file "$changed" "$text" before ;;
        replace*) edit_file "$changed" "$text" instead ;;
    esac
}

names_a_file() {
    grep -qE '^(file:|insert in |replace in )' "$says"
}

# ---- commands ----

# Every command of it, in the page's own shell: what it exports stays.
run_commands() { # file
    local failed=0
    trap 'failed=1; echo "failed: $BASH_COMMAND"' ERR
    # shellcheck disable=SC1090
    . "$1"
    trap - ERR
    [ "$failed" = 0 ]
}

run_in_repository() {
    (cd "$root" && export MAKEFLAGS="$our_makeflags" BUILD && run_commands "$block")
}

# Whether lines are what was expected; … stands for anything. With a third argument, more may follow.
matches() { # expected, actual, what may follow
    local pattern="$1" character
    for character in '\' '*' '?' '['; do
        pattern="${pattern//"$character"/"\\$character"}"
    done
    # shellcheck disable=SC2053
    [[ "$2" == ${pattern//…/*}${3:-} ]]
}

show_difference() { # expected, actual
    diff <(printf '%s\n' "$1") <(printf '%s\n' "$2") | sed -n 's/^</expected:/p;s/^>/printed: /p'
}

has_printed() { # expected, file
    matches "$1" "$(cat "$2")" '*'
}

run_in_background() { # command with &, expected
    local output="$workspace.job-$((++jobs_started))" name="${1%% *}"
    : >"$output"
    eval ">\"$output\" 2>&1 ${1%&} &" # in front, so that the command's own come after and win
    if [ "$name" = nats-server ]; then
        wait_until port_is_open || { tail "$folder/broker.log"; return 1; }
    fi
    wait_until has_printed "$2" "$output" || { show_difference "$2" "$(cat "$output")"; return 1; }
}

# A command that is to print nothing must succeed, one that prints an error may fail; no program may die of a
# signal. What `wait` returns is of the job.
run_in_foreground() { # command, expected
    local status=0 most=127
    [ -n "$2" ] || most=0
    eval "$1" >"$folder/output" 2>&1 </dev/null || status=$?
    [ "$status" -le "$most" ] || [ "${1%% *}" = wait ] || { cat "$folder/output"; echo "$1: exit status $status"; return 1; }
    matches "$2" "$(cat "$folder/output")" || { show_difference "$2" "$(cat "$folder/output")"; return 1; }
}

run_command() { # command, expected
    set -- "${1//127.0.0.1:4222/127.0.0.1:$port}" "$2"
    case "$1" in
        '') [ -z "$2" ] || { echo "output without a command: $2"; return 1; } ;;
        *'&') run_in_background "$1" "$2" ;;
        *) run_in_foreground "$1" "$2" ;;
    esac
}

# `$ command`, its further lines with `> `, and what it prints.
run_session() {
    local line command="" expected=""
    while IFS= read -r line <&4; do
        case "$line" in
            '$ '*)
                run_command "$command" "$expected" || return
                command="${line#'$ '}"
                expected=""
                ;;
            '> '*) command="$command"$'\n'"${line#'> '}" ;;
            *) expected="$expected${expected:+$'\n'}$line" ;;
        esac
    done 4<"$block"
    run_command "$command" "$expected"
}

check_syntax() {
    sed -n 's/^[$>] //p' "$block" >"$folder/commands"
    [ -s "$folder/commands" ] || cp "$block" "$folder/commands"
    bash -n "$folder/commands"
}

# ---- a block ----

check_as_its_language() { # language
    case "$1" in
        c) check_c ;;
        cpp) cp "$block" "fragment-$number.cc" && compile "c++ -std=c++17" "fragment-$number.cc" ;;
        proto) check_proto ;;
        conf) nats-server -t -c "$block" ;;
        sh) if [ "$(said where)" = repository ]; then run_in_repository; else run_commands "$block"; fi ;;
        console) run_session ;;
        *) echo "a block in \"$1\" says what file it is, or why it is unchecked"; return 1 ;;
    esac
}

check_block() { # language
    local setup
    ! unknown_words || { echo "the comment above is none that tests/docs/run knows"; return 1; }
    [ -z "$(said unchecked)" ] || return 0
    while IFS= read -r setup <&5; do
        eval "$setup" || { echo "failed: $setup"; return 1; }
    done 5< <(sed -n 's/^setup: //p' "$says")
    if [ -n "$(said 'not run')" ]; then
        check_syntax
    elif names_a_file; then
        apply_to_file && check_changed "$changed"
    else
        check_as_its_language "$1"
    fi
}

missing_command() {
    local command
    while IFS= read -r command; do
        command -v "$command" >/dev/null || { echo "$command"; return; }
    done < <(sed -n 's/^needs: //p' "$says")
    return 1
}

report() { # ok or FAIL, what
    printf '%-7s %s\n' "$1" "$2" | tee -a "$folder/results"
}

# In the page's shell, not in a subshell: what a block sets or starts is there for the next one.
check_numbered() { # page, number, line, language
    number="$2"
    block="$folder/blocks/$number"
    says="$block.says"
    local name="$1:$3 $4" missing status
    if missing="$(missing_command)"; then
        report skipped "$name: no $missing here"
        return
    fi
    check_block "$4" >"$folder/said" 2>&1 # not in a condition: traps on ERR would not run within
    status=$?
    if [ "$status" = 0 ]; then
        report ok "$name"
    else
        report FAIL "$name"
        sed 's/^/        /' "$folder/said"
        stop_jobs # else the next block would meet them
    fi
}

# ---- a page ----

check_page() { # page
    local line language
    page="$1"
    number=0
    jobs_started=0
    workspace="$folder/$(basename "$page" .md)"
    rm -rf "$folder/blocks"
    mkdir -p "$folder/blocks" "$workspace"
    awk -v OUT="$folder/blocks" -f "$root/tests/docs/split.awk" "$root/$page" >"$folder/index"
    [ ! -d "$folder/README" ] || [ "$workspace" = "$folder/README" ] || cp -r "$folder/README/." "$workspace"
    cd "$workspace" || return
    trap 'end_page "$?"' EXIT
    while read -r number line language <&3; do
        if [ "$number" = error ]; then
            report FAIL "$page:$line $language"
        else
            check_numbered "$page" "$number" "$line" "$language"
        fi
    done 3<"$folder/index"
    number=all
}

# A block may end the page's shell.
end_page() { # exit status
    stop_jobs
    if [ "$number" != all ]; then
        report FAIL "$page: its shell ended with status $1 in block $number"
        sed 's/^/        /' "$folder/said"
    fi
}

# ---- links ----

# The anchors of a page's headings, as the places that render them make them.
anchors_of() { # file
    awk '/^```/ { fenced = !fenced } !fenced && /^#+ / { sub(/^#+ /, ""); print tolower($0) }' "$1" |
        sed -E 's/\[([^]]*)\]\([^)]*\)/\1/g; s/[^a-z0-9 _-]//g; s/ /-/g'
}

check_link() { # page, target
    local file="${2%%#*}" anchor=""
    case "$2" in
        http:* | https:*) return ;;
        *'#'*) anchor="${2#*#}" ;;
    esac
    file="$([ -n "$file" ] && echo "$(dirname "$1")/$file" || echo "$1")"
    [ -e "$file" ] || { echo "$1: there is no $file"; return; }
    [ -z "$anchor" ] || anchors_of "$file" | grep -qx "$anchor" || echo "$1: $file has no heading #$anchor"
}

# What links name within the repository is there.
check_links() { # pages
    local page target
    for page in "$@"; do
        while IFS= read -r target; do
            check_link "$page" "$target"
        done < <(awk '/^```/ { fenced = !fenced } !fenced' "$page" | tr '\n' ' ' | grep -oE '\]\([^)]+\)' | sed 's/^](//; s/)$//')
    done >"$folder/broken-links"
    if [ -s "$folder/broken-links" ]; then
        report FAIL "links"
        sed 's/^/        /' "$folder/broken-links"
    else
        report ok "links"
    fi
}
