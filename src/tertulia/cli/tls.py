"""Certificates named on the command line."""

from pathlib import Path

from tertulia.base.errors import ConfigError
from tertulia.base.secret import Secret
from tertulia.server.run import Certificate


def read_certificate(
    certificate: Path | None,
    key: Path | None,
    *,
    password: Secret | None,
    ca: Path | None = None,
) -> Certificate | None:
    """Return what to serve HTTPS with; None when no option asks for it.

    Raises:
        ConfigError: certificate or key is missing.
    """
    if not any((certificate, key, password, ca)):
        return None
    if certificate is None or key is None:
        raise ConfigError(
            "HTTPS needs both a certificate and its private key",
            hint="Name them with --ssl-certificate and --ssl-keyfile.",
            code="T103",
        )
    return Certificate(certificate=certificate, key=key, password=password, ca=ca)
