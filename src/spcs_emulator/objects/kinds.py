"""The table of kinds: one line registers one.

In: nothing. Out: `KINDS`. Touches nothing.
"""

from collections.abc import Mapping

from spcs_emulator.objects.compute_pool import ComputePool
from spcs_emulator.objects.database import Database, Schema
from spcs_emulator.objects.external_access import ExternalAccessIntegration
from spcs_emulator.objects.image_repository import ImageRepository
from spcs_emulator.objects.integration import Integration
from spcs_emulator.objects.kind import Kind
from spcs_emulator.objects.network_rule import NetworkRule
from spcs_emulator.objects.role import Role
from spcs_emulator.objects.secret import Secret
from spcs_emulator.objects.security_integration import SecurityIntegration
from spcs_emulator.objects.sequence import Sequence
from spcs_emulator.objects.service import Service
from spcs_emulator.objects.snapshot import Snapshot
from spcs_emulator.objects.stage import Stage
from spcs_emulator.objects.user import User
from spcs_emulator.objects.warehouse import Warehouse
from spcs_emulator.statement.values import ObjectKind

KINDS: Mapping[ObjectKind, Kind] = {
    kind.kind: kind
    for kind in (
        Role(),
        User(),
        Warehouse(),
        Database(),
        Schema(),
        ImageRepository(),
        Stage(),
        ComputePool(),
        Service(),
        NetworkRule(),
        Secret(),
        Integration(),
        Snapshot(),
        Sequence(),
    )
} | {
    ObjectKind.EXTERNAL_ACCESS_INTEGRATION: ExternalAccessIntegration(),
    ObjectKind.SECURITY_INTEGRATION: SecurityIntegration(),
}
