#include "sallyportd/nameservers.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define SERVERS_MAX	8
#define FILE_SIZE	(16 * 1024)

/* The second is where a stub resolver on the machine says whom it asks. */
static const char *const files[] = {
	"/etc/resolv.conf",
	"/run/systemd/resolve/resolv.conf",
};
#define FILES	(sizeof(files) / sizeof(files[0]))

/* Loopback and link-local addresses say nothing to anybody else. */
static bool
is_reachable(const struct addr *a)
{
	static const uint8_t loopback6[16] = { [15] = 1 };

	if (addr_is_any(a))
		return false;
	if (a->family == AF_INET)
		return a->b[0] != 127 && !(a->b[0] == 169 && a->b[1] == 254);
	return memcmp(a->b, loopback6, sizeof(loopback6)) != 0 &&
	    !(a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80);
}

size_t
nameservers_parse(const char *text, struct addr *out, size_t max)
{
	static const char word[] = "nameserver";
	char value[ADDR_STRLEN];
	size_t n = 0, len;

	for (; *text != '\0'; text += strcspn(text, "\n"),
	    text += *text == '\n') {
		if (n == max || strncmp(text, word, sizeof(word) - 1) != 0)
			continue;
		text += sizeof(word) - 1;
		if (*text != ' ' && *text != '\t')
			continue;
		text += strspn(text, " \t");
		len = strcspn(text, " \t\r\n");
		if (len >= sizeof(value))
			continue;
		memcpy(value, text, len);
		value[len] = '\0';
		if (addr_parse(&out[n], value) == 0 && is_reachable(&out[n]))
			n++;
	}
	return n;
}

static size_t
file_servers(const char *path, struct addr *out, size_t max)
{
	char text[FILE_SIZE];
	ssize_t n;
	int fd;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) == -1)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	return nameservers_parse(text, out, max);
}

void
nameservers_fill(struct conf *conf)
{
	struct addr found[SERVERS_MAX];
	size_t i, n = 0;

	for (i = 0; i < FILES && n == 0; i++)
		n = file_servers(files[i], found, SERVERS_MAX);
	conf_set_dns(conf, found, n);
}

bool
nameservers_changed(void)
{
	static struct timespec last[FILES];
	bool changed = false;
	struct stat st;
	size_t i;

	for (i = 0; i < FILES; i++) {
		if (stat(files[i], &st) == -1)
			memset(&st, 0, sizeof(st));
		changed |= st.st_mtim.tv_sec != last[i].tv_sec ||
		    st.st_mtim.tv_nsec != last[i].tv_nsec;
		last[i] = st.st_mtim;
	}
	return changed;
}
