"""The scoring process against a real HTTPS server: what it sends, what it takes, what it refuses."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from evaluations.processes import STOPPED, Ended
from evaluations.scoring.job import Endpoint, ScoringJob
from evaluations.scoring.process import score
from registry.addresses import origins
from tests.evaluations.endpoints.conftest import Reply, Rule, Server, positive_when_old

ENDPOINT = Endpoint(
    url="",
    answers="labels",
    body="instances",
    answers_path="predictions",
    prediction_path="label",
    score_path="p.good",
    columns=("age", "amount", "member", "name"),
    batch_size=10,
    requests_per_second=1000.0,
    timeout_seconds=5.0,
    retries=2,
    header="Authorization",
    secret_name="",
)
TYPES = {"age": "integer", "amount": "number", "member": "boolean", "name": "text"}
ROWS = 25


@pytest.fixture
def frame() -> pd.DataFrame:
    """Rows with gaps in them; the truth stands among the columns."""
    ages = list(range(20, 20 + 2 * ROWS, 2))
    return pd.DataFrame(
        {
            "age": ages,
            "amount": [None if age % 10 == 0 else age * 1.5 for age in ages],
            "member": [age % 4 == 0 for age in ages],
            "name": [f"N. {age}" for age in ages],
            "credit": ["good"] * ROWS,
        }
    )


def a_job(server: Server, folder: Path, frame: pd.DataFrame, **changes: Any) -> ScoringJob:
    """The rows for the server, which an administrator listed."""
    data = folder / "data.csv"
    frame.to_csv(data, index=False)
    given: dict[str, Any] = {
        "data_path": str(data),
        "output_path": str(folder / "answers.parquet"),
        "types": TYPES,
        "rows": len(frame),
        "allowed": tuple(origins([server.origin])),
        "ca_file": str(server.ca_file),
        "endpoint": replace(ENDPOINT, url=server.url),
    }
    return ScoringJob(**(given | changes))


def scored(job: ScoringJob, seconds: float = 30.0) -> Ended:
    return score(job, seconds=seconds, on_progress=lambda share, step: None, should_stop=lambda: False)


def with_rule(server: Server, rule: Rule, folder: Path, frame: pd.DataFrame, **changes: Any) -> Ended:
    server.rule = rule
    job = a_job(server, folder, frame)
    return scored(replace(job, endpoint=replace(job.endpoint, **changes)))


def instead(**changes: Any) -> Rule:
    """A rule that always gives this reply."""
    return lambda number, body: Reply(**changes)


@pytest.mark.parametrize("parquet", [False, True])
def test_every_row_is_sent_in_batches_and_its_answer_kept_in_order(
    parquet: bool, server: Server, tmp_path: Path, frame: pd.DataFrame
) -> None:
    job = a_job(server, tmp_path, frame)
    if parquet:
        frame.to_parquet(job.data_path)
    steps: list[tuple[float, str]] = []
    done = score(job, seconds=30, on_progress=lambda *step: steps.append(step), should_stop=lambda: False)
    assert done.failure == ""
    assert [len(asked["body"]["instances"]) for asked in server.asked] == [10, 10, 5]
    assert server.rows[0] == {"age": 20, "amount": None, "member": True, "name": "N. 20"}
    assert server.rows[1] == {"age": 22, "amount": 33.0, "member": False, "name": "N. 22"}
    answers = pd.read_parquet(job.output_path)
    assert list(answers["endpoint_score"]) == [age / 100 for age in frame["age"]]
    assert list(answers["endpoint_prediction"]) == ["good" if age >= 50 else "bad" for age in frame["age"]]
    assert steps == [
        (0.4, "Scoring: 10 of 25 rows"),
        (0.8, "Scoring: 20 of 25 rows"),
        (1.0, "Scoring: 25 of 25 rows"),
    ]
    assert (done.facts["requests"], done.facts["retried"]) == (3, 0)


def test_name_and_host_are_those_of_the_address_and_the_secret_is_in_its_header(
    server: Server, tmp_path: Path, frame: pd.DataFrame
) -> None:
    assert scored(a_job(server, tmp_path, frame, secret="Bearer abc")).failure == ""
    headers = server.asked[0]["headers"]
    assert headers["Host"] == server.origin.removeprefix("https://")
    assert headers["Authorization"] == "Bearer abc"


def test_a_request_as_mlflow_takes_it(server: Server, tmp_path: Path, frame: pd.DataFrame) -> None:
    def rule(number: int, body: Any) -> Reply:
        return Reply({"predictions": [1.5] * len(body["dataframe_split"]["data"])})

    done = with_rule(
        server,
        rule,
        tmp_path,
        frame,
        body="dataframe_split",
        answers="numbers",
        prediction_path="",
        score_path=None,
    )
    assert done.failure == ""
    assert server.asked[0]["body"]["dataframe_split"]["columns"] == list(ENDPOINT.columns)
    answers = pd.read_parquet(tmp_path / "answers.parquet")
    assert list(answers.columns) == ["endpoint_prediction"]
    assert answers["endpoint_prediction"].sum() == 1.5 * ROWS


def test_a_server_that_stumbles_is_asked_again(server: Server, tmp_path: Path, frame: pd.DataFrame) -> None:
    def rule(number: int, body: Any) -> Reply:
        return Reply(status=500) if number == 2 else positive_when_old(number, body)

    done = with_rule(server, rule, tmp_path, frame)
    assert done.failure == ""
    assert (done.facts["requests"], done.facts["retried"]) == (4, 1)
    assert len(pd.read_parquet(tmp_path / "answers.parquet")) == ROWS


def test_a_server_that_asks_to_wait_is_given_the_time(
    server: Server, tmp_path: Path, frame: pd.DataFrame
) -> None:
    times: list[float] = []

    def rule(number: int, body: Any) -> Reply:
        times.append(time.monotonic())
        if number == 1:
            return Reply(status=429, headers={"Retry-After": "2"})
        return positive_when_old(number, body)

    done = with_rule(server, rule, tmp_path, frame)
    assert done.failure == ""
    assert times[1] - times[0] >= 2
    assert done.facts["waited_seconds"] == 2.0


def test_requests_keep_to_the_rate(server: Server, tmp_path: Path, frame: pd.DataFrame) -> None:
    times: list[float] = []

    def rule(number: int, body: Any) -> Reply:
        times.append(time.monotonic())
        return positive_when_old(number, body)

    assert with_rule(server, rule, tmp_path, frame, requests_per_second=5).failure == ""
    assert times[2] - times[0] >= 0.38  # two gaps of 0.2 s, less what a busy machine shifts


WRONG: list[tuple[str, Rule, str]] = [
    (
        "too few",
        instead(body={"predictions": [{"label": "good", "p": {"good": 1}}]}),
        "1 answers for 10 rows",
    ),
    ("NaN", instead(body=b'{"predictions": [NaN]}'), "holds NaN"),
    ("no JSON", instead(body=b"<html>Hello</html>"), "is no JSON: <html>Hello</html>"),
    ("no list", instead(body={"predictions": 3}), "was to answer a list at predictions; 3 stands there"),
    ("nothing there", instead(body={"outputs": []}), "nothing stands there"),
    (
        "null",
        lambda number, body: Reply(
            {"predictions": [{"label": None, "p": {"good": 1}}] * len(body["instances"])}
        ),
        "gave no label for row 1, but null",
    ),
    (
        "no probability",
        lambda number, body: Reply(
            {"predictions": [{"label": "good", "p": {"good": 1.2}}] * len(body["instances"])}
        ),
        "gave 1.2 for row 1, which is no probability",
    ),
    (
        "text",
        lambda number, body: Reply(
            {"predictions": [{"label": "good", "p": {"good": "0.5"}}] * len(body["instances"])}
        ),
        "gave no finite number for row 1, but the text '0.5'",
    ),
    ("refused", instead(status=403, body={"error": "no"}), 'answered 403 Forbidden: {"error": "no"}'),
    (
        "redirect",
        instead(status=302, headers={"Location": "http://169.254.169.254/latest/meta-data/"}),
        "sends on to http://169.254.169.254/latest/meta-data/ (302); redirects are not followed",
    ),
    ("always down", instead(status=503), "answered 503 Service Unavailable: {}. It was asked 3 times"),
    ("a long wait", instead(status=429, headers={"Retry-After": "86400"}), "It asks to wait 86400 seconds"),
]


@pytest.mark.parametrize(("name", "rule", "said"), WRONG, ids=[row[0] for row in WRONG])
def test_a_wrong_answer_fails_with_the_reason(
    name: str, rule: Rule, said: str, server: Server, tmp_path: Path, frame: pd.DataFrame
) -> None:
    done = with_rule(server, rule, tmp_path, frame)
    assert said in done.failure
    assert done.facts == {}


def test_a_slow_server_is_not_waited_for(server: Server, tmp_path: Path, frame: pd.DataFrame) -> None:
    begun = time.monotonic()
    done = with_rule(server, instead(seconds=30), tmp_path, frame, timeout_seconds=1, retries=1)
    assert done.failure == "The endpoint did not answer within 1 seconds. It was asked 2 times."
    assert time.monotonic() - begun < 15


def test_a_huge_answer_is_not_read_to_its_end(server: Server, tmp_path: Path, frame: pd.DataFrame) -> None:
    done = with_rule(server, instead(body=b" " * (40 << 20)), tmp_path, frame)
    assert done.failure == "The endpoint answered more than 32 MB to one request."


def test_a_secret_that_a_server_repeats_is_not_shown(
    server: Server, tmp_path: Path, frame: pd.DataFrame
) -> None:
    server.rule = instead(status=401, body={"sent": "Bearer s3cr3t-token"})
    done = scored(a_job(server, tmp_path, frame, secret="Bearer s3cr3t-token"))
    assert "401" in done.failure
    assert "s3cr3t" not in done.failure


def test_a_certificate_of_an_unknown_authority_is_not_trusted(
    server: Server, tmp_path: Path, frame: pd.DataFrame
) -> None:
    done = scored(a_job(server, tmp_path, frame, ca_file=""))
    assert "certificate is not valid" in done.failure
    assert server.asked == []


def test_a_name_of_this_machine_is_refused_unless_it_is_listed(
    server: Server, tmp_path: Path, frame: pd.DataFrame
) -> None:
    done = scored(a_job(server, tmp_path, frame, allowed=()))
    assert done.failure == "localhost is 127.0.0.1, this machine itself, where Countersign does not go." or (
        done.failure == "localhost is ::1, this machine itself, where Countersign does not go."
    )
    assert server.asked == []


def test_who_stops_it_is_obeyed_while_the_server_thinks(
    server: Server, tmp_path: Path, frame: pd.DataFrame
) -> None:
    server.rule = instead(seconds=30)
    begun = time.monotonic()
    done = score(
        a_job(server, tmp_path, frame),
        seconds=60,
        on_progress=lambda *step: None,
        should_stop=lambda: bool(server.asked),
    )
    assert done.failure == STOPPED
    assert time.monotonic() - begun < 15


def test_scoring_ends_when_its_time_is_over(server: Server, tmp_path: Path, frame: pd.DataFrame) -> None:
    server.rule = instead(seconds=30)
    assert scored(a_job(server, tmp_path, frame), seconds=3).failure.startswith(
        "Scoring was stopped after 3 s"
    )


def test_a_file_that_shrank_is_noticed(server: Server, tmp_path: Path, frame: pd.DataFrame) -> None:
    job = a_job(server, tmp_path, frame, rows=ROWS + 1)
    assert scored(job).failure == "The data set has 25 rows and was registered with 26."
