#!/bin/sh
# Includes point down: base ← math ← space ← study ← store ← strategy ← pruner ← insight ← trust ← explain ← exec ←
# engine ← serve; a public header stands on the floor of the module that implements it. No curses in
# src/. ui/ stands on include/dialin alone.
# usage: floors.sh SOURCE BUILD
set -eu
cd "$1"

# FILE: INCLUDED-PATH, for every include with quotes or angle brackets.
includes() {
    find "$@" -name '*.[ch]' -exec grep -HoE '^ *# *include *[<"][^>"]+[>"]' {} + |
        sed -E 's/: *# *include *([<"])([^>"]+)[>"]/ \1\2/'
}

includes src include | awk '
function fail(text) { print text; bad = 1 }
BEGIN {
    n = split("base math space study store strategy pruner insight trust explain exec engine serve", floors, " ")
    for (i = 1; i <= n; i++) rank[floors[i]] = i
    n = split("arena base clock base error base export base json base num base strbuf base " \
              "text base wake base nearest base version base expr space space space study study space_edit study trial study filter study " \
              "store store command store entries store marks store strategy strategy pruner pruner predict insight peek insight trust trust explain explain exec exec " \
              "engine engine confirm engine space_plan engine serve serve", homes, " ")
    for (i = 1; i < n; i += 2) home["dialin/" homes[i] ".h"] = homes[i + 1]
}
{
    file = $1; kind = substr($2, 1, 1); target = substr($2, 2)
    if (target ~ /curses|panel\.h|^term\.h/) { fail(file ": curses in the library: " target); next }
    if (kind == "<") next
    if (file == "include/dialin/dialin.h") next
    if (file ~ /^include\//) { own = home[substr(file, 9)] }
    else { split(file, parts, "/"); own = parts[2] }
    sub(/\.in$/, "", own)
    if (!(own in rank)) { fail(file ": stands on no known floor"); next }
    if (target ~ /^dialin\//) other = home[target]
    else { split(target, parts, "/"); other = parts[1] }
    if (file ~ /^include\// && target !~ /^dialin\//) {
        fail(file ": a public header includes the private " target); next
    }
    if (!(other in rank)) { fail(file ": includes " target ", which stands on no known floor"); next }
    if (other != own && rank[other] >= rank[own]) fail(file ": " target " is not on a lower floor")
}
END { exit bad }'

includes ui | awk '
{
    file = $1; target = substr($2, 2)
    if (substr($2, 1, 1) == "<" || target ~ /^dialin\//) next
    path = "ui/" target
    if ((getline line < path) < 0) { print file ": " target " is neither in ui/ nor in include/"; bad = 1 }
    close(path)
}
END { exit bad }'
echo "includes point down"
