"""The runtime `docker`: services run as containers of a Docker engine of this machine."""
