#include "espd/replay.h"

#define WORD		64
#define ESN_LEAST	64	/* to infer with when nothing is refused */

/* One word more than the window: the one that is being filled. */
static uint32_t
words_for(uint32_t window)
{
	uint32_t n = 1;

	while (n < (window + WORD - 1) / WORD + 1)
		n *= 2;
	return n;
}

size_t
replay_size(uint32_t window)
{
	return sizeof(struct replay) + words_for(window) * sizeof(uint64_t);
}

void
replay_init(struct replay *r, uint32_t window, bool esn)
{
	r->window = window;
	r->words = words_for(window);
	r->esn = esn;
}

void
replay_resume(struct replay *r, uint64_t seq)
{
	uint32_t i;
	uint64_t at;

	if (seq == 0)
		return;
	for (i = 0; i < r->words; i++)
		r->bits[i] = UINT64_MAX;
	/* The word of seq has room for those that follow. */
	at = seq % WORD;
	r->bits[seq / WORD % r->words] = UINT64_MAX >> (WORD - 1 - at);
	atomic_store_explicit(&r->top, seq, memory_order_relaxed);
}

/* Appendix A2.2, the two cases of where the window lies. */
static uint64_t
infer(const struct replay *r, uint64_t top, uint32_t lo)
{
	uint32_t w = r->window != 0 ? r->window : ESN_LEAST;
	uint32_t tl = (uint32_t)top, bottom = tl - w + 1;
	uint64_t th = top >> 32;

	if (!r->esn)
		return lo;
	if (tl >= w - 1) {
		if (lo < bottom)
			th++;
	} else if (lo >= bottom) {
		if (th == 0)
			return 0;
		th--;
	}
	return th > UINT32_MAX ? 0 : th << 32 | lo;
}

static bool
seen(const struct replay *r, uint64_t seq)
{
	return r->bits[seq / WORD % r->words] >> seq % WORD & 1;
}

uint64_t
replay_check(const struct replay *r, uint32_t lo)
{
	uint64_t top = atomic_load_explicit(&r->top, memory_order_relaxed);
	uint64_t seq = infer(r, top, lo);

	if (seq == 0 || seq > top || r->window == 0)
		return seq;
	if (top - seq >= r->window || seen(r, seq))
		return 0;
	return seq;
}

void
replay_accept(struct replay *r, uint64_t seq)
{
	uint64_t top = atomic_load_explicit(&r->top, memory_order_relaxed);
	uint64_t at, n;

	if (seq > top) {
		n = seq / WORD - top / WORD;
		if (n > r->words)
			n = r->words;
		for (at = seq / WORD; n > 0; n--, at--)
			r->bits[at % r->words] = 0;
		atomic_store_explicit(&r->top, seq, memory_order_relaxed);
	}
	r->bits[seq / WORD % r->words] |= UINT64_C(1) << seq % WORD;
}
