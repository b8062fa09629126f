"""The figures of /metrics, one registry a process."""

from prometheus_client import CollectorRegistry, Counter, Histogram

JOB_BUCKETS = (0.1, 1, 10, 60, 600, 3600)
WELCOME_BUCKETS = (0.5, 1, 2, 5, 10, 18, 20)


class Metrics:
    """Counted here: what only this process saw. Lags and states are read from the tables when asked."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.callbacks = Counter(
            "huitou_callbacks", "Callbacks received, by kind and outcome.", ["kind", "outcome"], registry=self.registry
        )
        self.wecom_calls = Counter(
            "huitou_wecom_calls",
            "Calls to WeCom, by endpoint and errcode.",
            ["endpoint", "errcode"],
            registry=self.registry,
        )
        self.wecom_seconds = Histogram(
            "huitou_wecom_call_seconds", "How long WeCom took to answer.", ["endpoint"], registry=self.registry
        )
        self.welcome_seconds = Histogram(
            "huitou_welcome_delay_seconds",
            "From a callback's receipt to its welcome's outcome.",
            ["outcome"],
            buckets=WELCOME_BUCKETS,
            registry=self.registry,
        )
        self.landings = Counter(
            "huitou_landings",
            "Pages customers opened, by page and what became of it.",
            ["page", "outcome"],
            registry=self.registry,
        )
        self.jobs = Counter("huitou_jobs", "Jobs run, by name and outcome.", ["job", "outcome"], registry=self.registry)
        self.job_seconds = Histogram(
            "huitou_job_seconds",
            "How long the runs of the schedule took.",
            ["job"],
            buckets=JOB_BUCKETS,
            registry=self.registry,
        )

    def count_call(self, endpoint: str, errcode: int | None, seconds: float) -> None:
        self.wecom_calls.labels(endpoint, "none" if errcode is None else str(errcode)).inc()
        self.wecom_seconds.labels(endpoint).observe(seconds)
