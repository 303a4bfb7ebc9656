# Reads the exceptions, then what the runner printed of each case; prints the failures, a table, and the
# sum. See `run`.

function complain(text) {
    print "FAILED  " substr(text, 1, 300)
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
    return name ~ /\.(Proto2|Editions?[^.]*)\./ || name ~ /TextFormat|Json|Validator/
}

FNR == NR {
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

END {
    for (i = 1; i <= n; i++) {
        name = names[i]
        if (name in skipped && may_be_skipped(name))
            continue
        level = name ~ /^Required/ ? "Required" : "Recommended"
        if (name in skipped)
            complain(name ": it was skipped")
        else if (name in why && name in excepted && strict && level == "Required")
            complain(name ": a Required case is among the exceptions")
        else if (name in why && name in excepted)
            n_excepted++
        else if (name in why)
            complain(name ": " why[name])
        else if (name in excepted)
            complain(name ": it passes: take it off the exceptions")
        else
            passes[level, kind_of(name)]++
        cases[level, kind_of(name)]++
    }
    if (cases["Required", "binary to binary"] == 0)
        complain("runner: it came to no case of binary to binary")
    printf "%-18s %15s %15s\n", "", "Required", "Recommended"
    n_kinds = split("binary to binary,binary to JSON,binary to refuse,JSON to binary,JSON to JSON,JSON to refuse", kinds, ",")
    for (k = 1; k <= n_kinds; k++) {
        required = passes["Required", kinds[k]] + 0
        recommended = passes["Recommended", kinds[k]] + 0
        printf "%-18s %15s %15s\n", kinds[k], required " of " cases["Required", kinds[k]] + 0,
            recommended " of " cases["Recommended", kinds[k]] + 0
        passed += required + recommended
    }
    printf "%d exceptions\n", n_excepted
    printf "%d passed, %d failed\n", passed, failed
    exit failed > 0
}
