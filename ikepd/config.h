/*
 * From the objects sallyportd sends to what the engine works on.
 */
#ifndef IKEPD_CONFIG_H
#define IKEPD_CONFIG_H

#include "lib/conf/conf.h"
#include "ikepd/ike_conf.h"

/*
 * worker of workers: this process among the ikepd.  own_esp: espd moves the
 * packets.  Objects that are not usable, or that IKEv2 has no part in, are
 * left out.  conf is only read.  NULL: no memory.
 */
struct ike_conf *ike_conf_build(const struct conf *conf, unsigned worker,
    unsigned workers, bool own_esp);

#endif
