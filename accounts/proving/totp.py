"""Codes of authenticator apps: TOTP (RFC 6238) with SHA-1, six digits, thirty seconds, as every app does them.

The key is kept encrypted under the installation's secret, so that a copy of the database alone makes no codes.
"""

import base64
import hashlib
import hmac
import secrets
import struct
from datetime import datetime
from urllib.parse import quote, urlencode

import segno
from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings

STEP_SECONDS = 30
DIGITS = 6
LEEWAY_STEPS = 1  # a clock may be off by half a minute, RFC 6238 section 5.2
KEY_BYTES = 20  # as long as SHA-1's output, RFC 4226 section 4


def new_key() -> str:
    """A key as text (base32)."""
    return base64.b32encode(secrets.token_bytes(KEY_BYTES)).decode()


def code_at(key: str, step: int) -> str:
    """The code of a time step (RFC 4226 section 5.3)."""
    digest = hmac.new(base64.b32decode(key), struct.pack(">Q", step), hashlib.sha1).digest()
    offset = digest[-1] & 0x0F
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def step_of(at: datetime) -> int:
    """The time step of a moment."""
    return int(at.timestamp()) // STEP_SECONDS


def matching_step(key: str, code: str, *, after: int, at: datetime) -> int | None:
    """The time step whose code this is. Steps up to `after` were used already and open nothing twice."""
    now, found = step_of(at), None
    for step in range(now - LEEWAY_STEPS, now + LEEWAY_STEPS + 1):
        if hmac.compare_digest(code_at(key, step), code) and step > after:
            found = step
    return found


def address_of(key: str, account: str) -> str:
    """The otpauth:// address that apps read."""
    issuer = f"Countersign {settings.COUNTERSIGN_URL.split('://', 1)[-1]}"
    label = quote(f"{issuer}:{account}", safe="")
    return f"otpauth://totp/{label}?{urlencode({'secret': key, 'issuer': issuer})}"


def picture_of(address: str) -> str:
    """The address as a QR code, as the address of an image (data:)."""
    return segno.make(address, error="m").svg_data_uri(dark="#000", light="#fff", border=3, scale=4)


def seal(key: str) -> str:
    """The key as the database keeps it."""
    return _cipher().encrypt(key.encode()).decode()


def unseal(sealed: str) -> str:
    """The key again; empty where the installation's secret is another one by now."""
    try:
        return _cipher().decrypt(sealed.encode()).decode()
    except InvalidToken:
        return ""


def _cipher() -> Fernet:
    key = hashlib.sha256(f"second factors\n{settings.SECRET_KEY}".encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))
