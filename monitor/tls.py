"""What certificates a client of ours trusts."""

import ssl
from pathlib import Path

from monitor.errors import LeadlineError


def trusting(ca_file: Path | None) -> ssl.SSLContext | None:
    """Those in a PEM file; None, for those that are trusted anyway, without one.

    Raises
    ------
    LeadlineError
        Where the file holds none.
    """
    if ca_file is None:
        return None
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ValueError) as error:
        raise LeadlineError(f"ca_file: expected certificates in PEM in {ca_file}: {error}") from error
