"""What a job's specification may not hold although a service's may.

In: a checked, normalised document. Out: nothing, or 395018. Touches nothing. Documented: Service
specification reference: endpoints of jobs are TCP only, autoscaling is for services only. Assumed: a job
takes no readiness probe, as nothing is routed to it (the stricter reading).
"""

from collections.abc import Mapping
from typing import Any

from spcs_emulator.specification_parts import refused


def check_job(document: Mapping[str, Any]) -> None:
    """Raise 395018 at the first thing that only a service may have."""
    spec = document["spec"]
    for index, endpoint in enumerate(spec.get("endpoints", ())):
        if endpoint["protocol"] != "TCP":
            raise refused(f"'spec.endpoints[{index}]': an endpoint of a job must use protocol TCP")
    for index, container in enumerate(spec["containers"]):
        if "readinessProbe" in container:
            raise refused(f"unknown option 'readinessProbe' for 'spec.containers[{index}]' of a job.")
    if "resourceManagement" in spec:
        raise refused("unknown option 'resourceManagement' for 'spec' of a job.")
