from dataclasses import dataclass


@dataclass(frozen=True)
class Actor:
    """Who did it, as stable text that outlives the account.

    `id` is "user:ada", "key:ci-retail" or "system:worker"; `authenticated_by` says how that was known
    ("session", "api key", "password", "process").
    """

    id: str
    name: str
    authenticated_by: str
    request_id: str = ""

    @classmethod
    def system(cls, name: str, request_id: str = "") -> "Actor":
        """A process of ours that acts by itself, such as the worker or the scheduler."""
        return cls(f"system:{name}", name.replace("_", " ").capitalize(), "process", request_id)
