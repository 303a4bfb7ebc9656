# Reads the table of rooms (part=rooms), the known circles (part=known) and the facts about the
# source (part=facts) that scripts/check-structure collects; prints what breaks the rules, and fails.
#
# A file is the pair name.c and name.h: `link/table` is both. File a needs file b if a.c or a.h
# includes b.h, or if a's object uses a symbol that b's object defines. A circle is a set of files
# that all need each other, be it through others. Symbols count because a header that several files
# share (internal.h) would hide a circle otherwise.
#
# A header without a .c of its name is no file in this sense: it declares what others define. It
# takes part in circles of includes between headers only.

function folder_of(path) {
    return sub(/\/[^\/]*$/, "", path) ? path : "."
}

# The file's name as an include names it: without folder of the tree and without ending.
function file_of(path) {
    sub(/\.[ch]$/, "", path)
    sub(/^runtime\/include\//, "", path)
    sub(/^runtime\//, "", path)
    return path
}

# The path of what a file includes, or "" if it is not part of the tree.
function included(by, name,   i, n, places) {
    n = split(folder_of(by) " plugin command runtime runtime/include", places, " ")
    for (i = 1; i <= n; i++)
        if ((places[i] "/" name) in exists)
            return places[i] "/" name
    return ""
}

# The room that a file is in: a row of its own, or its folder's.
function room_of(file) {
    return file in rank ? file : folder_of(file)
}

function complain(text) {
    print text
    failed = 1
}

# ---- the table of rooms ----

part == "rooms" && NF > 0 && $1 !~ /^#/ {
    rank[$1] = ++rooms
    may_use[$1, $1] = 1
    n = split($2 == "-" ? "" : $2, listed, ",")
    for (i = 1; i <= n; i++) {
        if (!(listed[i] in rank))
            complain(FILENAME ":" FNR ": " $1 " lists " listed[i] ", which is not below it")
        may_include[$1, listed[i]] = 1
        for (room in rank)
            if ((listed[i], room) in may_use)
                may_use[$1, room] = 1
    }
}

# Functions come from the rooms listed and from what these list; from outside, a room's inner rooms
# are part of it.
function may_call(from, to,   outer) {
    if ((from, to) in may_use)
        return 1
    outer = folder_of(to)
    return outer != from && outer != folder_of(from) && (from, outer) in may_use
}

function check_room(file, where,   room) {
    room = room_of(file)
    if (room in rank)
        return 1
    if (!(room in reported))
        complain(where ": docs/rooms.txt has no room " room)
    reported[room] = 1
    return 0
}

function check_include(path, line, target,   from, to) {
    if (!check_room(file_of(path), path ":" line) || !check_room(file_of(target), target ":1"))
        return
    from = room_of(file_of(path))
    to = room_of(file_of(target))
    if (from != to && !((from, to) in may_include))
        complain(path ":" line ": " from " may not include " file_of(target) ".h of " to)
}

function check_use(path, symbol, file,   from, to) {
    from = room_of(file_of(path))
    to = room_of(file)
    if (from in rank && to in rank && !may_call(from, to))
        complain(path ": " from " may not use " symbol " of " file)
}

# ---- what needs what ----

part == "known" && NF > 0 && $1 !~ /^#/ {
    known[$0] = FILENAME ":" FNR
}

part == "facts" && $1 == "file" {
    exists[$2] = 1
    if ($2 ~ /\.c$/)
        has_source[file_of($2)] = 1
}

part == "facts" && $1 == "include" {
    include_by[++includes] = $2
    include_line[includes] = $3
    include_name[includes] = $4
}

part == "facts" && $1 == "defines" {
    definer[$3] = file_of($2)
}

part == "facts" && $1 == "uses" {
    use_by[++uses] = $2
    use_symbol[uses] = $3
}

function need(from, to, what) {
    if (from == to)
        return
    node[from] = node[to] = 1
    needs[from, to] = needs[from, to] (needs[from, to] == "" ? "" : ", ") what
    reaches[from, to] = 1
}

function add_include(path, line, target,   from, to, what) {
    from = file_of(path)
    to = file_of(target)
    what = path ":" line " includes " to ".h"
    if (from in has_source && to in has_source)
        need(from, to, what)
    if (path ~ /\.h$/)
        need(from ".h", to ".h", what)
}

function collect(   i, target, file) {
    for (i = 1; i <= includes; i++) {
        target = included(include_by[i], include_name[i])
        if (target == "")
            continue
        check_include(include_by[i], include_line[i], target)
        add_include(include_by[i], include_line[i], target)
    }
    for (i = 1; i <= uses; i++) {
        if (!(use_symbol[i] in definer))
            continue
        file = definer[use_symbol[i]]
        check_use(use_by[i], use_symbol[i], file)
        need(file_of(use_by[i]), file, use_symbol[i])
    }
}

# ---- circles ----

function find_what_is_reached(   through, from, to) {
    for (through in node)
        for (from in node)
            if ((from, through) in reaches)
                for (to in node)
                    if ((through, to) in reaches)
                        reaches[from, to] = 1
}

# Sorted insertion: awk has no sort of its own.
function add_sorted(list, n, name,   i) {
    for (i = n; i >= 1 && list[i] > name; i--)
        list[i + 1] = list[i]
    list[i + 1] = name
    return n + 1
}

function report_circle(members, n,   i, j) {
    complain("a circle of " n " files:")
    for (i = 1; i <= n; i++)
        for (j = 1; j <= n; j++)
            if ((members[i], members[j]) in needs)
                print "    " members[i] " -> " members[j] " (" needs[members[i], members[j]] ")"
}

function find_circles(   name, other, members, n, i, text, done) {
    for (name in node) {
        if (name in done || !((name, name) in reaches))
            continue
        n = 0
        for (other in node)
            if ((name, other) in reaches && (other, name) in reaches)
                n = add_sorted(members, n, other)
        text = ""
        for (i = 1; i <= n; i++) {
            done[members[i]] = 1
            text = text (i == 1 ? "" : " ") members[i]
        }
        if (text in known)
            delete known[text]
        else
            report_circle(members, n)
    }
    for (text in known)
        complain(known[text] ": no circle of exactly these files any more: take it off the list, or shorten it: " text)
}

END {
    collect()
    find_what_is_reached()
    find_circles()
    exit failed
}
