"""SCIM 2.0 (RFC 7643, RFC 7644): an identity provider makes accounts for joiners and closes those of leavers.

A token of its own opens it. It reaches only accounts that it made itself or that an administrator linked, and gives no
role. `wire` says what a person looks like there, `actions` what is done; `views` answers, `pages` is for people.
"""
