# Prints docs/rooms.txt as a picture for graphviz: a box for each room, an arrow to each room that it
# may include. Arrows that follow from others are left out, and rooms two levels down.

function parent_of(room) {
    return sub(/\/[^\/]*$/, "", room) ? room : ""
}

function last_part(room) {
    sub(/^.*\//, "", room)
    return room
}

!/^#/ && NF > 0 && $1 !~ /\/.*\// {
    name[++rooms] = $1
    rank[$1] = rooms
    n = split($2 == "-" ? "" : $2, listed, ",")
    for (i = 1; i <= n; i++) {
        if (listed[i] ~ /\/.*\//)
            continue
        includes[$1, listed[i]] = 1
        for (j = 1; j <= rooms; j++)
            if ((listed[i], name[j]) in reaches)
                reaches[$1, name[j]] = 1
        reaches[$1, listed[i]] = 1
    }
    $1 = $2 = ""
    sub(/^ +/, "")
    purpose[name[rooms]] = $0
    if (parent_of(name[rooms]) != "")
        has_rooms[parent_of(name[rooms])] = 1
}

function print_box(room, indent) {
    printf "%s\"%s\" [label=<<b>%s</b><br/>", indent, room, last_part(room)
    printf "<font point-size=\"10\">%s</font>>]\n", purpose[room]
}

# A room with inner rooms is a frame around them and itself.
function print_frame(room,   i) {
    printf "    subgraph \"cluster_%s\" {\n        label=\"%s/\"\n", room, room
    print_box(room, "        ")
    for (i = 1; i <= rooms; i++)
        if (parent_of(name[i]) == room)
            print_box(name[i], "        ")
    print "    }"
}

# Whether another room that this one includes gets there as well.
function follows(from, to,   i) {
    for (i = 1; i <= rooms; i++)
        if ((from, name[i]) in includes && (name[i], to) in reaches)
            return 1
    return 0
}

END {
    print "// Made from docs/rooms.txt by `make diagrams`: an arrow means \"may include\"."
    print "digraph rooms {"
    font = "fontname=\"sans-serif\", fontsize=12"
    print "    graph [nodesep=0.25, ranksep=0.4, " font ", color=\"#999999\", style=rounded, labeljust=l]"
    print "    node [shape=box, style=\"rounded,filled\", fillcolor=\"#eaf2f8\", color=\"#1b6ca8\", " font "]"
    print "    edge [color=\"#666666\", arrowsize=0.7]"
    for (i = 1; i <= rooms; i++)
        if (name[i] in has_rooms)
            print_frame(name[i])
        else if (parent_of(name[i]) == "")
            print_box(name[i], "    ")
    for (i = 1; i <= rooms; i++)
        for (j = rooms; j >= 1; j--)
            if ((name[i], name[j]) in includes && !follows(name[i], name[j]))
                printf "    \"%s\" -> \"%s\"\n", name[i], name[j]
    print "}"
}
