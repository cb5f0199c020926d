/*
 * Child SAs: installing, taking over, moving and removing a pair of SAs
 * with the policies that go with it.
 */
#ifndef KEYMGR_INSTALL_H
#define KEYMGR_INSTALL_H

#include "keymgr/km.h"

/* How a request ended; not ok: why. */
typedef void (*install_end)(void *arg, bool ok, const char *why);

/*
 * A worker's requests.  end is called once: before this returns, or later
 * when the SAs are there.  What guard refused is counted and logged here.
 */
void install_add(struct km *, const struct child_req *, install_end,
    void *arg);
void install_adopt(struct km *, const struct child_req *, install_end,
    void *arg);
/* Also gives back an SPI that was not used. */
void install_del(struct km *, unsigned worker, uint32_t spi_in);
void install_path(struct km *, unsigned worker, uint32_t spi_in,
    const struct endpoint *local, const struct endpoint *remote);

/* Tells the worker, when tell is set, that the child is gone. */
void install_remove(struct km *, struct sad_child *, bool tell);
/* Its SAs are not where the records say: they are moved there.  Once, for one
 * that was adopted. */
void install_settle(struct km *, struct sad_child *);
/* All children for which cond is true, or all with cond NULL.  Returns how
 * many. */
size_t install_remove_if(struct km *,
    bool (*cond)(void *, const struct sad_child *), void *arg, bool tell);
/* A worker died: its SAs, dynamic policies and SPIs go. */
void install_worker_gone(struct km *, unsigned worker);

/* One of the two SAs of a child, without keys. */
void install_sa(const struct sad_child *, bool inbound, struct bk_sa *);

#endif
