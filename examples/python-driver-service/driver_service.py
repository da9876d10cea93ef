"""FleetFlow's driver service, as far as flags go: OpenFeature's own SDK and OFREP provider."""

import os

from openfeature import api
from openfeature.client import OpenFeatureClient
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext


def connect(origin: str, key: str, domain: str = "fleet") -> OpenFeatureClient:
    """A client that evaluates on a Pataka."""
    provider = OFREPProvider(origin, headers_factory=lambda: {"Authorization": f"Bearer {key}"}, timeout=2.0)
    api.set_provider(provider, domain)
    return api.get_client(domain)


def subject(driver_id: int, **attributes) -> EvaluationContext:
    # As text: a JSON number beyond 2^53 loses digits, and with them its place in every rollout.
    return EvaluationContext(str(driver_id), attributes)


def calculate_driver_score(client: OpenFeatureClient, driver_id: int, language: str, trips: dict[str, float]) -> tuple[float, str]:
    """A driver's score and the algorithm that found it."""
    ceiling = client.get_integer_value("score_ceiling", 100)
    config = client.get_object_value("driver_scoring_v2", {"enabled": False}, subject(driver_id, role="driver", language=language))
    weights = config.get("weights")
    if not config.get("enabled") or not weights:
        return ceiling * sum(trips.values()) / max(1, len(trips)), "basic"
    return ceiling * sum(weight * trips.get(name, 0) for name, weight in weights.items()), config["algorithm"]


def routing_algorithm(client: OpenFeatureClient, user_id: int, fleet_size: int, region: str) -> str:
    """The algorithm that plans a fleet's routes."""
    return client.get_string_value("routing_algorithm", "basic", subject(user_id, fleet_size=fleet_size, region=region))


if __name__ == "__main__":
    fleet = connect(os.environ["OFREP_ENDPOINT"], os.environ["PATAKA_SERVER_KEY"])
    print(calculate_driver_score(fleet, 18446744073709551615, "hi-IN", {"safety": 0.9, "fuel": 0.5, "punctuality": 0.8}))
