"""What static/js says, which has no words of its own: base.html hands them over."""

from django.utils.translation import gettext_noop

SCRIPT_WORDS = {
    "copied": gettext_noop("Copied"),
    "linkCopied": gettext_noop("Link copied"),
    "condition": gettext_noop("Condition {number}"),
    "conditionDue": gettext_noop("Condition {number}, due"),
    "conditionOwner": gettext_noop("Condition {number}, owed by"),
    "removeCondition": gettext_noop("Remove condition {number}"),
    "approve": gettext_noop("Sign: approve"),
    "withOne": gettext_noop("Sign with 1 condition"),
    "withMany": gettext_noop("Sign with {number} conditions"),
    "withConditions": gettext_noop("Sign with conditions"),
    "requestChanges": gettext_noop("Request changes"),
    "reject": gettext_noop("Reject"),
    "noAnswer": gettext_noop("The server did not answer. What is shown may be old."),
    "discard": gettext_noop("Discard"),
    "discarded": gettext_noop("Draft discarded"),
    "kept": gettext_noop("Draft kept, {when}."),
    "restored": gettext_noop("Draft of {when} restored."),
    "restoredMoved": gettext_noop("Draft of {when} restored, begun before this page changed."),
    "selected": gettext_noop("{number} selected"),
    "shownLater": gettext_noop("{news}. It is shown when you leave this part"),
    "passkeyAsks": gettext_noop("Your browser asks you now."),
    "passkeyNone": gettext_noop("The browser made no passkey, or you stopped it."),
    "passkeySilent": gettext_noop("Countersign did not answer. Try again."),
    "passkeyProved": gettext_noop("Proved. Now sign; leave the code empty."),
}
"""By the names that static/js/words.js asks for."""
