/*
 * What the tests of single exchanges share: two nodes and a configuration,
 * set up anew for each test.
 */
#ifndef TESTS_SIM_FIXTURE_H
#define TESTS_SIM_FIXTURE_H

#include "tests/sim/sim.h"

#include <check.h>

extern struct sim *s;
extern struct sim_conf c;

void setup(void);
void teardown(void);
/* Both ends agree on all there is. */
void check_right(void);
/* One IKE SA and n children stand, and both ends agree. */
void check_up(unsigned n);
/* One IKE SA stands on each side. */
void check_ikes(void);
/* Nothing is left on either side. */
void check_down(void);
/* c for both, the second passive; the first begins. */
void bring_up(void);
/* c for the first, another configuration for the second. */
void bring_up_with(const struct sim_conf *responder);

#endif
