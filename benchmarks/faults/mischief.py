"""The faults: what is done to servers, network and leases, and what is put right again."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import asyncpg
from cutting import Network
from replicas import Replica
from services import Postgres, Rabbit, Redis

_SHORT, _LONG = 0.2, 2.0


@dataclass
class Scene:
    """Everything that can be hurt. networks: by what they lead to, one for each replica."""

    replicas: Sequence[Replica]
    postgres: Postgres
    redis: Redis
    rabbit: Rabbit
    networks: dict[str, list[Network]]
    chance: random.Random
    done: Counter[str] = field(default_factory=Counter[str])

    async def kill_replica(self) -> None:
        """SIGKILL in the middle of whatever it does."""
        await self.chance.choice(self.replicas).kill()

    async def restart_replica(self) -> None:
        """SIGTERM: it ends what it has begun."""
        replica = self.chance.choice(self.replicas)
        await replica.stop()
        replica.start()

    async def pause_replica(self) -> None:
        """It stands still, keeps its connections, and goes on as if nothing had been."""
        await self.chance.choice(self.replicas).pause(self._while())

    async def pause_beyond_leases(self) -> None:
        """Long enough that its leases have passed to others."""
        await self.chance.choice(self.replicas).pause(5.0)

    async def crash_postgres(self) -> None:
        """Every connection is lost; it recovers from its log."""
        await asyncio.to_thread(self.postgres.kill)
        await asyncio.sleep(self._while())
        await asyncio.to_thread(self.postgres.start)

    async def crash_redis(self) -> None:
        """Killed, and back with what its file has."""
        await asyncio.to_thread(self.redis.kill)
        await asyncio.sleep(self._while())
        await asyncio.to_thread(self.redis.start)

    async def crash_rabbit(self) -> None:
        """Killed, and back with what it has on the disk, which takes it a while."""
        await asyncio.to_thread(self.rabbit.kill)
        await asyncio.to_thread(self.rabbit.start)

    async def cut_rabbit(self) -> None:
        """Connections of one replica to the broker are cut."""
        self.chance.choice(self.networks["rabbit"]).cut()

    async def part_from_rabbit(self) -> None:
        """One replica cannot reach the broker for a while."""
        await self._part("rabbit")

    async def cut_postgres(self) -> None:
        """Connections of one replica are cut, and made again at once."""
        self.chance.choice(self.networks["postgres"]).cut()

    async def part_from_postgres(self) -> None:
        """One replica cannot reach the database for a while."""
        await self._part("postgres")

    async def cut_redis(self) -> None:
        """Connections of one replica to the locks are cut."""
        self.chance.choice(self.networks["redis"]).cut()

    async def part_from_redis(self) -> None:
        """One replica cannot reach the locks for a while."""
        await self._part("redis")

    async def skew_leases(self) -> None:
        """Leases of duties end at once, or are somebody's who does not exist."""
        statement = self.chance.choice(
            (
                "UPDATE tertulia_leases SET until = clock_timestamp() - interval '1 hour'",
                "UPDATE tertulia_leases SET holder = 'nobody', token = token + 1,"
                " until = clock_timestamp() + interval '2 seconds'",
            )
        )
        await self._in_database(statement)

    async def end_sessions(self) -> None:
        """The database ends sessions of its clients, those of the locks among them."""
        await self._in_database(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = 'bot' AND pid <> pg_backend_pid() AND random() < 0.5"
        )

    async def heal(self) -> None:
        """Let everything run and be reachable."""
        for network in (each for all_of in self.networks.values() for each in all_of):
            network.stop()
            await network.start()
        for replica in self.replicas:
            replica.restart_if_ended()

    async def _part(self, what: str) -> None:
        network = self.chance.choice(self.networks[what])
        network.stop()
        await asyncio.sleep(self._while())
        await network.start()

    async def _in_database(self, statement: str) -> None:
        connection = await asyncpg.connect(
            host="127.0.0.1", port=self.postgres.port, user="postgres", database="bot"
        )
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    def _while(self) -> float:
        return self.chance.uniform(_SHORT, _LONG)


Fault = Callable[[Scene], Awaitable[None]]

ON_POSTGRES: dict[Fault, int] = {
    Scene.kill_replica: 5,
    Scene.restart_replica: 2,
    Scene.pause_replica: 3,
    Scene.crash_postgres: 2,
    Scene.cut_postgres: 5,
    Scene.part_from_postgres: 3,
    Scene.skew_leases: 3,
    Scene.end_sessions: 3,
    Scene.crash_rabbit: 1,
    Scene.cut_rabbit: 2,
    Scene.part_from_rabbit: 2,
}
"""Locks in PostgreSQL, events told to RabbitMQ: what is done, and how often in relation."""

ON_REDIS: dict[Fault, int] = {
    Scene.kill_replica: 3,
    Scene.pause_beyond_leases: 2,
    Scene.crash_postgres: 1,
    Scene.cut_postgres: 2,
    Scene.crash_redis: 3,
    Scene.cut_redis: 4,
    Scene.part_from_redis: 3,
    Scene.skew_leases: 1,
}
"""Locks in Redis, events told to a stream of it."""


async def inflict(
    scene: Scene, faults: dict[Fault, int], count: int, pace: Callable[[int], Awaitable[None]]
) -> None:
    """Do so many faults, each kind in turn at first, then by chance.

    pace: waits between two of them; it is told how many are left.
    """
    kinds = list(faults)
    scene.chance.shuffle(kinds)
    for number in range(count):
        if number < len(kinds):
            fault = kinds[number]
        else:
            fault = scene.chance.choices(list(faults), list(faults.values()))[0]
        for replica in scene.replicas:
            replica.restart_if_ended()
        await fault(scene)
        scene.done[fault.__name__] += 1
        print(f"  {number + 1:>4} {fault.__name__}", flush=True)
        await pace(count - number)
