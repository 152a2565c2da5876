/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Included, besides free.h, before every file of the programs themselves when they run free.
 *
 * Code of the program's own has the turn: one thread at a time, as under the controller, so that the account of items
 * needs no thought about threads. Whoever calls the library gives the turn away for as long, and each callback of the
 * library's takes it (TAKES_TURN): the core runs without. So do waits and naps. */
#ifndef TURN_H
#define TURN_H

#include <ordered_producer.h>

char turn_take(void);
void turn_give(const char *unused);

/* Gives it away and takes it again, which is not the program's progress. */
void turn_pause(void);
void turn_resume(void);

#define TAKES_TURN __attribute__((cleanup(turn_give), unused)) const char turn = turn_take()
#define WITHOUT_TURN(call)                                                                                             \
    ({                                                                                                                 \
        turn_pause();                                                                                                  \
        __typeof__(call) result_ = (call);                                                                             \
        turn_resume();                                                                                                 \
        result_;                                                                                                       \
    })
#define WITHOUT_TURN_DO(call)                                                                                          \
    do {                                                                                                               \
        turn_pause();                                                                                                  \
        call;                                                                                                          \
        turn_resume();                                                                                                 \
    } while (0)

#define controller_nap(nanoseconds) WITHOUT_TURN_DO((controller_nap)(nanoseconds))
#undef pthread_join
#define pthread_join(thread, result) WITHOUT_TURN(free_join(thread, result, __func__, __LINE__))

#define oip_cancel(...) WITHOUT_TURN(oip_cancel(__VA_ARGS__))
#define oip_pool_create(...) WITHOUT_TURN(oip_pool_create(__VA_ARGS__))
#define oip_pool_resize(...) WITHOUT_TURN(oip_pool_resize(__VA_ARGS__))
#define oip_pool_run(...) WITHOUT_TURN(oip_pool_run(__VA_ARGS__))
#define oip_pool_shutdown(...) WITHOUT_TURN(oip_pool_shutdown(__VA_ARGS__))
#define oip_producer_create(...) WITHOUT_TURN(oip_producer_create(__VA_ARGS__))
#define oip_produce(...) WITHOUT_TURN(oip_produce(__VA_ARGS__))
#define oip_try_produce(...) WITHOUT_TURN(oip_try_produce(__VA_ARGS__))
#define oip_produce_many(...) WITHOUT_TURN(oip_produce_many(__VA_ARGS__))
#define oip_try_produce_many(...) WITHOUT_TURN(oip_try_produce_many(__VA_ARGS__))
#define oip_produce_async(...) WITHOUT_TURN(oip_produce_async(__VA_ARGS__))
#define oip_reserve(...) WITHOUT_TURN(oip_reserve(__VA_ARGS__))
#define oip_try_reserve(...) WITHOUT_TURN(oip_try_reserve(__VA_ARGS__))
#define oip_reserve_async(...) WITHOUT_TURN(oip_reserve_async(__VA_ARGS__))
#define oip_request(...) WITHOUT_TURN(oip_request(__VA_ARGS__))
#define oip_failure(...) WITHOUT_TURN(oip_failure(__VA_ARGS__))
#define oip_start(...) WITHOUT_TURN(oip_start(__VA_ARGS__))
#define oip_start_sink(...) WITHOUT_TURN(oip_start_sink(__VA_ARGS__))
#define oip_attach(...) WITHOUT_TURN(oip_attach(__VA_ARGS__))
#define oip_attach_ready_queue(...) WITHOUT_TURN(oip_attach_ready_queue(__VA_ARGS__))
#define oip_next(...) WITHOUT_TURN(oip_next(__VA_ARGS__))
#define oip_try_next(...) WITHOUT_TURN(oip_try_next(__VA_ARGS__))
#define oip_ready_queue_create(...) WITHOUT_TURN(oip_ready_queue_create(__VA_ARGS__))
#define oip_ready_queue_take(...) WITHOUT_TURN(oip_ready_queue_take(__VA_ARGS__))
#define oip_ready_queue_wait(...) WITHOUT_TURN(oip_ready_queue_wait(__VA_ARGS__))
#define oip_stop(...) WITHOUT_TURN(oip_stop(__VA_ARGS__))
#define oip_stop_async(...) WITHOUT_TURN(oip_stop_async(__VA_ARGS__))
#define oip_wait_async(...) WITHOUT_TURN(oip_wait_async(__VA_ARGS__))
#define oip_take_value(...) WITHOUT_TURN(oip_take_value(__VA_ARGS__))
#define oip_get_statistics(...) WITHOUT_TURN(oip_get_statistics(__VA_ARGS__))
#define oip_complete(...) WITHOUT_TURN_DO(oip_complete(__VA_ARGS__))
#define oip_fail(...) WITHOUT_TURN_DO(oip_fail(__VA_ARGS__))
#define oip_fail_with(...) WITHOUT_TURN_DO(oip_fail_with(__VA_ARGS__))
#define oip_detach(...) WITHOUT_TURN_DO(oip_detach(__VA_ARGS__))
#define oip_pause(...) WITHOUT_TURN_DO(oip_pause(__VA_ARGS__))
#define oip_resume(...) WITHOUT_TURN_DO(oip_resume(__VA_ARGS__))
#define oip_finish(...) WITHOUT_TURN_DO(oip_finish(__VA_ARGS__))
#define oip_stop_producing(...) WITHOUT_TURN_DO(oip_stop_producing(__VA_ARGS__))
#define oip_pool_release(...) WITHOUT_TURN_DO(oip_pool_release(__VA_ARGS__))
#define oip_producer_release(...) WITHOUT_TURN_DO(oip_producer_release(__VA_ARGS__))
#define oip_ready_queue_release(...) WITHOUT_TURN_DO(oip_ready_queue_release(__VA_ARGS__))

#endif
