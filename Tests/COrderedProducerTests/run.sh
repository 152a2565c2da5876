#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds and runs the tests of the C core.
#
#   run.sh [FILTER] [SEED=number]                 with every compiler found: builds without warnings, runs with `cc`
#   run.sh --sanitizers [FILTER] [SEED=number]    runs them under ThreadSanitizer and AddressSanitizer
#
# BUILD_DIR says where to build (.build/c-tests), WATCHDOG after how many seconds a test hangs. FILTER is a part of the
# name of a test program (a file without _test.c). Ends with the line "N passed, N failed".
set -euo pipefail
cd "$(dirname "$0")"
BUILD_DIR=${BUILD_DIR:-$(cd ../.. && pwd)/.build/c-tests}
JOBS=${JOBS:-$(nproc)}

sanitizers=false
if [[ ${1:-} == --sanitizers ]]; then
    sanitizers=true
    shift
fi
filter=
seed=
for argument; do
    case $argument in
        SEED=*) seed=$argument ;;
        -*) sed -nE '4,9s/^# ?//p' "$0" >&2; exit 2 ;;
        *) filter=$argument ;;
    esac
done

# The toolchain of Swift brings a clang that need not be on the path.
clang=$(command -v clang || true)
if [[ -z $clang ]] && command -v swift > /dev/null; then
    clang=$(dirname "$(realpath "$(command -v swift)")")/clang
    [[ -x $clang ]] || clang=
fi

passed=0
failed=0

# build NAME CC CXX [MODE [LINK]]
build() {
    make -s --no-print-directory -f build.mk -j "$JOBS" BUILD="$BUILD_DIR/$1" CC="$2" CXX="$3" MODE="${4:-}" \
        LINK="${5:-}" ${CORE:+CORE="$CORE"}
}

# run_all BUILD: its tests, and the programs with the public header.
run_all() {
    run_these "$1" "$BUILD_DIR/$1"/*_test
    run_public "$1"
}

run_public() {
    run_these "$1" "$BUILD_DIR/$1"/{public_header,squares}_{c,cxx}
}

# run_these BUILD PROGRAM...: the summary lines are added up.
run_these() {
    local program output name line build=$1
    for program in "${@:2}"; do
        name=${program##*/}
        [[ $name == *"$filter"* ]] || continue
        if [[ $name == *_test ]]; then
            output=$("$program" ${seed:+"$seed"} 2>&1) && true
            line=$(tail -n 1 <<< "$output")
            if [[ $line =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
                passed=$((passed + BASH_REMATCH[1]))
                failed=$((failed + BASH_REMATCH[2]))
                [[ ${BASH_REMATCH[2]} == 0 ]] || printf '%s\n' "$output"
            else
                failed=$((failed + 1))
                printf '%s\n' "$output"
            fi
            printf '  %-10s %-24s %s\n' "$build" "$name" "$line"
        elif output=$("$program" 2>&1) && [[ $name != squares* || $output == "$(for i in {1..10}; do echo $((i * i)); done)" ]]
        then
            passed=$((passed + 1))
        else
            failed=$((failed + 1))
            printf '%s\n  %-10s %s failed\n' "$output" "$build" "$name"
        fi
    done
}

if $sanitizers; then
    export WATCHDOG=${WATCHDOG:-240}
    export TSAN_OPTIONS=${TSAN_OPTIONS:-halt_on_error=1}
    export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
    if [[ -n $clang ]]; then
        # Swift's clang has a ThreadSanitizer that wants libdispatch.
        runtime=$(dirname "$clang")/../lib/swift/linux
        link=-fuse-ld=lld
        [[ ! -e $runtime/libdispatch.so ]] ||
            link+=" -L$runtime -ldispatch -lBlocksRuntime -Wl,-rpath,$runtime"
        build thread "$clang" "$clang++" -fsanitize=thread "$link"
        run_all thread
        build address "$clang" "$clang++" "-fsanitize=address,undefined -fno-sanitize-recover=all" -fuse-ld=lld
        run_all address
    fi
    if command -v gcc > /dev/null; then
        build gcc-address gcc g++ -fsanitize=address
        run_all gcc-address
    fi
else
    build cc "${CC:-cc}" "${CXX:-c++}"
    run_all cc
    if [[ -n $clang ]]; then
        build clang "$clang" "$clang++"
        run_public clang # the tests themselves have been run
    fi
fi
echo "$passed passed, $failed failed"
[[ $failed == 0 ]]
