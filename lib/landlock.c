#include "lib/sandbox.h"

#include "lib/log.h"

#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/*
 * The kernel's interface by number, not by header: build machines have older
 * headers than the machines the programs run on.
 */
#define NR_CREATE_RULESET	444
#define NR_ADD_RULE		445
#define NR_RESTRICT_SELF	446
#define CREATE_VERSION		1	/* asks for the interface's version */
#define RULE_PATH_BENEATH	1

#define FS_EXECUTE	(UINT64_C(1) << 0)
#define FS_WRITE_FILE	(UINT64_C(1) << 1)
#define FS_READ_FILE	(UINT64_C(1) << 2)
#define FS_READ_DIR	(UINT64_C(1) << 3)
#define FS_TRUNCATE	(UINT64_C(1) << 14)
#define FS_IOCTL_DEV	(UINT64_C(1) << 15)

#define FS_READ		(FS_EXECUTE | FS_READ_FILE | FS_READ_DIR)
#define FS_FILE		(FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE |	\
			    FS_TRUNCATE | FS_IOCTL_DEV)
#define NET_ALL		UINT64_C(3)	/* bind and connect TCP */
#define NET_CONNECT	UINT64_C(2)
#define SCOPE_ALL	UINT64_C(3)	/* abstract sockets, signals */

struct ruleset {
	uint64_t fs;
	uint64_t net;
	uint64_t scope;
};

struct path_beneath {
	uint64_t access;
	int32_t fd;
} __attribute__((packed));

/* What a kernel of this interface version can restrict. */
static struct ruleset
ruleset_of(long abi)
{
	static const uint8_t fs_bits[] = { 0, 13, 14, 15, 15, 16 };
	struct ruleset r = { 0 };
	size_t i = (size_t)abi < sizeof(fs_bits) ? (size_t)abi :
	    sizeof(fs_bits) - 1;

	r.fs = (UINT64_C(1) << fs_bits[i]) - 1;
	r.net = abi >= 4 ? NET_ALL : 0;
	r.scope = abi >= 6 ? SCOPE_ALL : 0;
	return r;
}

static int
add_path(int set, const char *path, uint64_t access)
{
	struct path_beneath rule = { .access = access };
	struct stat st;
	int r = -1;

	if ((rule.fd = open(path, O_PATH | O_CLOEXEC)) == -1)
		return -1;
	if (fstat(rule.fd, &st) == 0) {
		if (!S_ISDIR(st.st_mode))
			rule.access &= FS_FILE;
		r = (int)syscall(NR_ADD_RULE, set, RULE_PATH_BENEATH, &rule,
		    0);
	}
	close(rule.fd);
	return r;
}

static int
add_paths(int set, const char *const *paths, uint64_t access)
{
	for (; paths != NULL && *paths != NULL; paths++)
		if (add_path(set, *paths, access) == -1) {
			log_error(LOG_T_SYSTEM, "landlock: %s: %s", *paths,
			    strerror(errno));
			return -1;
		}
	return 0;
}

int
sandbox_landlock(const char *const *ro, const char *const *rw, bool connect)
{
	struct ruleset rules;
	long abi;
	int set, r = -1;

	abi = syscall(NR_CREATE_RULESET, NULL, 0, CREATE_VERSION);
	if (abi < 1)
		return 0;
	rules = ruleset_of(abi);
	if (connect)
		rules.net &= ~NET_CONNECT;
	set = (int)syscall(NR_CREATE_RULESET, &rules, sizeof(rules), 0);
	if (set == -1)
		goto out;
	if (add_paths(set, ro, rules.fs & FS_READ) == -1 ||
	    add_paths(set, rw, rules.fs) == -1) {
		close(set);
		return -1;
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		goto out;
	r = (int)syscall(NR_RESTRICT_SELF, set, 0);
out:
	if (r == -1)
		log_error(LOG_T_SYSTEM, "landlock: %s", strerror(errno));
	if (set != -1)
		close(set);
	return r == -1 ? -1 : 1;
}
