"""What a client that is to be killed needs and may be imported before it is forked: not the connector, whose
core starts threads as it is imported, which a fork would lose.

In and out: nothing. Touches what is collected as garbage: what is here now is never looked through again,
which would copy all of it into each client.
"""

import gc
from importlib import import_module

MODULES = """
asyncio docker google.protobuf.descriptor_pb2 google.protobuf.internal.builder google.protobuf.runtime_version
pandas platformdirs pyarrow pytest requests rich.console rich.live rich.progress rich.table tomlkit
spcs_emulator.daemon spcs_emulator.server spcs_milvus.cli spcs_milvus.config spcs_milvus.declaration
spcs_milvus.image_plans spcs_milvus.images spcs_milvus.orphans spcs_milvus.pausing spcs_milvus.proof
spcs_milvus.registry spcs_milvus.status spcs_milvus.targets spcs_milvus.teardown
"""

for name in MODULES.split():
    import_module(name)
gc.freeze()
