"""Names that stand in addresses and in the record."""

import re

from accounts.refusals import Invalid

SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
DATASET = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")
RESERVED = frozenset({"new"})  # /models/new/ is a page


def refuse_bad_slug(slug: str) -> None:
    """Raises Invalid unless the text can name a model."""
    if not SLUG.fullmatch(slug) or len(slug) > 64 or slug in RESERVED:
        raise Invalid(
            f"{slug[:64] or 'Nothing'} cannot be a model's short name.",
            "Use up to 64 lower-case letters, digits and single hyphens, such as credit-default.",
            field="slug",
        )


def refuse_bad_dataset_name(name: str) -> None:
    """Raises Invalid unless the text can name a data set."""
    if not DATASET.fullmatch(name) or len(name) > 64 or name in RESERVED:
        raise Invalid(
            f"{name[:64] or 'Nothing'} cannot be a data set's name.",
            "Use up to 64 letters, digits, hyphens and underscores, such as loans-2026H1.",
            field="name",
        )


def refuse_bad_version(version: str) -> None:
    """Raises Invalid unless the text can name a version."""
    if not VERSION.fullmatch(version) or len(version) > 40 or version in RESERVED:
        raise Invalid(
            f"{version[:40] or 'Nothing'} cannot be a version.",
            "Use up to 40 letters, digits, dots, hyphens, underscores and plus signs, such as 3 or 2.1.0.",
            field="version",
        )


def refuse_bad_tag(tag: str) -> None:
    """Raises Invalid unless the text can be a tag."""
    if not SLUG.fullmatch(tag) or len(tag) > 40:
        raise Invalid(
            f"{tag[:40] or 'Nothing'} cannot be a tag.",
            "Use up to 40 lower-case letters, digits and single hyphens, such as q3-review.",
            field="tag",
        )
