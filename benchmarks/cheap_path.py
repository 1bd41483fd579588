"""Decoding, sampling and score distribution against `json.loads` of the same lines: aim at most 3 times its time."""

import json
from datetime import UTC, datetime

from common import generated_lines, ratio

from detectors.measures.score_distribution import ScoreDistribution
from monitor.config import EVERYTHING, PipelineConfig
from monitor.decode import decode_trace
from monitor.prepare import Preparer
from monitor.sampling import Sampler

LINES = 20_000
BATCH = 128


def main() -> None:
    lines = generated_lines(LINES)
    arrival = datetime.now(UTC)
    sampler, pipeline = Sampler(lambda _: EVERYTHING), PipelineConfig(depth=20)
    preparer, measure = Preparer(None, lambda _: pipeline), ScoreDistribution()

    def ours() -> None:
        for start in range(0, len(lines), BATCH):
            traces = [decode_trace(line, arrival) for line in lines[start : start + BATCH]]
            sampled = [trace for trace in traces if sampler.weights(trace) is not None]
            measure.measure(preparer.prepare(sampled))

    def peer() -> None:
        for line in lines:
            json.loads(line)

    ratio("decode + sample + score distribution against json.loads", ours, peer, rounds=7)


if __name__ == "__main__":
    main()
