# Reads the exceptions, then what the runner printed in each run; prints the failures and a table of each
# run, and the sum. See `run`.

function complain(text) {
    print "FAILED  " substr(types " types, " text, 1, 300)
    failed++
}

function name_in(line) {
    sub(/^[^=]*=/, "", line)
    sub(/[:, ].*/, "", line)
    return line
}

# Why a case failed, and the answer to it; the request is in the log.
function reason_in(line,   at) {
    sub(/^[^:]*: /, "", line)
    at = index(line, " request=")
    return substr(line, 1, at) substr(line, index(line, " response=") + 1)
}

# What a case is about: from which format to which. A case without an output is one of input to refuse.
function kind_of(name,   from) {
    from = name ~ /\.JsonInput\./ ? "JSON" : "binary"
    if (name ~ /\.ProtobufOutput$/)
        return from " to binary"
    if (name ~ /\.(JsonOutput|Validator)$/)
        return from " to JSON"
    return from " to refuse"
}

function may_be_skipped(name) {
    return name ~ /\.(Proto2|Editions?[^.]*)\./ || name ~ /TextFormat/
}

# Why a case of a run counts as failed; "": it passed, or may fail.
function fault_of(name) {
    if (name in skipped)
        return "it was skipped"
    if (!(name in excepted))
        return why[name]
    if (why[name] == "")
        return "it passes: take it off the exceptions"
    return strict && name ~ /^Required/ ? "a Required case is among the exceptions" : ""
}

function print_table(   count, kinds, k, columns, levels, l) {
    count = split("binary to binary,binary to JSON,binary to refuse,JSON to binary,JSON to JSON,JSON to refuse",
        kinds, ",")
    split("Required,Recommended", levels, ",")
    printf "%-18s %15s %15s\n", types " types", levels[1], levels[2]
    for (k = 1; k <= count; k++) {
        for (l = 1; l <= 2; l++)
            columns[l] = passes[levels[l], kinds[k]] + 0 " of " cases[levels[l], kinds[k]] + 0
        printf "%-18s %15s %15s\n", kinds[k], columns[1], columns[2]
    }
    printf "%d exceptions\n\n", exceptions
}

function finish_run(   i, name, level, fault) {
    for (i = 1; i <= n; i++) {
        name = names[i]
        if (name in skipped && may_be_skipped(name))
            continue
        level = name ~ /^Required/ ? "Required" : "Recommended"
        cases[level, kind_of(name)]++
        fault = fault_of(name)
        if (fault != "") {
            complain(name ": " fault)
        } else if (why[name] != "") {
            exceptions++
        } else {
            passes[level, kind_of(name)]++
            passed++
        }
    }
    if (!at_end)
        complain("runner: it did not come to its end")
    print_table()
    n = exceptions = at_end = 0
    split("", names)
    split("", skipped)
    split("", why)
    split("", cases)
    split("", passes)
}

FNR == 1 && run++ > 1 {
    finish_run()
}

FNR == 1 {
    types = FILENAME
    sub(/.*\//, "", types)
    sub(/\..*/, "", types)
}

run == 1 {
    if ($0 ~ /^#/ || NF == 0)
        next
    if ($0 !~ /^[^ ]+ +# [^ ]/)
        complain($1 ": an exception without a reason")
    excepted[$1] = 1
    next
}

/^conformance test: name=/ {
    if (name_in($0) != "FindFailures")
        names[++n] = name_in($0)
}

/^SKIPPED, test=/ {
    skipped[name_in($0)] = 1
}

/^(ERROR|WARNING), test=/ {
    why[name_in($0)] = reason_in($0)
}

/^CONFORMANCE SUITE/ {
    at_end = 1
}

END {
    finish_run()
    if (run != ARGC - 1)
        complain("runner: it said nothing in a run")
    printf "%d passed, %d failed\n", passed, failed
    exit failed > 0
}
