#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Compresses a real file with ordered-gzip, reads it back with gunzip, compares byte for byte, and prints the figures
# beside those of other programs that are installed. Ends with an error where the file does not come back.
#
# usage: demo.sh [FILE]      FILE, also from the environment; default: the Swift compiler's own binary
#        ROUNDS=n            measure n times in turn, print the medians (default 3)
set -euo pipefail
cd "$(dirname "$0")"

threads=2
level=6
rounds=${ROUNDS:-3}

# The file of which every machine that builds this has a copy.
swift_frontend() {
    local driver
    driver=$(readlink -f "$(command -v swift)")
    local candidate
    for candidate in "$(dirname "$driver")/swift-frontend" "$driver"; do
        if [ -f "$candidate" ]; then echo "$candidate"; return; fi
    done
}

file=${1:-${FILE:-$(swift_frontend)}}
if [ ! -f "$file" ] || [ ! -r "$file" ]; then
    echo "demo.sh: '$file' is not a file that can be read" >&2
    exit 1
fi

echo "building ordered-gzip ..."
# shellcheck disable=SC2086  # several options in one variable
build=(swift build -c release --product ordered-gzip ${SWIFT_OPTIONS:-})
"${build[@]}" >&2
program=$("${build[@]}" --show-bin-path 2>/dev/null)/ordered-gzip

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
original=$work/copy  # a name that no program takes for a compressed file's
cp -- "$file" "$original"
size=$(stat -c %s "$original")

# Each program's name as it is shown, and its command without the file, which it must keep.
names=("ordered-gzip -$level, $threads threads")
commands=("$program -$level -p $threads -c")
add() {
    if command -v "${2%% *}" >/dev/null; then
        names+=("$1")
        commands+=("$2")
    fi
}
add "libdeflate-gzip -$level, 1 thread" "libdeflate-gzip -$level -c"
add "pigz -$level, $threads threads" "pigz -$level -p $threads -c"
add "gzip -$level, 1 thread" "gzip -$level -c"

# Appends the seconds that command number $1 takes to its list, and leaves its output in $work/$1.gz.
measure() {
    local start end
    start=$(date +%s%N)
    # shellcheck disable=SC2086  # the command's words
    ${commands[$1]} "$original" >"$work/$1.gz"
    end=$(date +%s%N)
    echo $(((end - start) / 1000)) >>"$work/$1.microseconds"
}

echo "compressing $file, $size bytes, $rounds times with each program ..."
for ((round = 0; round < rounds; round++)); do
    for index in "${!commands[@]}"; do measure "$index"; done
done

echo
echo "$(date -u '+%Y-%m-%d %H:%M UTC'), $(lscpu | sed -n 's/^Model name: *//p' | head -n 1), $(nproc) processors"
printf '%-32s %9s %10s %13s %8s\n' program seconds MB/s 'bytes out' 'of input'
for index in "${!commands[@]}"; do
    median=$(sort -n "$work/$index.microseconds" | sed -n "$(((rounds + 1) / 2))p")
    bytes=$(stat -c %s "$work/$index.gz")
    awk -v name="${names[$index]}" -v us="$median" -v size="$size" -v bytes="$bytes" 'BEGIN {
        share = size > 0 ? sprintf("%.2f %%", 100 * bytes / size) : "-"
        printf "%-32s %9.3f %10.1f %13d %8s\n", name, us / 1e6, size / us, bytes, share
    }'
done
echo

# The way in which people use it: FILE becomes FILE.gz, and gunzip brings it back.
"$program" "-$level" -p "$threads" -k --stats "$original"
gunzip -c "$original.gz" | cmp - "$original" || {
    echo "demo.sh: the file did NOT come back as it was" >&2
    exit 1
}
echo "gunzip gives the file back, byte for byte"
