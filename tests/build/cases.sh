# shellcheck shell=bash
# Cases: what the scripts beside this file share. Sourced; ends in the line that tests/run reads.

cases_passed=0
cases_failed=0

# Runs one case: its name, then a command that succeeds if the case passes. What the command printed
# is shown if it does not.
expect() {
    local name="$1" output
    shift
    if output="$("$@" 2>&1)"; then
        cases_passed=$((cases_passed + 1))
        echo "ok      $name"
    else
        cases_failed=$((cases_failed + 1))
        echo "FAIL    $name"
        printf '%s\n' "$output" | sed 's/^/        /'
    fi
}

# A case that cannot be run here.
skip() { # name, why
    echo "skip    $1: $2"
}

finish() {
    echo "$cases_passed passed, $cases_failed failed"
    [ "$cases_failed" = 0 ]
    exit
}
