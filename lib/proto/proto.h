/*
 * What the edges share: how long queues may grow, and the rule of this
 * directory.  One pair of files per edge: message types, structs, put and
 * get.  `ls lib/proto` is the graph of who talks to whom:
 *
 *   super   sallyportd - every child
 *   ikekm   ikepd - keymgr
 *   ikecd   ikepd - certd
 *   cdfetch certd - fetchd
 *   kmespd  keymgr - espd
 *   ikese   ikepd - sessiond
 *   sedhcp  informd - sessiond
 *   sekm    sessiond - keymgr
 *   show    controld - every process (questions and a few actions)
 *   ctl     sallyctl - controld
 */
#ifndef LIB_PROTO_PROTO_H
#define LIB_PROTO_PROTO_H

#define EDGE_QUEUE_MAX	(16u * 1024 * 1024)

#endif
