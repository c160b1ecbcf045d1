# SPDX-License-Identifier: BSD-3-Clause
# Writes docs/negotiation.md from guests/scenarios/negotiation.def: awk -f table.awk negotiation.def

function version(text)
{
    gsub(/V\(|\)/, "", text)
    sub(/, /, ".", text)
    return text
}

# The arguments of the macro on this line, as argument[1], ...
function split_arguments(    text, count, i, open)
{
    text = $0
    sub(/^[A-Z0-9_]+\(/, "", text)
    sub(/\)$/, "", text)
    while (match(text, /V\([0-9]+, [0-9]+\)/)) {
        text = substr(text, 1, RSTART - 1) version(substr(text, RSTART, RLENGTH)) \
            substr(text, RSTART + RLENGTH)
    }
    return split(text, argument, ", ")
}

function quoted(    text)
{
    text = $0
    sub(/^[^"]*"/, "", text)
    sub(/"\)$/, "", text)
    return text
}

function name_of_status(text)
{
    return text == "REFUSED" ? "NOT_SUPPORTED" : text
}

function who(vcpu)
{
    return vcpu == "0" ? "" : "vCPU " vcpu ": "
}

function add(step)
{
    steps = steps (steps == "" ? "" : "<br>") step
}

function flush(in_force)
{
    rows++
    printf "| %d | %s | %s | %s |\n", rows, title, steps, in_force
    steps = ""
}

BEGIN {
    print "<!-- SPDX-License-Identifier: BSD-3-Clause -->"
    print "<!-- Made from guests/scenarios/negotiation.def by `make negotiation-table`. -->"
    print ""
    print "# What FFA_VERSION answers"
    print ""
    print "Each row is one life of a VM: it starts with nothing negotiated, makes its calls in order, and"
    print "ends up with the version in the last column in force, or with none. \"1.1 → 1.2\" is a request of"
    print "`FFA_VERSION` for 1.1 that was answered with 1.2, the version that Parley speaks; other calls show"
    print "their status. Calls are made by vCPU 0 where nothing else is said, and all registers that are no"
    print "arguments hold garbage."
    print ""
    print "The rows are data. `make check` plays them on the host and, under QEMU, at EL1."
}

/^SECTION\(/ {
    printf "\n## %s\n\n| | case | calls → answers | in force |\n| --- | --- | --- | --- |\n", quoted()
}

/^ROW\(/ {
    title = quoted()
}

/^ASK/ {
    split_arguments()
    add(who(argument[1]) argument[2] " → " name_of_status(argument[3]))
}

/^CALL\(|^OTHER\(/ {
    split_arguments()
    add(who(argument[1]) "`" argument[2] "` → " \
        (argument[3] == "UNKNOWN" ? "unknown (x0 = -1)" : argument[3]))
}

/^CALL1\(/ {
    split_arguments()
    add(who(argument[1]) "`" argument[2] "` of `" argument[3] "` → " argument[4])
}

/^IN_FORCE\(/ {
    split_arguments()
    flush(argument[1] == "NONE" ? "none" : argument[1])
}

/^RESET_HERE/ {
    add("reset")
    flush("none")
}

# Whatever each vCPU may end up with, by itself: bit 31 and no request at all propose nothing.
function outcome(request)
{
    if (request == "NOTHING" || request ~ /^0x8/) {
        return ""
    }
    return request == "1.0" || request == "1.1" ? request : "1.2"
}

/^RACE\(/ {
    count = split_arguments()
    title = quoted()
    sub(/", .*/, "", title)
    for (i = 0; i < 2; i++) {
        request = argument[count - 1 + i]
        result[i] = outcome(request)
        if (request != "NOTHING") {
            add("vCPU " i ": " request)
        }
        add("vCPU " i ": `FFA_ID_GET`")
    }
    if (result[0] == "" || result[0] == result[1]) {
        flush(result[1])
    } else {
        flush(result[1] == "" ? result[0] : result[0] " or " result[1])
    }
}

END {
    printf "\n%d rows.\n", rows
}
