"""`GET /v1/estimates`: every measure of a pipeline over its last hours, for all of its traffic and by scenario."""

from collections import defaultdict

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from monitor.deciding.deciding import Deciding
from monitor.deciding.estimates import JudgeEstimate, Measured, by_scenario, judge_context_relevance, measured
from monitor.deciding.windows import HOUR_SECONDS, KEPT_HOURS, Row

PATH = "/v1/estimates"


class Estimates(msgspec.Struct):
    """Of one pipeline, from `since` to `until` (seconds since 1970), by scenario (ALL for all) and measure; and by
    scenario what the newest judge would say of all traffic, where it judged anything.
    """

    pipeline: str
    since: float
    until: float
    scenarios: dict[str, dict[str, Measured]]
    judge_context_relevance: dict[str, JudgeEstimate]


def estimates(deciding: Deciding, pipeline: str, hours: int, *, tumbling: bool = False) -> list[Estimates]:
    """Over the last hours together, the one that is not over among them; or of each of those hours that are over."""
    with deciding.lock:
        last = deciding.pipelines[pipeline].hour
        rows = list(deciding.windows.of(pipeline, last - hours + (0 if tumbling else 1)))
        newest, judge = deciding.pipelines[pipeline].newest, deciding.pipelines[pipeline].judge
        if not tumbling:
            return [_estimates(pipeline, rows, judge, (last - hours + 1) * HOUR_SECONDS, newest)]
        by_hour: dict[int, list[Row]] = defaultdict(list)
        for row in rows:
            by_hour[row[0].hour].append(row)
        over = sorted(hour for hour in by_hour if hour < last)
        return [_estimates(pipeline, by_hour[h], judge, h * HOUR_SECONDS, (h + 1) * HOUR_SECONDS) for h in over]


def _estimates(pipeline: str, rows: list[Row], judge: str, since: float, until: float) -> Estimates:
    each = by_scenario(rows)
    judged = {name: judge_context_relevance(own, judge) for name, own in each.items()}
    return Estimates(
        pipeline, since, until, {name: measured(own, judge) for name, own in each.items()},
        {name: one for name, one in judged.items() if one is not None},
    )  # fmt: skip


def estimates_route(deciding: Deciding) -> Route:
    """`?pipeline=NAME`, else every pipeline; `&hours=24`, up to 48, together; `&tumbling=1`: hour by hour."""

    async def get(request: Request) -> Response:
        asked = request.query_params
        hours = asked.get("hours", "24")
        if not (hours.isascii() and hours.isdigit() and 1 <= int(hours) <= KEPT_HOURS):
            return JSONResponse({"error": f"hours: got {hours[:20]!r}, expected 1 to {KEPT_HOURS}"}, 400)
        names = [asked["pipeline"]] if "pipeline" in asked else list(deciding.pipelines)
        unknown = [name for name in names if name not in deciding.pipelines]
        if unknown:
            return JSONResponse({"error": f"pipeline: no trace of {unknown[0][:100]!r} came yet"}, 404)
        tumbling = asked.get("tumbling", "0") == "1"
        found = [
            one
            for name in names
            for one in await run_in_threadpool(estimates, deciding, name, int(hours), tumbling=tumbling)
        ]
        return Response(msgspec.json.encode(found), media_type="application/json")

    return Route(PATH, get, methods=["GET"])
