"""What people and pipelines of a large bank do, for locust: `locust -f bench/large_bank.py`, started by bench.load.

Nothing of the product is imported here: locust lives in an environment of its own.
"""

# mypy: disable-error-code="untyped-decorator"
import json
import os
import random
import re
import uuid

from locust import HttpUser, between, constant_throughput, task  # type: ignore[import-not-found]

GIVEN = json.loads(os.environ["BANK"])
BASES, KEY, MODEL, PASSWORD = GIVEN["web"], GIVEN["key"], GIVEN["model"], GIVEN["password"]
PEOPLE, MODELS, RATE = GIVEN["people"], GIVEN["models"], GIVEN["rate"]
NAMES = ("olga", "dev", "viktor", "ada", "carl", "etta", "bea", "aud")
A_PIPELINE = 5.0  # questions a second of one
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


class Person(HttpUser):  # type: ignore[misc]
    """Looks around: the queue, the inventory, a model, a version, the trail."""

    host = BASES[0]
    fixed_count = PEOPLE
    wait_time = between(4, 16)

    def on_start(self) -> None:
        """Log in, at either web server."""
        self.client.base_url = random.choice(BASES)
        page = self.client.get("/login/", name="log in")
        found = TOKEN.search(page.text)
        form = {
            "csrfmiddlewaretoken": found[1] if found else "",
            "username": random.choice(NAMES),
            "password": PASSWORD,
        }
        self.client.post(
            "/login/", form, headers={"Referer": f"{self.client.base_url}/login/"}, name="log in"
        )

    @task(3)
    def queue(self) -> None:
        """What waits for me."""
        self.client.get("/", name="home")

    @task(4)
    def inventory(self) -> None:
        """All models, a page of them."""
        self.client.get(f"/models/?page={random.randint(1, 5)}", name="inventory")

    @task(3)
    def search(self) -> None:
        """A model by its name."""
        self.client.get(f"/models/?q=fraud+{random.randrange(MODELS)}", name="search")

    @task(4)
    def version(self) -> None:
        """A version with its evidence and the gate panel."""
        self.client.get(f"/models/{MODEL}/versions/1/", name="version")

    @task(2)
    def model(self) -> None:
        """One of the many models."""
        self.client.get(f"/models/use-{random.randrange(MODELS)}/", name="model")

    @task(1)
    def trail(self) -> None:
        """The audit trail."""
        self.client.get("/audit/", name="trail")


class Pipeline(HttpUser):  # type: ignore[misc]
    """Asks the gate, so many times a second."""

    host = BASES[0]
    fixed_count = max(1, round(RATE / A_PIPELINE))
    wait_time = constant_throughput(A_PIPELINE)

    def on_start(self) -> None:
        """At either web server."""
        self.client.base_url = random.choice(BASES)

    @task
    def ask(self) -> None:
        """May this version run in production?"""
        headers = {"Authorization": f"Bearer {KEY}", "Idempotency-Key": str(uuid.uuid4())}
        question = {"model": MODEL, "version": "1", "environment": "production"}
        with self.client.post(
            "/api/v1/gate/decisions", json=question, headers=headers, name="gate", catch_response=True
        ) as answer:
            if answer.status_code != 200 or answer.json()["decision"] != "allow":
                answer.failure(f"{answer.status_code}: {answer.text[:200]}")
