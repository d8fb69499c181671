# Characters reach curses through ui/paint.c alone, and nothing in src/ knows curses.
set -eu
cd "$1"
output='\<(mv)?w?(add(n?str|n?wstr|ch|chstr|chnstr|_wch|_wchstr)|ins(str|nstr|ch|_wch|_wstr)|echochar|echo_wchar|printw|vw_printw)[[:space:]]*\('
found=$(grep -nEr --include='*.[ch]' "$output" ui | grep -v '^ui/paint\.c:' || true)
headers=$(grep -nEr --include='*.[ch]' '#include <(n?curses|term|panel)' src include || true)
test -z "$found$headers" && exit 0
printf '%s\n' "only ui/paint.c may give characters to curses, and only ui/ may include it:" "$found" "$headers"
exit 1
