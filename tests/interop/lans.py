"""What goes into one LAN comes out in the other: byte for byte.

Nobody answers at the addresses used here: the gateways know a neighbour for
them who does not have them.
"""
import random
import select
import struct
import time

from netns import (PATIENCE, Fault, Link, Whole4, addr, csum, destination,
                   differ, ip, mac_of, normal, sane, source, udp)

WINDOW = 32             # packets on their way at once
ROUTERS = 2
OWN = 253               # protocol for experiments


def rubbish(n):
    return random.randbytes(n)


class Lost(Fault):
    """Nothing came, and nothing was said."""


def first(links, patience):
    """The first packet that is wanted on one of some (link, wanted())."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        for link, wanted in links:
            for p in link.packets():
                if wanted(p):
                    return p
        select.select([link.s for link, _ in links], [], [], .05)
    raise Lost('nothing arrives and nothing is said')


def is_esp(p):
    """Bare, or in UDP and neither IKE nor a keepalive."""
    proto, at = (p[9], (p[0] & 15) * 4) if p[0] >> 4 == 4 else (p[6], 40)
    return proto == 50 or proto == 17 and len(p) > at + 16 and \
        4500 in struct.unpack('!HH', p[at:at + 4]) and \
        p[at + 8:at + 12] != bytes(4)


class Path:
    def __init__(self, v, origin, target):
        a, b = origin[-1], target[-1]
        net = '10.{}.0.{}' if v == '4' else 'fd0{}::{}'
        self.v = int(v)
        self.src, self.dst = net.format(a, 11), net.format(b, 11)
        self.near, self.far = Link(origin, 'eth0'), Link(target, 'eth0')
        self.gate = mac_of('gw' + a, 'lan')
        self.header, self.life = (20, 8) if self.v == 4 else (40, 7)
        self.ident = 0

    def ip(self, proto, body, **more):
        if self.v == 4 and 'ident' not in more:
            self.ident += 1
            more['ident'] = self.ident
        return ip(self.src, self.dst, proto, body, **more)

    def udp(self, data, sport=4000, dport=4001, **more):
        return self.ip(17, udp(self.src, self.dst, sport, dport, data),
                       **more)

    def send(self, p):
        self.near.send(p, self.gate)

    def ours(self, p):
        return source(p) == addr(self.src) and \
            destination(p) == addr(self.dst)

    def carry(self, packets, whole=None):
        """packets arrive: in pieces perhaps, if whole puts them together."""
        for at in range(0, len(packets), WINDOW):
            self.batch(packets[at:at + WINDOW], whole or Whole4())
        return len(packets)

    def batch(self, packets, whole):
        left = {normal(p) for p in packets}
        for p in packets:
            self.send(p)
        while left:
            for p in self.next(left):
                if not sane(p):
                    raise Fault(f'a wrong header checksum: {p.hex()}')
                if self.v == 4:
                    p = whole.add(p)
                if p is not None:
                    self.arrived(left, normal(p, ROUTERS))

    def next(self, left):
        try:
            return self.far.collect(self.ours, 1)
        except Fault:
            raise Fault(f'{len(left)} of {WINDOW} packets are lost, such '
                        f'as {min(left)[:80].hex()}')

    def arrived(self, left, p):
        if p not in left:
            same = [w for w in left if w[4:6] == p[4:6]] or list(left)
            raise Fault(differ(same[0], p))
        left.remove(p)

    def answer(self, p, patience=PATIENCE):
        """What is said of a packet that must not be fragmented: the MTU, or
        0 if it arrived."""
        want = (1, 3, 4) if self.v == 4 else (58, 2, 0)
        at = self.header

        def says(q):
            return destination(q) == addr(self.src) and \
                (q[9 if self.v == 4 else 6], q[at], q[at + 1]) == want
        self.far.drain()
        self.send(p)
        q = first(((self.near, says), (self.far, self.ours)), patience)
        if self.ours(q):
            return 0
        self.check_quote(p, q)
        if self.v == 6:
            return struct.unpack('!I', q[at + 4:at + 8])[0]
        return struct.unpack('!H', q[at + 6:at + 8])[0]

    def check_quote(self, p, q):
        at = self.header
        quote, n = q[at + 8:], len(q) - at
        before = b'' if self.v == 4 else \
            source(q) + destination(q) + struct.pack('!II', n, 58)
        if csum(before + q[at:]) != 0:
            raise Fault(f'a wrong ICMP checksum: {q.hex()}')
        # One router further on, if espd says it and not the kernel.
        hops = p[self.life] - quote[self.life]
        if hops not in (0, 1) or not normal(p).startswith(
                normal(quote, hops)) or len(quote) < 28:
            raise Fault('quoted: ' + differ(normal(p), quote))

    def refused(self, p):
        mtu = self.answer(p)
        if mtu == 0:
            raise Fault(f'{len(p)} bytes arrive')
        return mtu

    def whole(self, n):
        """A packet of n bytes that routers must not fragment."""
        df = {'df': True} if self.v == 4 else {}
        return self.ip(OWN, rubbish(n - self.header), **df)

    def mtu(self, longest=1500):
        """What the tunnel takes, once all have learned of it: a packet that
        tells a gateway about its path may be lost, or sent in pieces."""
        n, arrived = longest, 0
        for _ in range(30):
            try:
                said = self.answer(self.whole(n), .3)
            except Lost:
                continue
            if said >= n:
                raise Fault(f'{n} bytes are refused with an MTU of {said}')
            n, arrived = said or n, arrived + 1 if said == 0 else 0
            if arrived == 3:
                return n
        raise Fault('no MTU is found')
