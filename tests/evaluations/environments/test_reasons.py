"""uv's own words, as it wrote them, and what people are told."""

import pytest

from evaluations.environments.reasons import reason_of, without_credentials

WHERE = "Python 3.11.7 on cpython-311-linux-x86_64"
BEGINNING = "Using CPython 3.11.7 interpreter\nerror: No solution found when resolving dependencies\n"
END = ", we can conclude that your requirements are unsatisfiable.\n"
TOLD = [
    (
        ["shop-model==1"],
        "  cause: Because shop-model was not found in the package registry and you require shop-model==1"
        + END,
        "The requirement shop-model==1 cannot be met: the registry has no package shop-model. Correct its name, or add "
        "it to the registry.",
    ),
    (
        ["pandas", "numpy==99.0"],
        "  cause: Because there is no version of numpy==99.0 and you require numpy==99.0" + END,
        "The requirement numpy==99.0 cannot be met: the registry has no numpy==99.0. State a version that it has.",
    ),
    (
        ["docopt==0.6.2"],
        f"  cause: Because docopt==0.6.2 has no usable wheels and you require docopt==0.6.2{END}\nhint: Wheels",
        "The requirement docopt==0.6.2 cannot be met: docopt==0.6.2 has no wheel for Python 3.11.7 on "
        "cpython-311-linux-x86_64, and source code is not built here. State a version that has one.",
    ),
    (
        ["num2words"],
        f"  cause: Because all versions of num2words depend on docopt and docopt==0.6.2 has no usable wheels{END}",
        "The requirement num2words cannot be met: docopt==0.6.2 has no wheel for Python 3.11.7 on "
        "cpython-311-linux-x86_64, and source code is not built here. State a version that has one.",
    ),
    (
        ["numpy<2", "pandas==3.1.1"],
        "  cause: Because pandas==3.1.1 depends on numpy>=2 and you require pandas==3.1.1, we can conclude that you "
        "require numpy>=2.\n  And because you require numpy<2" + END,
        "The requirement numpy<2 cannot be met: pandas==3.1.1 depends on numpy>=2 and you require pandas==3.1.1. "
        "State versions that go together.",
    ),
]


@pytest.mark.parametrize(("stated", "output", "said"), TOLD, ids=[stated[0] for stated, _, _ in TOLD])
def test_which_requirement_failed_and_what_to_do(stated: list[str], output: str, said: str) -> None:
    reason = reason_of(BEGINNING + output, stated, where=WHERE)
    assert reason.said == said
    assert reason.requirement in stated and reason.requirement in said
    assert not reason.passing


def test_a_registry_that_does_not_answer_may_answer_later() -> None:
    output = (
        "error: Request failed after 3 retries in 10.2s\n"
        "  cause: Failed to fetch: https://olga:hunter2@pypi.example.org/simple/numpy/\n"
        "  cause: tcp connect error\n"
    )
    reason = reason_of(output, ["numpy"], where=WHERE)
    assert reason.passing and "does not answer" in reason.said and "hunter2" not in reason.said


def test_what_nobody_foresaw_is_passed_on_without_passwords() -> None:
    reason = reason_of("error: Bad index https://olga:hunter2@pypi.example.org/\n", ["numpy"], where=WHERE)
    assert reason.said == "The environment cannot be built: error: Bad index https://pypi.example.org/."
    assert without_credentials("http://a@b/ and //c:d@e") == "http://b/ and //e"
