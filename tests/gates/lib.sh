# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# What every gate shares. A gate runs in the project's root, counts what it looked at, says in one
# line each what is wrong, and ends with the line that tools/check sums.
set -u
export LC_ALL=C

BUILD=${BUILD:-build}
passed=0
failed=0
excuses=' '

ok()
{
    passed=$((passed + 1))
}

wrong()
{
    failed=$((failed + 1))
    printf 'wrong: %s\n' "$*"
}

# Ends the gate: the count, and the exit status that goes with it.
finish()
{
    printf '%d passed, %d failed\n' "$passed" "$failed"
    exit $((failed > 0))
}

# The files of the project that match the patterns, also those not committed yet. Any user may ask:
# CI often checks out as somebody else.
project_files()
{
    git -c safe.directory='*' ls-files --cached --others --exclude-standard --deduplicate -- "$@" |
        while IFS= read -r file; do
            [ ! -f "$file" ] || printf '%s\n' "$file"
        done
}

# excused GATE WHAT: whether tests/gates/exceptions lets a file or a function through this gate.
excused()
{
    excuses="$excuses$1/$2 "
    awk -v gate="$1" -v what="$2" '
        $1 == gate && $2 == what && NF > 2 { found = 1 }
        END { exit !found }' tests/gates/exceptions
}

# no_idle_excuses GATE: an exception that nothing asked for is wrong too.
no_idle_excuses()
{
    local what

    while read -r what; do
        [[ $excuses == *" $1/$what "* ]] ||
            wrong "tests/gates/exceptions: $1 no longer needs $what"
    done < <(awk -v gate="$1" '$1 == gate { print $2 }' tests/gates/exceptions)
}
