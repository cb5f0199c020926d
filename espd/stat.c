#include "espd/stat.h"

static const char *const names[STAT_COUNT] = {
	[STAT_IN_ERRORS] = "in-errors",
	[STAT_IN_BUFFER_ERRORS] = "in-buffer-errors",
	[STAT_IN_HEADER_ERRORS] = "in-header-errors",
	[STAT_IN_NO_STATES] = "in-no-states",
	[STAT_IN_STATE_PROTOCOL_ERRORS] = "in-state-protocol-errors",
	[STAT_IN_STATE_MODE_ERRORS] = "in-state-mode-errors",
	[STAT_IN_STATE_SEQUENCE_ERRORS] = "in-state-sequence-errors",
	[STAT_IN_STATE_EXPIRED] = "in-state-expired",
	[STAT_IN_STATE_MISMATCHES] = "in-state-mismatches",
	[STAT_IN_STATE_INVALID] = "in-state-invalid",
	[STAT_IN_TEMPLATE_MISMATCHES] = "in-template-mismatches",
	[STAT_IN_NO_POLICIES] = "in-no-policies",
	[STAT_IN_POLICY_BLOCKED] = "in-policy-blocked",
	[STAT_IN_POLICY_ERRORS] = "in-policy-errors",
	[STAT_OUT_ERRORS] = "out-errors",
	[STAT_OUT_BUNDLE_ERRORS] = "out-bundle-errors",
	[STAT_OUT_BUNDLE_CHECK_ERRORS] = "out-bundle-check-errors",
	[STAT_OUT_NO_STATES] = "out-no-states",
	[STAT_OUT_STATE_PROTOCOL_ERRORS] = "out-state-protocol-errors",
	[STAT_OUT_STATE_MODE_ERRORS] = "out-state-mode-errors",
	[STAT_OUT_STATE_SEQUENCE_ERRORS] = "out-state-sequence-errors",
	[STAT_OUT_STATE_EXPIRED] = "out-state-expired",
	[STAT_OUT_POLICY_BLOCKED] = "out-policy-blocked",
	[STAT_OUT_POLICY_DEAD] = "out-policy-dead",
	[STAT_OUT_POLICY_ERRORS] = "out-policy-errors",
	[STAT_ACQUIRE_ERRORS] = "acquire-errors",
};

const char *
stat_name(enum stat what)
{
	return names[what];
}
