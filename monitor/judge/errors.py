"""Why the judge gives no reply."""


class JudgeUnavailable(Exception):  # noqa: N818 - what was to be judged abstains, nothing breaks
    """The endpoint does not answer, or refuses to; or it is left alone because it did not of late."""


class RequestRejected(JudgeUnavailable):
    """The endpoint will not take this one, a prompt that is too long, say; it may well take others."""


class OverBudget(Exception):  # noqa: N818 - the same
    """What may be spent in this hour or day is spent."""
