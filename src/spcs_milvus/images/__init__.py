"""The door to Docker: what an image is built from, the engine that builds and pushes it. Nothing else
imports docker.
"""

from spcs_milvus.images.context import container_image
from spcs_milvus.images.engine import Engine
from spcs_milvus.images.push import Login

__all__ = ["Engine", "Login", "container_image"]
