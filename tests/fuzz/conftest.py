"""Fuzzing that finds the same every time, within a minute in all."""

from hypothesis import HealthCheck, Phase, settings

settings.register_profile(
    "bounded",
    derandomize=True,
    deadline=None,  # the machine's load is not what is tested
    database=None,
    max_examples=200,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
settings.load_profile("bounded")
