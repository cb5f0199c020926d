#include "keymgr/xfrm.h"

#include "lib/buf.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STAT_FILE_MAX	8192
#define STAT_NAME_MAX	64

/* Our names; all that is not here is passed through in kebab case. */
static const struct {
	const char *kernel, *ours;
} names[] = {
	{ "XfrmInError", "in-errors" },
	{ "XfrmInBufferError", "in-buffer-errors" },
	{ "XfrmInHdrError", "in-header-errors" },
	{ "XfrmInNoStates", "in-no-states" },
	{ "XfrmInStateProtoError", "in-state-protocol-errors" },
	{ "XfrmInStateModeError", "in-state-mode-errors" },
	{ "XfrmInStateSeqError", "in-state-sequence-errors" },
	{ "XfrmInStateExpired", "in-state-expired" },
	{ "XfrmInStateMismatch", "in-state-mismatches" },
	{ "XfrmInStateInvalid", "in-state-invalid" },
	{ "XfrmInTmplMismatch", "in-template-mismatches" },
	{ "XfrmInNoPols", "in-no-policies" },
	{ "XfrmInPolBlock", "in-policy-blocked" },
	{ "XfrmInPolError", "in-policy-errors" },
	{ "XfrmOutError", "out-errors" },
	{ "XfrmOutBundleGenError", "out-bundle-errors" },
	{ "XfrmOutBundleCheckError", "out-bundle-check-errors" },
	{ "XfrmOutNoStates", "out-no-states" },
	{ "XfrmOutStateProtoError", "out-state-protocol-errors" },
	{ "XfrmOutStateModeError", "out-state-mode-errors" },
	{ "XfrmOutStateSeqError", "out-state-sequence-errors" },
	{ "XfrmOutStateExpired", "out-state-expired" },
	{ "XfrmOutPolBlock", "out-policy-blocked" },
	{ "XfrmOutPolDead", "out-policy-dead" },
	{ "XfrmOutPolError", "out-policy-errors" },
	{ "XfrmFwdHdrError", "forward-header-errors" },
	{ "XfrmOutStateInvalid", "out-state-invalid" },
	{ "XfrmAcquireError", "acquire-errors" },
	{ "XfrmOutStateDirError", "out-state-direction-errors" },
	{ "XfrmInStateDirError", "in-state-direction-errors" },
	{ "XfrmInIptfsError", "in-iptfs-errors" },
	{ "XfrmOutNoQueueSpace", "out-no-queue-space" },
};

/* XfrmInFooBar becomes in-foo-bar. */
static void
kebab(const char *kernel, char *dst, size_t size)
{
	size_t n = 0;

	if (strncmp(kernel, "Xfrm", 4) == 0)
		kernel += 4;
	for (; *kernel != '\0' && n + 2 < size; kernel++) {
		if (isupper((unsigned char)*kernel) && n > 0)
			dst[n++] = '-';
		dst[n++] = (char)tolower((unsigned char)*kernel);
	}
	dst[n] = '\0';
}

static void
give(const char *kernel, uint64_t value,
    void (*fn)(void *, const char *, uint64_t), void *arg)
{
	char other[STAT_NAME_MAX * 2];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i].kernel, kernel) == 0) {
			fn(arg, names[i].ours, value);
			return;
		}
	}
	kebab(kernel, other, sizeof(other));
	fn(arg, other, value);
}

/* The file is opened before confinement and read from its start each time. */
int
xfrm_stats(void *ctx, void (*fn)(void *, const char *, uint64_t), void *arg)
{
	const struct xfrm *x = ctx;
	char text[STAT_FILE_MAX], name[STAT_NAME_MAX], *line, *save = NULL;
	unsigned long long value;
	ssize_t n;

	if (x->stat_fd == -1)
		return -1;
	n = pread(x->stat_fd, text, sizeof(text) - 1, 0);
	if (n <= 0)
		return -1;
	text[n] = '\0';
	for (line = strtok_r(text, "\n", &save); line != NULL;
	    line = strtok_r(NULL, "\n", &save))
		if (sscanf(line, "%63s %llu", name, &value) == 2)
			give(name, value, fn, arg);
	return 0;
}
