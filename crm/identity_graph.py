"""Which identities are one person: a pure function of what is known about them (decision 0009).

No database, no clock, no row numbers: the same facts give the same sets, whatever order they are listed in.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from crm.identities import Key

STRONG = frozenset(
    {
        "wecom_contact",  # WeCom showed this unionid for this external_userid
        "wecom_group",  # the same, of a member of a group
        "wecom_oauth",  # WeCom's own sign-in answered both
        "official_account",  # the official account's sign-in answered both
        "shop_pair",  # a shop's server says so
        "pending_id",
        "order",  # derived: the order somebody claimed came by this identity
        "operator",  # a person decided
    }
)
"""Proofs that make two identities one person, whatever else is known. Of parcel codes the first opening is one."""

RANKS = {"order_named": 1, "parcel": 2, "customer_claim": 3, "staff_order": 4, "phone": 5}
"""Proofs that are weighed, the best first: they join two people only where nothing speaks against it."""

FACES = ("unionid", "external_userid", "wecom_openid")
"""Kinds of which WeChat gives each of its users exactly one."""

HUBS = ("phone", "buyer_id", "openid")
"""Kinds that strangers may share by mistake: the shop's own phone number, a buyer id that means "guest"."""

CROWD = 20
"""More weak links of one proof than this at a hub say nothing about any of them."""


class Edge(NamedTuple):
    """Two identities that are, or may be, one person; `one` sorts before `other`."""

    proof: str
    stated_at: datetime
    one: Key
    other: Key

    @property
    def value(self) -> Key:
        """What is claimed: the order or the phone; else the end that strangers may share."""
        ends = sorted((self.one, self.other), key=lambda key: (key.kind in ("order_no", "phone"), key.kind in HUBS))
        return ends[-1]

    @property
    def claimant(self) -> Key:
        return self.one if self.value == self.other else self.other


class People(NamedTuple):
    """The sets of identities that are one person each, and why an edge was refused."""

    sets: list[frozenset[Key]]
    refused: dict[Edge, str]


def people(identities: Iterable[Key], edges: Iterable[Edge]) -> People:
    """Join by strong edges first, then weigh the weak ones: by proof, by the moment stated, by their values.

    Refusals: `two_unionids`, `two_contacts` (WeCom knows each side as somebody else), `claimed` (the order is
    another customer's already), `shared` (a phone more than two people have), `crowded` (see `CROWD`).
    """
    known = sorted(set(edges), key=lambda edge: (RANKS.get(edge.proof, 0), edge[1:]))
    sets = _Sets({key for edge in known for key in (edge.one, edge.other)}.union(identities))
    first_openings = _first_openings(known)
    weak = []
    for edge in known:
        if edge.proof in STRONG or edge in first_openings:
            sets.join(edge.one, edge.other)
            if edge.proof != "order" and edge.value.kind == "order_no":
                sets.taken.add(edge.value)
        else:
            weak.append(edge)
    refused: dict[Edge, str] = {}
    named = _crowded(edge for edge in weak if edge.proof == "order_named")
    for edge in weak:
        if edge.proof != "phone" and (reason := _weigh(sets, edge, named)):
            refused[edge] = reason
    for group in _by_phone(edge for edge in weak if edge.proof == "phone"):
        if reason := _weigh_phone(sets, group):
            refused.update(dict.fromkeys(group, reason))
    return People(sets.all(), refused)


def _first_openings(edges: Iterable[Edge]) -> set[Edge]:
    """Who opened each parcel's code first; somebody who opens it later may be anybody."""
    first: dict[Key, Edge] = {}
    for edge in edges:
        if edge.proof == "parcel":
            first.setdefault(edge.value, edge)
    return set(first.values())


def _crowded(edges: Iterable[Edge]) -> set[Key]:
    counts = Counter(key for edge in edges for key in (edge.one, edge.other) if key.kind in HUBS)
    return {key for key, count in counts.items() if count > CROWD}


def _weigh(sets: "_Sets", edge: Edge, crowded: set[Key]) -> str:
    """Join unless something speaks against it; the reason, or nothing."""
    if edge.one in crowded or edge.other in crowded:
        return "crowded"
    if sets.are_one(edge.one, edge.other):
        return ""
    if edge.proof != "order_named" and edge.value in sets.taken:
        return "claimed"
    if reason := sets.why_apart([edge.one, edge.other]):
        return "claimed" if edge.proof != "order_named" and reason == "two_contacts" else reason
    sets.join(edge.one, edge.other)
    if edge.proof != "order_named":
        sets.taken.add(edge.value)
    return ""


def _by_phone(edges: Iterable[Edge]) -> list[list[Edge]]:
    groups: dict[Key, list[Edge]] = defaultdict(list)
    for edge in edges:
        groups[edge.value].append(edge)
    return [group for _, group in sorted(groups.items(), key=lambda item: (item[1][0].stated_at, item[0]))]


def _weigh_phone(sets: "_Sets", group: list[Edge]) -> str:
    """A number joins the two people who have it, and nobody when there are more."""
    if len({edge.claimant for edge in group}) > CROWD:
        return "crowded"
    holders = {sets.leader(edge.claimant): edge.claimant for edge in group}
    if len(holders) > 2:
        return "shared"
    if reason := sets.why_apart(list(holders.values())):
        return reason
    for edge in group:
        sets.join(edge.one, edge.other)
    return ""


class _Sets:
    """Union-find that knows whom WeChat tells apart in each set, and which orders are somebody's."""

    def __init__(self, keys: set[Key]) -> None:
        self._parent = {key: key for key in keys}
        self._faces = {key: {key} if key.kind in FACES else set() for key in keys}
        self.taken: set[Key] = set()

    def leader(self, key: Key) -> Key:
        while self._parent[key] != key:
            self._parent[key] = self._parent[self._parent[key]]
            key = self._parent[key]
        return key

    def are_one(self, one: Key, other: Key) -> bool:
        return self.leader(one) == self.leader(other)

    def why_apart(self, keys: Iterable[Key]) -> str:
        """What forbids a weak edge between these: each WeChat user has one unionid, external_userid and openid."""
        sides = [self._faces[leader] for leader in {self.leader(key) for key in keys}]
        if len({face for side in sides for face in side if face.kind == "unionid"}) > 1:
            return "two_unionids"
        counts = Counter(kind for side in sides for kind in {face.kind for face in side} - {"unionid"})
        return "two_contacts" if any(count > 1 for count in counts.values()) else ""

    def join(self, one: Key, other: Key) -> None:
        low, high = sorted((self.leader(one), self.leader(other)))
        if low != high:
            self._parent[high] = low
            self._faces[low] |= self._faces[high]

    def all(self) -> list[frozenset[Key]]:
        found: dict[Key, set[Key]] = defaultdict(set)
        for key in self._parent:
            found[self.leader(key)].add(key)
        return [frozenset(members) for _, members in sorted(found.items())]


def ordered(one: Key, other: Key) -> tuple[Key, Key]:
    """The two ends as an edge has them."""
    return (one, other) if one < other else (other, one)
