#include "espd/ecn.h"

#define DROP	-1
#define NOT_ECT	0
#define ECT_1	1
#define ECT_0	2
#define CE	3

/* Figure 4: rows are the inner field, columns the outer one. */
static const int8_t table[4][4] = {
	[NOT_ECT] = { NOT_ECT, NOT_ECT, NOT_ECT, DROP },
	[ECT_1] = { ECT_1, ECT_1, ECT_1, CE },
	[ECT_0] = { ECT_0, ECT_1, ECT_0, CE },
	[CE] = { CE, CE, CE, CE },
};

int
ecn_decap(uint8_t inner, uint8_t outer)
{
	return table[inner & 3][outer & 3];
}
