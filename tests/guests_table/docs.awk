# SPDX-License-Identifier: BSD-3-Clause
# Prints the nth block of a language of a document: awk -v language=ini -v wanted=1
/^```/ { inside = $0 == "```" language && ++seen == wanted; next }
inside
