# Sums up the lines of `make bench`, of one run or several: a figure is the median of its runs, with
# the range beside it. Reads bench/figures.txt first, then the lines. What it prints:
#
#   -v show=caption              how many runs of what
#   -v show=table -v of=<table>  rows of markdown
#   -v show=plot -v of=<plot>    a line for each pair of bars: row, label, and for ours and raw each
#                                the median, the range and the text, with tabs between them

function trim(text) {
    gsub(/^[ \t]+|[ \t]+$/, "", text)
    return text
}

# The value of a line's key, without quotes; "" if it has no such key.
function value_of(key,   text) {
    if (!match($0, "\"" key "\":(\"[^\"]*\"|[^,}]*)"))
        return ""
    text = substr($0, RSTART + length(key) + 3, RLENGTH - length(key) - 3)
    gsub(/"/, "", text)
    return text
}

# Keeps the values of one kind and one figure sorted.
function keep(kind, bench, value,   i) {
    for (i = ++count[kind, bench]; i > 1 && kept[kind, bench, i - 1] > value; i--)
        kept[kind, bench, i] = kept[kind, bench, i - 1]
    kept[kind, bench, i] = value
}

function median(kind, bench,   n) {
    n = count[kind, bench]
    if (n % 2 == 1)
        return kept[kind, bench, (n + 1) / 2]
    return (kept[kind, bench, n / 2] + kept[kind, bench, n / 2 + 1]) / 2
}

function low(kind, bench) {
    return kept[kind, bench, 1]
}

function high(kind, bench) {
    return kept[kind, bench, count[kind, bench]]
}

function complain(text) {
    print text > "/dev/stderr"
    failed = 1
    exit 1
}

FILENAME ~ /figures\.txt$/ {
    if ($0 !~ /^#/ && split($0, column, "|") == 5) {
        name[++figures] = trim(column[1])
        table[figures] = trim(column[2])
        plot[figures] = trim(column[3])
        label[figures] = trim(column[4])
        text[figures] = trim(column[5])
        known[name[figures]] = 1
    }
    next
}

/"bench":/ {
    bench = value_of("bench")
    if (!(bench in known))
        next
    unit[bench] = value_of("unit")
    keep("ours", bench, value_of("ours") + 0)
    keep("raw", bench, value_of("raw") + 0)
    keep("ratio", bench, value_of("ratio") + 0)
    if (count["ours", bench] > runs)
        runs = count["ours", bench]
    surroundings = "nats-server " value_of("nats_server") ", nats.c " value_of("nats_c") ", " \
                   value_of("processors") " processors"
    if (measured_with != "" && measured_with != surroundings)
        complain("figures of different surroundings: " measured_with "; " surroundings)
    measured_with = surroundings
}

function with_commas(number,   text, result) {
    text = sprintf("%.0f", number)
    while (length(text) > 3) {
        result = "," substr(text, length(text) - 2) result
        text = substr(text, 1, length(text) - 3)
    }
    return text result
}

function in_unit(number, unit) {
    if (unit == "us")
        return sprintf("%.0f µs", number)
    if (unit == "MiB")
        return sprintf("%.1f MiB", number)
    return with_commas(number) " " unit
}

function print_row(i,   bench, range) {
    bench = name[i]
    if (count["ratio", bench] > 1)
        range = sprintf(" (%.2f to %.2f)", low("ratio", bench), high("ratio", bench))
    printf "| `%s` | %s | %s | %s | %.2f%s |\n", bench, text[i], in_unit(median("ours", bench), unit[bench]),
        in_unit(median("raw", bench), unit[bench]), median("ratio", bench), range
}

# Numbers of bars: messages in millions.
function scale_of(bench) {
    return unit[bench] == "messages/s" ? 1e6 : 1
}

function bar_text(number, unit) {
    if (unit == "messages/s")
        return number >= 1e6 ? sprintf("%.1f M", number / 1e6) : sprintf("%.0f k", number / 1e3)
    return in_unit(number, unit)
}

function bar(kind, bench,   scale) {
    scale = scale_of(bench)
    return sprintf("\t%.6g\t%.6g\t%.6g\t%s", median(kind, bench) / scale, low(kind, bench) / scale,
                   high(kind, bench) / scale, bar_text(median(kind, bench), unit[bench]))
}

END {
    if (failed)
        exit 1
    if (measured_with == "")
        complain("no figures")
    if (show == "caption")
        print "Medians of " runs (runs == 1 ? " run: " : " runs: ") measured_with "."
    for (i = 1; i <= figures; i++) {
        if (!(("ours", name[i]) in count))
            continue
        if (show == "table" && table[i] == of)
            print_row(i)
        if (show == "plot" && plot[i] == of)
            print ++row "\t" label[i] bar("ours", name[i]) bar("raw", name[i])
    }
}
