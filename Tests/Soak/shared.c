/* SPDX-License-Identifier: Apache-2.0 */
/* Those of the C tests' parts that a program with an ending of its own can have: check.c is not among them. */
#include "../COrderedProducerTests/Support/outcome.c"
#include "../COrderedProducerTests/Support/waiting.c"
