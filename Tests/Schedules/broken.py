# SPDX-License-Identifier: Apache-2.0
"""broken.py: the names of deliberate defects. broken.py NAME CORE: puts one into a copy of the core's sources.

Each takes away one look, lock or order on which a guarantee rests.
"""

import pathlib
import sys

DEFECTS = {
    "idle-without-look": (
        "deliverer.c",
        "    enum head_view view = view_head(producer, head);\n    bool idles =",
        "    return true;\n    enum head_view view = view_head(producer, head);\n    bool idles =",
    ),
    "gate-before-stamp": (
        "deliverer.h",
        "    if (stamp != stamp_of(head, PHASE_DONE) ||\n"
        "        OIP_UNLIKELY(head >= atomic_load_explicit(&producer->gate, memory_order_acquire))) {",
        "    if (OIP_UNLIKELY(head >= atomic_load_explicit(&producer->gate, memory_order_acquire)) ||\n"
        "        (stamp = atomic_load_explicit(&ring_slot(&producer->ring, head)->stamp, memory_order_acquire)) !=\n"
        "            stamp_of(head, PHASE_DONE)) {",
    ),
    "leave-without-look": (
        "execution.c",
        "    if ((before & SCHEDULE_QUEUED) == 0 && has_work(producer)) {\n        execution_queue(producer);",
        "    if (0 && (before & SCHEDULE_QUEUED) == 0 && has_work(producer)) {\n        execution_queue(producer);",
    ),
    "theft-unnoticed": (
        "held_run.h",
        "    return OIP_LIKELY(!atomic_load_explicit(&run->revoked, memory_order_relaxed)) ||",
        "    return true || OIP_LIKELY(!atomic_load_explicit(&run->revoked, memory_order_relaxed)) ||",
    ),
    "abort-beside-loop": (
        "delivery.c",
        "            if (atomic_load_explicit(&producer->inside, memory_order_seq_cst)) {",
        "            if (0 && atomic_load_explicit(&producer->inside, memory_order_seq_cst)) {",
    ),
    "backlog-is-work": (
        "waking.c",
        "ring_backlog(&producer->ring) > mine && ring_is_claimable(&producer->ring);",
        "ring_backlog(&producer->ring) > mine;",
    ),
    "pause-without-look": (
        "deliverer.c",
        "    return (view_head(producer, head) == HEAD_GATED && !is_over(producer)) ||",
        "    return true || (view_head(producer, head) == HEAD_GATED && !is_over(producer)) ||",
    ),
    "cancel-of-the-settled": (
        "window.c",
        "    return waits ? 0 : -EALREADY;",
        "    return 0;",
    ),
    "stop-looks-outside": (
        "endings.c",
        "    pthread_mutex_lock(&producer->lock);\n    bool ended = producer->ended;\n    if (!ended) {",
        "    bool ended = producer->ended;\n    pthread_mutex_lock(&producer->lock);\n    if (!ended) {",
    ),
    "end-without-consumer": (
        "endings.c",
        "        producer->consume_argument = argument;\n        producer->open_ends++;",
        "        producer->consume_argument = argument;",
    ),
    "limit-before-gate": (
        "endings.c",
        "    atomic_store_explicit(&producer->gate, 0, memory_order_seq_cst);\n"
        "    OIP_POINT(gate_down);\n"
        "    atomic_store_explicit(&producer->start_limit, 0, memory_order_seq_cst);",
        "    atomic_store_explicit(&producer->start_limit, 0, memory_order_seq_cst);\n"
        "    OIP_POINT(gate_down);\n"
        "    atomic_store_explicit(&producer->gate, 0, memory_order_seq_cst);",
    ),
    "leaver-tells-nobody": (
        "worker.c",
        "    if (somebody_must_leave(pool) || !run_queue_is_empty(&pool->run_queue)) {",
        "    if (0 && (somebody_must_leave(pool) || !run_queue_is_empty(&pool->run_queue))) {",
    ),
    "alarm-only-of-holders": (
        "deadline.c",
        "    if (word == delivery_word(sequence, DELIVERY_IDLE) && due != NEVER) {",
        "    if (0 && word == delivery_word(sequence, DELIVERY_IDLE) && due != NEVER) {",
    ),
    "alarm-only-of-callers": (
        "deliverer.c",
        "    if (idles) {\n        if (OIP_UNLIKELY(producer->deadlines != NULL)) {",
        "    if (idles) {\n        if (0 && OIP_UNLIKELY(producer->deadlines != NULL)) {",
    ),
    "alarm-taken-down-late": (
        "timekeeper.c",
        "            due->ring(due);\n",
        "            due->ring(due);\n            atomic_store_explicit(&due->set_for, NEVER, memory_order_seq_cst);\n",
    ),
    "late-but-in-time": (
        "overtaking.c",
        "    bool in_time = ring_take(slot, sequence, PHASE_RESERVED);",
        "    bool in_time = ring_take(slot, sequence, PHASE_RESERVED) || true;",
    ),
    "overtakes-who-finishes": (
        "overtaking.c",
        "    if (!ring_take(slot, head, PHASE_RESERVED)) {\n",
        "    if (!ring_take(slot, head, PHASE_RESERVED) && 0) {\n",
    ),
    "sink-waits-for-pool": (
        "deadline.c",
        "    } else if (delivery_needs_pool(producer)) {",
        "    } else if (0 && delivery_needs_pool(producer)) {",
    ),
}


def main():
    if len(sys.argv) == 1:
        print("\n".join(DEFECTS))
        return
    file, sound, broken = DEFECTS[sys.argv[1]]
    path = pathlib.Path(sys.argv[2]) / file
    text = path.read_text(encoding="utf-8")
    if text.count(sound) != 1:
        sys.exit(f"broken.py: {file} does not have the place of {sys.argv[1]} once; adapt broken.py to it")
    path.write_text(text.replace(sound, broken), encoding="utf-8")


if __name__ == "__main__":
    main()
