"""Pipelines that ask the gate with an identity token of their CI system: no secret is stored anywhere.

`kinds` says what GitHub and GitLab write into their tokens, `issuers` fetches their public keys, `tokens` proves a
token, `matching` compares it with a rule; `models` and `actions` keep the rules. The gate above uses them.
"""
