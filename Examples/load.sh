#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Loads mandelbrot-server with wrk and prints what it did: pages of nothing, small images, images while clients vanish,
# a thousand at once beside a flood, more images than it takes. Ends with an error where it does not answer as it should.
#
# usage: load.sh [SECONDS]    how long each part takes (default 10)
#        CONNECTIONS=n        of wrk (default 64)
set -euo pipefail
cd "$(dirname "$0")"

seconds=${1:-10}
connections=${CONNECTIONS:-64}
image='/mandelbrot.png?width=300&re=-0.5&im=0&span=3.5&iterations=100'
large='/mandelbrot.png?width=2000&re=-0.743643887&im=0.131825904&span=0.00001&iterations=1500'

fail() {
    printf 'load.sh: %s\n' "$*" >&2
    exit 1
}

for tool in wrk curl python3; do
    if ! command -v "$tool" >/dev/null; then
        [ "$(id -u)" -eq 0 ] || fail "$tool is missing; as root, run: apt-get install $tool"
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$tool" >/dev/null
    fi
done

echo 'building mandelbrot-server ...'
# shellcheck disable=SC2086  # several options in one variable
build=(swift build -c release --scratch-path .build/server --traits Server ${SWIFT_OPTIONS:-}
    --product mandelbrot-server)
"${build[@]}" >&2
program=$("${build[@]}" --show-bin-path 2>/dev/null)/mandelbrot-server

work=$(mktemp -d)
server=
vanishing=
cleanup() {
    [ -z "$vanishing" ] || kill "$vanishing" 2>/dev/null || true
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    wait || true
    rm -rf "$work"
}
trap cleanup EXIT

# Starts the server with the options given and waits until its log says where it listens.
start() {
    : >"$work/log"
    "$program" --port 0 "$@" 2>"$work/log" &
    server=$!
    port=
    while [ -z "$port" ]; do
        kill -0 "$server" 2>/dev/null || fail "the server does not start: $(cat "$work/log")"
        port=$(sed -nE 's/.*"message":"listening".*"port":([0-9]+).*/\1/p' "$work/log")
        [ -n "$port" ] || sleep 0.05
    done
    url=http://127.0.0.1:$port
}

stop() {
    kill "$server"
    wait "$server" || fail "the server ended with status $?: $(tail -n 3 "$work/log")"
    server=
}

metric() { curl -sS "$url/metrics" | awk -v name="$1" '$1 == name { print $2 }'; }

# All images that were begun have ended, and what computes them is free again.
settled() {
    local deadline=$((SECONDS + 60))
    while [ "$(metric mandelbrot_images_in_progress)" != 0.0 ]; do
        ((SECONDS < deadline)) || fail "$(metric mandelbrot_images_in_progress) images are still on their way"
        sleep 0.1
    done
}

load() { # NAME PATH
    printf '\n== %s\n' "$1"
    wrk -t 2 -c "$connections" -d "${seconds}s" --latency --timeout 60s "$url$2" | tee "$work/wrk" |
        grep -E 'Requests/sec|Transfer/sec|50%|99%|requests in|Socket errors|Non-2xx' || true
}

# Of the server so far, in milliseconds.
processor() {
    awk -v hertz="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); print ($12 + $13) * 1000 / hertz }' "/proc/$server/stat"
}

sent() { metric 'mandelbrot_images_total{outcome="sent"}'; }

# As load, and prints what an image cost the server.
load_images() { # NAME PATH
    local images_before processor_before
    images_before=$(sent) processor_before=$(processor)
    load "$@"
    settled
    awk -v before="$processor_before" -v after="$(processor)" -v count="$(($(sent) - images_before))" \
        'BEGIN { printf "processor time of the server: %.2f ms an image\n", (after - before) / count }'
}

resident() { awk '/VmHWM/ { printf "%.0f MiB at most\n", $2 / 1024 }' "/proc/$server/status"; }

start
load "no work: /healthz, $connections connections" /healthz
load_images "small images: 300 pixels wide, $connections connections" "$image"
grep -q 'Socket errors' "$work/wrk" && fail 'there were socket errors'
grep -q 'Non-2xx' "$work/wrk" && fail 'there were refusals'

printf '\n== first and last byte of one image, 2000 pixels wide, five times\n'
for _ in 1 2 3 4 5; do
    curl -sS -o "$work/image.png" "$url$large" \
        -w 'first byte %{time_starttransfer} s, last %{time_total} s, %{size_download} bytes\n'
done

# Clients that ask for a large image, read a little and are gone, one after the other, 16 at once.
python3 - "$port" "$large" >"$work/vanished" <<'PYTHON' &
import socket, struct, sys, threading, signal
port, path = int(sys.argv[1]), sys.argv[2]
stop, count, lock = threading.Event(), 0, threading.Lock()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
def vanish():
    global count
    while not stop.is_set():
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(f"GET {path} HTTP/1.1\r\nHost: load\r\n\r\n".encode())
            client.recv(1000)
            with lock:
                count += 1
                if count % 2:  # half of them with a reset
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
threads = [threading.Thread(target=vanish) for _ in range(16)]
for thread in threads: thread.start()
print("vanishing", flush=True)
for thread in threads: thread.join()
print(count)
PYTHON
vanishing=$!
until grep -q vanishing "$work/vanished"; do sleep 0.05; done
load "small images while 16 clients vanish in the middle of large ones" "$image"
kill "$vanishing"
wait "$vanishing" || true
vanishing=
settled
[ "$(tail -n 1 "$work/vanished")" -gt 0 ] || fail 'no client vanished'
printf '%s clients vanished; images ended early, those of wrk at its end among them: %s\n' \
    "$(tail -n 1 "$work/vanished")" "$(metric 'mandelbrot_images_total{outcome="abandoned"}')"
grep -q 'Non-2xx' "$work/wrk" && fail 'there were refusals'
printf 'images: %s sent, %s failed; memory: %s\n' "$(metric 'mandelbrot_images_total{outcome="sent"}')" \
    "$(metric 'mandelbrot_images_total{outcome="failed"}')" "$(resident)"
[ "$(metric 'mandelbrot_images_total{outcome="failed"}')" = 0 ] || fail 'images failed'
stop

connections=1000
start
load_images 'a thousand images at once share the pool, 100 pixels wide' "${image/width=300/width=100}"
printf 'memory: %s\n' "$(resident)"
stop

start --images 1016
printf '\n== a thousand clients ask for small images at once, beside a flood of large ones\n'
python3 fairness.py "$port" 1000 3 16
settled
[ "$(metric 'mandelbrot_images_total{outcome="failed"}')" = 0 ] || fail 'images failed'
[ "$(metric mandelbrot_refusals_total)" = 0 ] || fail 'there were refusals'
printf 'memory: %s\n' "$(resident)"
stop

start --images 8
load 'more images than it takes: the others are refused' "$image"
grep -q 'Non-2xx' "$work/wrk" || fail 'nothing was refused'
settled
printf 'refused: %s; memory: %s\n' "$(metric mandelbrot_refusals_total)" "$(resident)"
stop
