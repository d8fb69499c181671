#!/bin/sh
# The manual page has every command and every option that --help knows, and is made of requests that
# man(7) has; the built one is what the program prints; examples print what they are said to print.
set -eu
dialin=$2/dialin
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
page=$scratch/dialin.1
"$dialin" --manual >"$page"
if [ -e "$2/dialin.1" ]; then cmp "$page" "$2/dialin.1"; fi

missing() {
    echo "the manual page lacks: $1"
    exit 1
}

# What it shows, without fonts and escapes.
sed 's/\\f[BIR]//g; s/\\-/-/g; s/\\&//g; s/\\e/\\/g' "$page" >"$scratch/text"
for title in NAME SYNOPSIS DESCRIPTION OPTIONS STRATEGIES 'EXIT STATUS' FILES ENVIRONMENT; do
    grep -qE "^\.SH \"?$title" "$scratch/text" || missing "$title"
done

# A line of --help: "  -n, --name VALUE   text".
check_options() { # of `dialin $1 --help`, in file $2
    "$dialin" $1 --help | sed -n 's/^ *\(-., \)\{0,1\}\(--[a-z][a-z-]*\).*/\2/p' |
        while read -r option; do
            [ "$option" = --help ] || grep -qE -- "^(-., )?$option( |\$)" "$2" ||
                missing "dialin $1 $option"
        done
}
sed '/^\.SH "COMMANDS/,$d' "$scratch/text" >"$scratch/section"
check_options '' "$scratch/section"

commands=$("$dialin" --help | sed -n '/^Run$/,/^Options$/s/^  \([a-z][a-z-]*\)  *[a-zA-Z].*/\1/p')
[ "$(echo "$commands" | wc -l)" -ge 18 ] || missing "most commands, or --help has changed its form"
for command in $commands; do
    sed -n "/^\.SS \"dialin $command /,/^\.S[SH]/p" "$scratch/text" >"$scratch/section"
    [ -s "$scratch/section" ] || missing "the command $command"
    check_options "$command" "$scratch/section"
    summary=$("$dialin" --help | sed -n "s/^  $command  *//p")
    grep -qF -- "$summary" "$scratch/section" || missing "$summary"
done

# Every fact of --help: two columns below their titles.
"$dialin" --help | sed -n '/^Exit status$/,$s/^  .*[^ ]   *\([^ ].*\)$/\1/p' |
    while read -r text; do
        grep -qF -- "$text" "$scratch/text" || missing "$text"
    done

if grep -E '^[.'"'"']' "$page" | grep -vE '^\.(TH|SH|SS|TP|PP|br|nf|fi)( |$)'; then
    echo 'those are no requests of man(7)'
    exit 1
fi
if grep -nP '[^\x00-\x7F]' "$page"; then
    echo 'those letters are not shown everywhere'
    exit 1
fi
if command -v man >/dev/null && command -v groff >/dev/null; then
    man --warnings -l "$page" >"$scratch/shown" 2>"$scratch/warnings"
    if [ -s "$scratch/warnings" ]; then
        cat "$scratch/warnings"
        exit 1
    fi
    grep -q 'Optuna' "$scratch/shown"
fi
# The study that the examples are of.
mkdir "$scratch/bowl"
cd "$scratch/bowl"
cat >bowl.sh <<'END'
echo "loss $((($1 - 3) * ($1 - 3) + ($2 - 16) * ($2 - 16) / 64))"
END
cat >bowl.yaml <<'END'
study: bowl
run: sh bowl.sh {x} {batch}
objective: {minimize: loss}
space:
  x: {int: [1, 5]}
  batch: {choice: [8, 16, 32]}
strategy: grid
seed: 1
machine: {parallel: 1}
END
"$dialin" run bowl.yaml --headless >/dev/null

mkdir curve # another one, whose program prints a curve
cat >curve/curve.sh <<'END'
for epoch in 1 2 3 4; do echo "epoch $epoch loss $(($1 * 10 / epoch))"; done
END
cat >curve/curve.yaml <<'END'
study: curve
run: sh curve.sh {x}
objective: {minimize: loss}
space:
  x: {int: [1, 16]}
strategy: grid
seed: 1
machine: {parallel: 1}
END
"$dialin" run curve/curve.yaml --headless >/dev/null

# Times, durations and the width that they take differ from run to run.
still() {
    sed -E 's/\r$//; s/[0-9]{2}:[0-9]{2}(:[0-9]{2})?/HH:MM/g; s/[0-9]{2}-[0-9]{2} HH/HH/g
        s/[0-9]+(\.[0-9]+)?m?s( ago)?/0s/g; s/ now / 0s /; s/HH:MM +[a-z][a-z0-9_-]*$/HH:MM me/
        s/0s \([0-9]+ %\)/0s (0 %)/; s/ +/ /g; s/ $//'
}
for command in $commands; do # "  $ dialin CALL", lines of output, an empty line before the next call
    "$dialin" "$command" --help | sed -n '/^  \$ dialin /,$p' | sed 's/^  //' >"$scratch/said"
    [ -s "$scratch/said" ] || continue
    grep '^\$ dialin ' "$scratch/said" | sed 's/^\$ dialin //' | while read -r call; do
        echo
        echo "\$ dialin $call"
        TZ=UTC COLUMNS=80 LC_ALL=C sh -c "exec \"\$0\" $call" "$dialin" 2>&1
    done | sed 1d >"$scratch/prints"
    still <"$scratch/said" >"$scratch/said.still"
    still <"$scratch/prints" >"$scratch/prints.still"
    diff -u "$scratch/said.still" "$scratch/prints.still" || {
        echo "the examples of '$command' (ui/cli/examples.c) print something else"
        exit 1
    }
done
for command in ls show trials best log logs cmd plot compare importance wait watch peek what-if trash; do
    "$dialin" "$command" --help | grep -q '^  \$ dialin ' || missing "an example of $command"
done
echo "the manual page tells of $(echo "$commands" | wc -l) commands"
