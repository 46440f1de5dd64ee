"""Redis as a cache that may go away: whoever asks it meanwhile finds nothing, soon, and goes on without it.

Nothing that must hold stands in the cache. Copies are read again where they come from; how often a key calls is not
counted while Redis is away (docs/security.md). Tries of passwords are counted in the database.
"""

import logging
from collections.abc import Callable
from time import monotonic
from typing import Any, ClassVar

from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

log = logging.getLogger(__name__)
TIMEOUT_SECONDS = 1.0
LEFT_ALONE_SECONDS = 5.0
"""A Redis that did not answer is not asked again for this long, or each of a page's questions would wait."""


class SteadyClient(RedisCacheClient):
    """Django's client, with an answer for when there is none."""

    _away_until: ClassVar[float] = 0.0

    def __init__(self, servers: list[str], **options: Any) -> None:
        once: dict[str, Any] = {"socket_timeout": TIMEOUT_SECONDS, "socket_connect_timeout": TIMEOUT_SECONDS}
        super().__init__(servers, **once, retry=Retry(NoBackoff(), 0), **options)

    def get(self, key: Any, default: Any) -> Any:
        return self._asked(lambda: super(SteadyClient, self).get(key, default), default)

    def add(self, key: Any, value: Any, timeout: Any) -> bool:
        """True while Redis is away: whoever asks whether they are the first is told yes."""
        return bool(self._asked(lambda: super(SteadyClient, self).add(key, value, timeout), True))

    def set(self, key: Any, value: Any, timeout: Any) -> None:
        self._asked(lambda: super(SteadyClient, self).set(key, value, timeout), None)

    def touch(self, key: Any, timeout: Any) -> bool:
        return bool(self._asked(lambda: super(SteadyClient, self).touch(key, timeout), False))

    def delete(self, key: Any) -> bool:
        return bool(self._asked(lambda: super(SteadyClient, self).delete(key), False))

    def has_key(self, key: Any) -> bool:
        return bool(self._asked(lambda: super(SteadyClient, self).has_key(key), False))

    def incr(self, key: Any, delta: int) -> int:
        """The first of its kind while Redis is away."""
        return int(self._asked(lambda: super(SteadyClient, self).incr(key, delta), delta))

    def get_many(self, keys: Any) -> Any:
        return self._asked(lambda: super(SteadyClient, self).get_many(keys), {})

    def set_many(self, data: Any, timeout: Any) -> None:
        self._asked(lambda: super(SteadyClient, self).set_many(data, timeout), None)

    def delete_many(self, keys: Any) -> None:
        self._asked(lambda: super(SteadyClient, self).delete_many(keys), None)

    def _asked(self, question: Callable[[], Any], otherwise: Any) -> Any:
        """What Redis answers, or `otherwise` when it does not."""
        if monotonic() < SteadyClient._away_until:
            return otherwise
        try:
            return question()
        except RedisError as error:
            SteadyClient._away_until = monotonic() + LEFT_ALONE_SECONDS
            log.warning("Redis does not serve as cache (%s); going on without it.", error)
            return otherwise


class SteadyRedisCache(RedisCache):
    """`django.core.cache.backends.redis.RedisCache` that never raises because Redis is away."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = SteadyClient
