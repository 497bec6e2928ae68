"""What the containers of one instance have in common: network, names, published ports, volumes, images.

In: an instance's request. Out: the container that holds its network, made anew whenever it is gone. That one
does nothing and so never ends by itself: the others join its network, and each of them can be started anew
without the instance losing its address or its ports. It also holds the volumes, so that what is in memory
lasts as long as the instance.
"""

import json
import threading
from collections.abc import Mapping

from docker.errors import NotFound

from spcs_emulator.runtime.api import ContainerRequest, InstanceRequest
from spcs_emulator.runtime.docker import arguments, pause, shares, volumes
from spcs_emulator.runtime.docker.engine import CONTAINER, IMAGES, INSTANCE, SERVICE, Engine
from spcs_emulator.runtime.docker.images import Images
from spcs_emulator.runtime.ports import PortInUseError, is_free

_NETWORK_LOCK = threading.Lock()


class Pod:
    """See the module. `ports` maps container ports to local ports. Used by one thread at a time."""

    def __init__(
        self, engine: Engine, request: InstanceRequest, ports: Mapping[int, int], images: Images
    ) -> None:
        self._engine = engine
        self._request = request
        self._ports = ports
        self._images = images
        self._pause: str | None = None
        self._ending = threading.Event()

    def end_soon(self) -> None:
        """Makes a pull that is on give up."""
        self._ending.set()

    def labels(self, **more: str) -> dict[str, str]:
        """The labels of everything of this instance."""
        return self._engine.labels(**{INSTANCE: self._request.key, SERVICE: self._request.service, **more})

    def ensure(self) -> str:
        """The id of the container that holds the network, which runs.

        PortInUseError when somebody else listens on one of the ports; an engine's error else.
        """
        if self._pause is not None and self._engine.runs(self._pause):
            return self._pause
        self._clear()
        for port, local in self._ports.items():
            if not is_free(local):
                raise PortInUseError(port, local)
        for mount in arguments.volumes_of(self._request).values():
            volumes.make(self._engine, mount)
        for mount in arguments.folders_of(self._request):
            shares.open_up(mount)
        ensure_network(self._engine)
        self._pause = self._start()
        return self._pause

    def pull(self, container: ContainerRequest) -> str:
        """Pulls the container's image and returns the engine's name for it. See `Images.pull`."""
        self._images.pull(container.name, container.image, self._ending.is_set)
        return self._images.reference(container.image)

    def remove(self) -> None:
        """Removes all of the instance but its block volumes. An engine's error when it does not answer."""
        for container in self._engine.containers({INSTANCE: self._request.key}):
            self._engine.remove(container["Id"])
        kept = arguments.volumes_of(self._request)
        volumes.discard(self._engine, [key for key, mount in kept.items() if mount.source in volumes.LOST])
        self._images.release(self._request.key)

    def _clear(self) -> None:
        """Removes what held the network before; at the first start, whatever bears the instance's key."""
        for container in self._engine.containers({INSTANCE: self._request.key}):
            if self._pause is None or CONTAINER not in container["Labels"]:
                self._engine.remove(container["Id"])

    def _start(self) -> str:
        api, key = self._engine.api, self._request.key
        references = [self._images.reference(container.image) for container in self._request.containers]
        # Named before they are pulled: whatever happens, the next local account knows what to remove.
        ours = sorted(self._images.claim(key, references))
        body = arguments.pause(
            self._request,
            self._engine.account,
            pause.ensure(api),
            self._ports,
            self.labels(**{IMAGES: json.dumps(ours)}),
        )
        name = arguments.name_of(self._engine.account, key)
        made = str(api.create_container_from_config(body, name)["Id"])
        api.start(made)
        return made


def ensure_network(engine: Engine) -> None:
    """Makes the account's network unless it is there.

    Containers find each other by name in it and have no way out (documented: a service reaches nothing
    outside without an external access integration; assumed: one has none here even with it, as nobody would
    hold it to the integration's hosts). Without masquerading no answer finds its way back, while published
    ports work.
    """
    name = arguments.network_of(engine.account)
    with _NETWORK_LOCK:
        try:
            engine.api.inspect_network(name)
        except NotFound:
            options = {"com.docker.network.bridge.enable_ip_masquerade": "false"}
            engine.api.create_network(
                name, driver="bridge", check_duplicate=True, options=options, labels=engine.labels()
            )


def remove_networks(engine: Engine) -> None:
    """Removes the account's network; none is nothing to do."""
    for network in engine.api.networks(filters=engine.filters({})):
        engine.api.remove_network(network["Id"])
