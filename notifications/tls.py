"""TLS to mail servers: verified always, and what is wrong with it said so that somebody can mend it."""

from __future__ import annotations

import ssl
from pathlib import Path

ABSENT = "tls_absent"
"""The server offers none: somebody stands between, or it is not set up."""

_BY_NUMBER = {
    62: "tls_host",  # X509_V_ERR_HOSTNAME_MISMATCH
    64: "tls_host",  # X509_V_ERR_IP_ADDRESS_MISMATCH
    9: "tls_expired",  # X509_V_ERR_CERT_NOT_YET_VALID
    10: "tls_expired",  # X509_V_ERR_CERT_HAS_EXPIRED
}


def context_for(authority: Path | None) -> ssl.SSLContext:
    """A context that verifies name and certificate, by ``authority`` alone where one is given. Raises `OSError`."""
    return ssl.create_default_context(cafile=authority)


def tls_code(error: ssl.SSLError) -> str:
    """``tls_host``, ``tls_expired``, ``tls_untrusted``, or ``tls`` for what is no certificate's fault."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _BY_NUMBER.get(error.verify_code, "tls_untrusted")
    return "tls"
